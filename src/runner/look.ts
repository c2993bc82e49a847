/**
 * Looks at a project without running it: the journal's last state, and what the file as it stands now would make of
 * it. Takes no lock, writes nothing, starts nothing; a running runner is told from a stopped one by its lock.
 */
import { initialState, restore, step, type MachineState } from '../domain/machine.ts';
import { describe } from '../domain/situation.ts';
import { readCatalog } from '../effects/catalog.ts';
import { readLast } from '../effects/journal.ts';
import { ownerOf, type Owner } from '../effects/lock.ts';
import type { Policy } from '../protocol/policy.ts';
import type { PriceSheet } from '../protocol/prices.ts';
import { journalPath, type Project } from '../protocol/project.ts';
import { atRest, type Glance } from './glance.ts';
import { readEvent } from './handoff.ts';

export type Look = Glance & { readonly prices: PriceSheet };

/** Looks at a project. @throws JournalDamaged when the journal's tail cannot be trusted. */
export async function look(project: Project, now: number = Date.now()): Promise<Look> {
  const [{ policy, prices, problems }, runner] = await Promise.all([
    readCatalog(project.root),
    ownerOf(project.root),
  ]);
  const last = readLast(journalPath(project));
  const known = last === null ? initialState() : (restore(last.state) ?? initialState());
  const { state, edited } = await withFile(project, policy, known, runner, now);
  return {
    project,
    policy,
    prices,
    state,
    situation: describe(policy, state),
    last,
    runner,
    edited,
    problems,
  };
}

/** Nobody runs: what would the file lead to, if somebody did? The answer is thought through, not done. */
async function withFile(
  project: Project,
  policy: Policy,
  known: MachineState,
  runner: Owner | null,
  at: number,
): Promise<{ state: MachineState; edited: boolean }> {
  if (!atRest.has(known.value)) return { state: known, edited: false };
  const event = await readEvent(project, policy, at);
  const edited = event.digest !== known.context.digest;
  if (runner !== null && known.value !== 'reading') return { state: known, edited };
  const stepped = step(policy, known, event);
  return { state: stepped.state, edited: edited && known.context.digest !== null };
}
