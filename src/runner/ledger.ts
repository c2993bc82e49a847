/**
 * The ledgers of a project: the sessions of each round, from its journal, read from the start, or from the decisions that
 * a run has just made. It takes no lock and writes nothing, so it may be asked for while a round runs.
 */
import { ledgersOf } from '../domain/receipt.ts';
import type { Decision, Ledger } from '../domain/receipt.ts';
import { openJournal } from '../effects/journal.ts';
import { journalPath, type Project } from '../protocol/project.ts';

/** Every round's ledger, oldest first; empty without a journal. @throws JournalDamaged */
export function readLedgers(project: Project): readonly Ledger[] {
  const journal = openJournal(journalPath(project));
  try {
    return ledgersOf(journal.records());
  } finally {
    journal.close();
  }
}

/** The ledger of the round at hand, kept while a run makes its decisions, so that its end reads no long journal. */
export type RunningLedger = {
  take(decision: Decision): void;
  /** Null when nothing is known of the round. @throws JournalDamaged */
  of(round: string): Ledger | null;
};

/**
 * @param isNew whether the journal was empty when the run began; else it is read once, at the end of the first round
 */
export function runningLedger(project: Project, isNew: boolean): RunningLedger {
  /** Of the round that was worked last. */
  let decisions: Decision[] = [];
  let current: string | null = null;
  // Rounds of which `decisions` may hold not all; null while nobody knows which there are.
  let earlier: Set<string> | null = isNew ? new Set() : null;
  const mine = (round: string): Ledger | undefined =>
    ledgersOf(decisions).find((each) => each.round === round);
  return {
    take(decision) {
      if (!counts(decision)) return;
      const round = roundOf(decision);
      if (round !== null && round !== current) {
        if (current !== null) earlier?.add(current);
        current = round;
        decisions = [];
      }
      decisions.push(decision);
    },
    of(round) {
      if (round === current && earlier?.has(round) === false) return mine(round) ?? null;
      const all = readLedgers(project);
      const found = all.find((each) => each.round === round) ?? null;
      earlier = new Set(all.map((each) => each.round));
      // All of it was worked in this run: the next time nothing is read.
      if (round === current && found?.ordered === mine(round)?.ordered) earlier.delete(round);
      return found;
    },
  };
}

/** The round that an order was made for; null where a decision orders nothing. */
function roundOf({ effects }: Decision): string | null {
  for (const effect of effects) if ('order' in effect) return effect.order.round;
  return null;
}

/** Whether a ledger is made of it. */
function counts({ event, effects }: Decision): boolean {
  return event.type === 'ENDED' || event.type === 'GATED' || effects.some(({ kind }) => ordering.has(kind));
}

const ordering: ReadonlySet<string> = new Set(['claim', 'dispatch', 'gate']);
