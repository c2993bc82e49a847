/**
 * Looks at a project that is as its runner left it, without reading its settings or decoding its handoff again: what was
 * found then still holds. Where anything may have changed it knows nothing, and runner/look.ts thinks it through.
 */
import { describe, type Situation } from '../domain/situation.ts';
import { restore, type MachineState } from '../domain/state.ts';
import { digestOf } from '../effects/files.ts';
import { readLast } from '../effects/journal.ts';
import { ownerOf, type Owner } from '../effects/lock.ts';
import { keptPolicy } from '../effects/policykept.ts';
import type { Diagnostic } from '../protocol/diagnostic.ts';
import type { JournalRecord } from '../protocol/journal.ts';
import { journalPath, type Project } from '../protocol/project.ts';

/** What a look finds out; the policy and the prices come with a whole one. */
export type Glance = {
  readonly project: Project;
  readonly state: MachineState;
  readonly situation: Situation;
  readonly last: JournalRecord | null;
  /** Who runs this project now; null when nobody does. */
  readonly runner: Owner | null;
  /** Whether the file has been edited since the journal's last record, with nobody running. */
  readonly edited: boolean;
  readonly problems: readonly { readonly file: string; readonly diagnostics: readonly Diagnostic[] }[];
};

/** States in which a new reading is taken up. */
export const atRest: ReadonlySet<MachineState['value']> = new Set([
  'parked',
  'stalled',
  'unreadable',
  'finished',
  'reading',
]);

/** The look at a project; null when it takes more than a glance. @throws JournalDamaged */
export async function glance(project: Project): Promise<Glance | null> {
  const policy = keptPolicy(project);
  const last = policy === null ? null : readLast(journalPath(project));
  const state = last === null ? null : restore(last.state);
  if (policy === null || state === null || !(await isAsRead(project, state))) return null;
  const situation = describe(policy, state);
  const runner = await ownerOf(project.root);
  return { project, state, situation, last, runner, edited: false, problems: [] };
}

/** A file with the bytes that led to this state leads nowhere else (domain/machine.ts, guard `newer`). */
async function isAsRead(project: Project, { value, context }: MachineState): Promise<boolean> {
  if (!atRest.has(value)) return true;
  if (value === 'reading' || context.digest === null) return false;
  try {
    return (await digestOf(project.handoff)) === context.digest;
  } catch {
    // Too large, or not for us to read: a closer look says what is wrong.
    return false;
  }
}
