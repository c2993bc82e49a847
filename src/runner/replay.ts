/**
 * Replays a journal through the machine, offline: every record's event must lead to the recorded state and the
 * recorded effects. Proves that the same inputs give the same decisions, and that the chain of hashes is whole.
 */
import { initialState, restore, step, store, type MachineState } from '../domain/machine.ts';
import { openJournal } from '../effects/journal.ts';
import type { JournalRecord } from '../protocol/journal.ts';
import type { Policy } from '../protocol/policy.ts';
import type { Order } from '../protocol/session.ts';

export type Difference = {
  readonly seq: number;
  readonly event: string;
  readonly what: 'state' | 'context' | 'effects' | 'policy';
  readonly recorded: string;
  readonly replayed: string;
};

export type Replay = {
  readonly records: number;
  readonly orders: readonly Order[];
  readonly differences: readonly Difference[];
  /** Records written by another version of the machine; they are counted, not replayed. */
  readonly foreign: number;
};

/** Differences kept; a broken machine differs everywhere. */
const differencesMax = 20;

/** Replays a journal file, as far back as it is kept. @throws JournalDamaged when its chain is broken. */
export function replayFile(path: string): Replay {
  const journal = openJournal(path);
  return replay(journal.records(), journal.policyBefore());
}

/**
 * Replays records. Where the first of all is not kept any more, the oldest one is taken as it stands, and replayed is
 * what follows it, under the policy that was in force then.
 *
 * @example replay([]) // { records: 0, orders: [], differences: [], foreign: 0 }
 */
export function replay(records: Iterable<JournalRecord>, policyBefore: Policy | null = null): Replay {
  let state: MachineState = initialState();
  let policy = policyBefore;
  let count = 0;
  let foreign = 0;
  const orders: Order[] = [];
  const differences: Difference[] = [];
  for (const record of records) {
    count += 1;
    const recorded = restore(record.state);
    if (recorded === null) {
      foreign += 1;
      continue;
    }
    if (record.event.type === 'POLICY') policy = record.event.policy;
    if (count === 1 && record.seq > 1) {
      state = recorded;
      continue;
    }
    if (policy === null) {
      differences.push(difference(record, 'policy', 'a policy before the first decision', 'none'));
      state = recorded;
      continue;
    }
    const stepped = step(policy, state, record.event);
    differences.push(...compare(record, stepped.state, stepped.effects));
    orders.push(...stepped.effects.flatMap((effect) => (effect.kind === 'claim' ? [effect.order] : [])));
    state = recorded;
  }
  return { records: count, orders, differences: differences.slice(0, differencesMax), foreign };
}

function compare(
  record: JournalRecord,
  state: MachineState,
  effects: JournalRecord['effects'],
): readonly Difference[] {
  const replayed = store(state);
  const found: Difference[] = [];
  if (replayed.value !== record.state.value) {
    found.push(difference(record, 'state', record.state.value, replayed.value));
  }
  if (canonical(replayed.context) !== canonical(record.state.context)) {
    found.push(difference(record, 'context', canonical(record.state.context), canonical(replayed.context)));
  }
  if (canonical(effects) !== canonical(record.effects)) {
    found.push(difference(record, 'effects', canonical(record.effects), canonical(effects)));
  }
  return found;
}

function difference(
  record: JournalRecord,
  what: Difference['what'],
  recorded: string,
  replayed: string,
): Difference {
  return { seq: record.seq, event: record.event.type, what, recorded, replayed };
}

/** JSON as it comes back from disk: undefined keys gone, key order as written. */
function canonical(value: unknown): string {
  return JSON.stringify(value);
}
