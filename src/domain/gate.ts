/**
 * What follows from the gates: green writes the next header, red sends the role back with the findings' own words, and
 * at the cap a human decides. The gates themselves are in gates/; whether a finding blocks is decided by its severity
 * alone.
 */
import { fill, safeName } from '../protocol/artifact.ts';
import type { MachineEvent } from '../protocol/event.ts';
import { findingLine, type Finding } from '../protocol/finding.ts';
import type { OwedArtifact, Policy } from '../protocol/policy.ts';
import type { Order } from '../protocol/session.ts';
import { human } from '../protocol/handoff.ts';
import { ask } from './ask.ts';
import { firstReviewer, secondReviewer, seatOf } from './companion.ts';
import { isMissingCheck } from './gates/command.ts';
import { blockingOf } from './gates/gate.ts';
import { isMissingOpinion, review } from './gates/review.ts';
import { loopCap, positions, sentBack, wordsFor } from './loop.ts';
import { sighted } from './memorial.ts';
import { opinionMissing } from './opinion.ts';
import { again } from './retry.ts';
import { releaseKeys, type Context, type RoundMemory, type Verdict } from './round.ts';
import { capReached, roleAfter, tierOf } from './route.ts';
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

/**
 * Whatever is owed while work stands with a role: of a review also the second opinion's, whose sessions may not all have
 * worked beside it.
 */
export function stretchPaths(policy: Policy, order: Order): readonly string[] {
  const seat = seatOf(order);
  return seat.role === firstReviewer
    ? [...owedPaths(policy, seat), ...owedPaths(policy, { ...seat, role: secondReviewer })]
    : owedPaths(policy, seat);
}

export function owedPath(artifact: OwedArtifact, order: Pick<Order, 'round' | 'role' | 'tier'>): string {
  return fill(artifact.path, { round: safeName(order.round), role: order.role, tier: order.tier });
}

/** Decides after the gates: green writes the next header, red sends the role back, and at the cap a human decides. */
export function gated(policy: Policy, context: Context, event: Gated): Context {
  // An opinion worked by itself completes the review that is there: it is judged in that place.
  const order = context.order === null ? null : seatOf(context.order);
  const role = order?.role ?? null;
  const here: Context = {
    ...context,
    at: event.at,
    round:
      context.round === null || role === null
        ? context.round
        : { ...context.round, sights: sighted(context.round.sights, role, event.gates) },
    findings: event.gates.flatMap(({ findings }) => findings),
  };
  const { round, verdict } = here;
  if (order === null || round === null || verdict.type !== 'gate') {
    return {
      ...here,
      verdict: { type: 'stall', why: 'gates ran for a session that nobody ordered', retryAt: null },
    };
  }
  const own = blockingOf(
    event.gates.filter(({ gate }) => gate !== review.name),
    policy.gates,
  );
  if (own.length === 0) return reviewed(policy, here, order, { verdict, gates: event.gates });
  // A pause is not overrun by a repair: the role is given back, and mends its work when the human lets it go on.
  if (verdict.pause) return pausedFor(here, order.role);
  if (own.some(isMissingCheck)) return uncheckable(policy, here, order, { verdict, findings: own });
  const cap = loopCap(policy, round) ?? capReached(policy, round, order.role, order.dispatchId);
  if (cap !== null) {
    const problem = positions(round, { finder: 'the gates', findings: own, maker: order.role });
    return ask(here, order, { problem, because: cap, accept: verdict.to });
  }
  const feedback = wordsFor(round.loop, own);
  const counted = sentBack(round, { to: order.role, by: order.role, findings: own });
  // These words go with the order itself; what a reviewer sent the role back for stays noted.
  const loop = { ...counted.loop, sentBack: round.loop.sentBack };
  const next = { ...here, round: { ...counted, loop } };
  return again(policy, next, order, { kind: 'repair', feedback, resume: true });
}

type GateVerdict = Extract<Verdict, { type: 'gate' }>;

/** Who writes the acceptance check of a round, in the tiers that have one. */
export const oracleRole = 'oracle';

/** What the work must be held to is gone: no role can mend that, so a human is asked at once. */
function uncheckable(
  policy: Policy,
  here: Context,
  order: Order,
  found: { readonly verdict: GateVerdict; readonly findings: readonly Finding[] },
): Context {
  const problem = found.findings.map(findingLine).join('; ');
  const isWritten = tierOf(policy, order.tier)?.roles.includes(oracleRole) === true;
  return ask(here, order, {
    problem,
    because: 'no role that builds can bring it back',
    opening: `The work of ${order.role} cannot be checked`,
    accept: found.verdict.to,
    ...(isWritten ? { again: oracleRole } : {}),
  });
}

/**
 * The report of a reviewer, read as findings, and its own proposal. A step back in the tier, or an open finding that
 * blocks, sends the work back to whoever made it, within the bounds of the loop; everything else goes on.
 */
function reviewed(
  policy: Policy,
  here: Context,
  order: Order,
  given: { readonly verdict: GateVerdict; readonly gates: Gated['gates'] },
): Context {
  const { verdict, gates } = given;
  const { round } = here;
  const tier = tierOf(policy, order.tier);
  if (round === null || tier === null) return advance(policy, here, order, verdict);
  const isBack = verdict.to !== null && tier.roles.indexOf(verdict.to) < tier.roles.indexOf(order.role);
  const found = gates.filter(({ gate }) => gate === review.name);
  const open = blockingOf(found, policy.gates);
  if (!isBack && open.length === 0) {
    const missing = found.flatMap(({ findings }) => findings).filter(isMissingOpinion);
    if (missing.length === 0) return advance(policy, here, order, verdict);
    if (verdict.pause) return pausedFor(here, order.role);
    return opinionMissing(policy, here, order, {
      round,
      accept: verdict.to,
      findings: found.flatMap((each) => each.findings),
    });
  }
  const back = isBack ? verdict.to : (tier.edges.find(({ from }) => from === order.role)?.to ?? null);
  const findings = open.length > 0 ? open : found.flatMap((gate) => gate.findings);
  const accept = roleAfter(tier, order.role);
  const both = positions(round, { finder: order.role, findings, maker: back ?? order.role });
  if (back === null) {
    const because = 'the tier has no way back';
    return ask(here, order, { problem: both, because, accept, opening: `${order.role} found what blocks` });
  }
  const cap = loopCap(policy, round) ?? capReached(policy, round, back, '');
  if (cap !== null) {
    const opening = `${order.role} and ${back} do not agree`;
    return ask(here, order, { problem: both, because: cap, accept, again: back, opening });
  }
  const memory = sentBack(round, { to: back, by: order.role, findings });
  return advance(policy, here, order, { ...verdict, to: back, ends: null }, memory);
}

/** The one uphill write of a green session: the next role, or the end of the round. */
function advance(
  policy: Policy,
  here: Context,
  order: Order,
  verdict: GateVerdict,
  memory: RoundMemory | null = null,
): Context {
  const { to } = verdict;
  const ends = verdict.ends ?? tierOf(policy, order.tier)?.ends ?? 'ROUND-COMPLETE';
  const next =
    to === null
      ? { 'next-role': human, status: ends }
      : { 'next-role': to, status: verdict.pause ? 'PAUSED' : 'READY' };
  const handsOn =
    memory === null ? `${order.role} is done; ${to} is next` : `${order.role} sends the work back to ${to}`;
  const why = to === null ? `${order.role} ended the round` : handsOn;
  const change = { ...releaseKeys, ...here.mend, ...next };
  return { ...here, verdict: write({ change, round: memory, why, commit: why }) };
}

function pausedFor(here: Context, role: string): Context {
  const change = { ...releaseKeys, ...here.mend, 'next-role': role, status: 'PAUSED' };
  return { ...here, verdict: write({ change, why: 'a human paused the round; gates still find something' }) };
}
