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
  /** Of a round that is over; null when nothing is known of it. @throws JournalDamaged */
  closed(round: string): Ledger | null;
};

/**
 * @param isNew whether the journal was empty when the run began; else it is read once, at the end of the first round
 */
export function runningLedger(project: Project, isNew: boolean): RunningLedger {
  let decisions: Decision[] = [];
  // Rounds of which `decisions` holds not all, by what was read or closed before; null while nobody looked.
  let earlier: Set<string> | null = isNew ? new Set() : null;
  return {
    take(decision) {
      if (counts(decision)) decisions.push(decision);
    },
    closed(round) {
      const isWhole = earlier?.has(round) === false;
      const ledgers = isWhole ? ledgersOf(decisions) : readLedgers(project);
      earlier = new Set([...(earlier ?? []), ...ledgers.map((ledger) => ledger.round)]);
      decisions = [];
      return ledgers.find((ledger) => ledger.round === round) ?? null;
    },
  };
}

/** Whether a ledger is made of it. */
function counts({ event, effects }: Decision): boolean {
  return event.type === 'ENDED' || event.type === 'GATED' || effects.some(({ kind }) => ordering.has(kind));
}

const ordering: ReadonlySet<string> = new Set(['claim', 'dispatch', 'gate']);
