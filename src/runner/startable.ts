/**
 * Whether the agents of a round can be started at all, told before a session is claimed. Only looks.
 */
import { agentOf } from '../agents/index.ts';
import { tierOf } from '../domain/route.ts';
import { findProgram } from '../effects/environment.ts';
import type { Diagnostic } from '../protocol/diagnostic.ts';
import type { AgentSettings, Policy } from '../protocol/policy.ts';
import type { Project } from '../protocol/project.ts';
import { fault } from '../protocol/remark.ts';
import { readHandoff } from './handoff.ts';

/**
 * The program of an agent that is not found; null when it is there, or has none of its own.
 *
 * @example missingProgram({ kind: 'claude', run: null }, { path: '', root: '/shop' }) // 'claude'
 */
export function missingProgram(
  { kind, run }: Pick<AgentSettings, 'kind' | 'run'>,
  { path, root }: { readonly path: string | undefined; readonly root: string },
): string | null {
  // A command is a shell line, and the scripted agent is this program.
  if (kind === 'command' || kind === 'scripted') return null;
  const program = run ?? agentOf(kind).program ?? '';
  return findProgram(program, path, root) === null ? program : null;
}

/** The agents of the roles that are still to work in the round that READY asks for, where their programs are missing. */
export async function missingAgents(
  project: Project,
  policy: Policy,
  path: string | undefined = process.env['PATH'],
): Promise<readonly Diagnostic[]> {
  const { handoff } = (await readHandoff(project, policy)).reading;
  if (handoff?.status !== 'READY' && handoff?.status !== 'MERGE-READY') return [];
  const all = tierOf(policy, handoff.tier)?.roles ?? [];
  const roles = all.slice(Math.max(0, all.indexOf(handoff.role ?? '')));
  const byProgram = new Map<string, readonly string[]>();
  for (const role of roles) {
    const settings = policy.agents[policy.assignments[role]?.agent ?? ''];
    const program = settings === undefined ? null : missingProgram(settings, { path, root: project.root });
    if (program !== null) byProgram.set(program, [...(byProgram.get(program) ?? []), role]);
  }
  return [...byProgram].map(([program, its]) => {
    const message = `${its.join(', ')}: the agent "${program}" is not installed.`;
    return fault(
      'data-missing',
      1,
      message,
      'Install it, or name another agent here; next-role doctor says how.',
    );
  });
}
