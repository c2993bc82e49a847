/**
 * Looks at a project without running it: the journal's last state, and what the file as it stands now would make of
 * it. Takes no lock, writes nothing, starts nothing; a running runner is told from a stopped one by its lock.
 */
import { initialState, restore, step, type MachineState } from '../domain/machine.ts';
import { describe } from '../domain/situation.ts';
import { readCatalog } from '../effects/catalog.ts';
import { readLast } from '../effects/journal.ts';
import { ownerOf, type Owner } from '../effects/lock.ts';
import type { Diagnostic } from '../protocol/diagnostic.ts';
import { JournalDamaged, type JournalRecord } from '../protocol/journal.ts';
import type { Policy } from '../protocol/policy.ts';
import type { PriceSheet } from '../protocol/prices.ts';
import { journalPath, type Project } from '../protocol/project.ts';
import { atRest, type Glance } from './glance.ts';
import { readEvent } from './handoff.ts';

export type Look = Glance & {
  readonly policy: Policy;
  readonly prices: PriceSheet;
  /** What is odd about the file where it stops nobody; the situation has the problems that do. */
  readonly remarks: readonly Diagnostic[];
};

/** Looks at a project. @throws JournalDamaged when the journal's tail cannot be trusted. */
export async function look(project: Project, now: number = Date.now()): Promise<Look> {
  const [{ policy, prices, problems }, runner] = await Promise.all([
    readCatalog(project.root),
    ownerOf(project.root),
  ]);
  const last = readLast(journalPath(project));
  const known = stateOf(last);
  const { state, edited, remarks } = await withFile(project, policy, known, runner, now);
  const situation = describe(policy, state);
  return {
    project,
    policy,
    prices,
    state,
    situation,
    remarks: situation.problems.length > 0 ? [] : remarks,
    last,
    runner,
    edited,
    problems,
  };
}

function stateOf(last: JournalRecord | null): MachineState {
  return last === null ? initialState() : (restore(last.state) ?? initialState());
}

/** What the journal remembers, where a new reading is taken up from there; else, and where it is damaged, nothing. */
export function remembered(project: Project): MachineState {
  try {
    const known = stateOf(readLast(journalPath(project)));
    return atRest.has(known.value) ? known : initialState();
  } catch (error) {
    if (error instanceof JournalDamaged) return initialState();
    throw error;
  }
}

/** Nobody runs: what would the file lead to, if somebody did? The answer is thought through, not done. */
async function withFile(
  project: Project,
  policy: Policy,
  known: MachineState,
  runner: Owner | null,
  at: number,
): Promise<{ state: MachineState; edited: boolean; remarks: readonly Diagnostic[] }> {
  if (!atRest.has(known.value)) return { state: known, edited: false, remarks: [] };
  const event = await readEvent(project, policy, at);
  const edited = event.digest !== known.context.digest;
  if (runner !== null && known.value !== 'reading') return { state: known, edited, remarks: [] };
  const stepped = step(policy, known, event);
  // The end of a session is told by who runs, and nobody does.
  if (known.value === 'stalled' && stepped.state.value === 'working')
    return { state: known, edited, remarks: event.problems };
  return { state: stepped.state, edited: edited && known.context.digest !== null, remarks: event.problems };
}
