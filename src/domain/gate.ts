/**
 * What follows from the gates: green writes the next header, red sends the role back with the findings' own words, and
 * at the cap a human decides. The gates themselves are in gates/; whether a finding blocks is decided by its severity
 * alone.
 */
import { fill, safeName } from '../protocol/artifact.ts';
import type { MachineEvent } from '../protocol/event.ts';
import { findingLine, findingWords } from '../protocol/finding.ts';
import type { OwedArtifact, Policy } from '../protocol/policy.ts';
import type { Order } from '../protocol/session.ts';
import { human } from '../protocol/handoff.ts';
import { ask } from './ask.ts';
import { blockingOf } from './gates/gate.ts';
import { sighted } from './memorial.ts';
import { again } from './retry.ts';
import { releaseKeys, type Context, type Verdict } from './round.ts';
import { capReached, tierOf } from './route.ts';
import { write } from './verdict.ts';

type Gated = Extract<MachineEvent, { type: 'GATED' }>;

/** The files a role owes in a tier. */
export function owedIn(policy: Policy, order: Pick<Order, 'role' | 'tier'>): readonly OwedArtifact[] {
  const owes = policy.roles[order.role]?.owes ?? [];
  return owes.filter((artifact) => artifact.tiers.length === 0 || artifact.tiers.includes(order.tier));
}

/** The paths of those files in this order's round, relative to the project. */
export function owedPaths(policy: Policy, order: Order): readonly string[] {
  return owedIn(policy, order).map((artifact) => owedPath(artifact, order));
}

/** The same, with what is owed by the second opinion beside it: whose digests are kept from before the sessions. */
export function awaitedPaths(policy: Policy, order: Order): readonly string[] {
  const { companion } = order;
  return companion === undefined
    ? owedPaths(policy, order)
    : [...owedPaths(policy, order), ...owedPaths(policy, companion)];
}

export function owedPath(artifact: OwedArtifact, order: Pick<Order, 'round' | 'role' | 'tier'>): string {
  return fill(artifact.path, { round: safeName(order.round), role: order.role, tier: order.tier });
}

/** Decides after the gates: green writes the next header, red sends the role back, and at the cap a human decides. */
export function gated(policy: Policy, context: Context, event: Gated): Context {
  const role = context.order?.role ?? null;
  const here: Context = {
    ...context,
    at: event.at,
    round:
      context.round === null || role === null
        ? context.round
        : { ...context.round, sights: sighted(context.round.sights, role, event.gates) },
    findings: event.gates.flatMap(({ findings }) => findings),
  };
  const { order, round, verdict } = here;
  if (order === null || round === null || verdict.type !== 'gate') {
    return {
      ...here,
      verdict: { type: 'stall', why: 'gates ran for a session that nobody ordered', retryAt: null },
    };
  }
  const blocking = blockingOf(event.gates, policy.gates);
  if (blocking.length === 0) return advance(policy, here, order, verdict);
  // A pause is not overrun by a repair: the role is given back, and mends its work when the human lets it go on.
  if (verdict.pause) return pausedFor(here, order.role);
  const feedback = blocking.map(findingWords);
  const cap = capReached(policy, round, order.role, order.dispatchId);
  if (cap === null) return again(policy, here, order, { kind: 'repair', feedback });
  const problem = `the gates still find: ${blocking.map(findingLine).join('; ')}; ${order.role} says it is done`;
  return ask(here, order, { problem, because: cap, accept: verdict.to });
}

/** The one uphill write of a green session: the next role, or the end of the round. */
function advance(
  policy: Policy,
  here: Context,
  order: Order,
  verdict: Extract<Verdict, { type: 'gate' }>,
): Context {
  const { to } = verdict;
  const ends = verdict.ends ?? tierOf(policy, order.tier)?.ends ?? 'ROUND-COMPLETE';
  const next =
    to === null
      ? { 'next-role': human, status: ends }
      : { 'next-role': to, status: verdict.pause ? 'PAUSED' : 'READY' };
  const why = to === null ? `${order.role} ended the round` : `${order.role} is done; ${to} is next`;
  return { ...here, verdict: write({ change: { ...releaseKeys, ...here.mend, ...next }, why, commit: why }) };
}

function pausedFor(here: Context, role: string): Context {
  const change = { ...releaseKeys, ...here.mend, 'next-role': role, status: 'PAUSED' };
  return { ...here, verdict: write({ change, why: 'a human paused the round; gates still find something' }) };
}
