/**
 * Gathers what a brief is composed of: the files the role's contract offers, the directive, and the answers of the
 * round. Also assembles the brief of a role on demand, for `next-role prompt`.
 */
import { compose } from '../domain/brief.ts';
import type { BriefFiles } from '../domain/brief.ts';
import { namelessRound } from '../domain/decide.ts';
import type { MachineState } from '../domain/machine.ts';
import { newRound } from '../domain/round.ts';
import { orderFor, tierOf } from '../domain/route.ts';
import { readText } from '../effects/files.ts';
import { findOffered } from '../effects/project.ts';
import { fill, safeName } from '../protocol/artifact.ts';
import type { Policy } from '../protocol/policy.ts';
import type { Project } from '../protocol/project.ts';
import type { Brief, Order } from '../protocol/session.ts';
import { readHandoff } from './handoff.ts';
import { changedSince } from './roundtrees.ts';

/** What a brief needs to know of the round. */
export type Setting = { readonly project: Project; readonly policy: Policy; readonly state: MachineState };

export async function filesForBrief(setting: Setting, order: Order): Promise<BriefFiles> {
  const { project, policy, state } = setting;
  const { reading } = await readHandoff(project, policy);
  const names = { round: safeName(order.round), tier: order.tier, role: order.role };
  const patterns = (policy.roles[order.role]?.reads ?? []).map((pattern) => fill(pattern, names));
  const offered = await findOffered(project.root, [...patterns, ...(reading.handoff?.inputs ?? [])]);
  const decisions = await Promise.all(
    (state.context.round?.decisions ?? []).map(async ({ role, path }) => {
      const file = await readText(`${project.root}/${path}`);
      return { role, path, text: file?.text ?? '' };
    }),
  );
  return {
    offered,
    directive: withoutComments(reading.handoff?.directive ?? ''),
    decisions,
    changed: order.visit > 1 ? await changedSince(project, order) : null,
    handoff: project.handoffName,
    dialect: reading.handoff?.dialect ?? 'front-matter',
  };
}

/** Comments teach the person who fills the section in; a section of nothing else is no directive. */
function withoutComments(text: string): string | null {
  const words = text.replace(/<!--[\s\S]*?-->/g, '').trim();
  return words === '' ? null : words;
}

/** The brief a role would get now; null when the policy has no such role. */
export async function briefFor(
  setting: Setting,
  role: string,
  at: number,
): Promise<{ order: Order; brief: Brief } | null> {
  const { policy, state, project } = setting;
  if (policy.roles[role] === undefined) return null;
  const { reading } = await readHandoff(project, policy);
  const tier = tierOf(policy, reading.handoff?.tier ?? null)?.name ?? policy.defaultTier;
  const round = state.context.round ?? newRound(reading.handoff?.round ?? namelessRound, tier);
  const order = orderFor(policy, round, {
    role,
    dispatchId: 'preview',
    at,
    kind: 'work',
    feedback: [],
    because: 'asked for with next-role prompt',
  });
  return { order, brief: compose(policy, order, await filesForBrief(setting, order)) };
}
