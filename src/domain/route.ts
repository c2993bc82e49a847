/**
 * Who works next, and why: the legal edges of a tier, and the order for one role. Pure look-ups over the policy; every
 * order carries the reasons for its role, its agent and its model.
 */
import { autoTier, human, type HandoffFacts, type Role } from '../protocol/handoff.ts';
import type { Policy, Tier } from '../protocol/policy.ts';
import type { Routing } from '../protocol/routing.ts';
import type { Order } from '../protocol/session.ts';
import { withCompanion } from './companion.ts';
import { chooseModel } from './modelchoice.ts';
import type { RoundMemory } from './round.ts';
import { commonThread } from './thread.ts';

type TierRules = Pick<Policy, 'autoTier' | 'defaultTier' | 'tiers'>;

/** The tier a round runs: the handoff's own when it is known, else the routed one where that is asked for, else the default. */
export function tierOf(policy: TierRules, named: string | null, routing: Routing | null = null): Tier | null {
  const routed = isAuto(policy, named) ? (routing?.tier ?? policy.defaultTier) : null;
  const name = routed ?? named?.toLowerCase() ?? policy.defaultTier;
  return Object.hasOwn(policy.tiers, name) ? (policy.tiers[name] ?? null) : null;
}

/** Whether the router chooses the tier. */
export function isAuto(policy: Pick<Policy, 'autoTier'>, named: string | null): boolean {
  return named === null ? policy.autoTier : named.toLowerCase() === autoTier;
}

/** The role after this one in the tier; null when it is the last or not in the tier. */
export function roleAfter(tier: Tier, role: Role): Role | null {
  const index = tier.roles.indexOf(role);
  return index < 0 ? null : (tier.roles[index + 1] ?? null);
}

/**
 * Whether a role may hand over to another (null or `human` means: the round ends here).
 *
 * @example isLegal(full, 'architect', 'implementer') // true
 * @example isLegal(full, 'implementer', 'memorial') // false: the reviewer may not be skipped
 */
export function isLegal(tier: Tier, from: Role, to: Role | null): boolean {
  const next = roleAfter(tier, from);
  if (to === null || to === human) return next === null;
  return to === next || tier.edges.some((edge) => edge.from === from && edge.to === to);
}

/** The role a handoff would dispatch as it stands: what its inputs are hashed for. Null when it dispatches nobody. */
export function candidate(
  policy: Policy,
  handoff: HandoffFacts,
  routing: Routing | null = null,
): Role | null {
  const tier = tierOf(policy, handoff.tier, routing);
  if (tier === null) return null;
  const named = handoff.role !== null && handoff.role !== human ? handoff.role : null;
  if (handoff.status === 'READY') return named === null ? null : entryOf(policy, handoff, tier, named);
  if (handoff.status !== 'MERGE-READY') return null;
  return named !== null && named !== 'reviewer' && tier.roles.includes(named)
    ? named
    : roleAfter(tier, 'reviewer');
}

/** Who opened the round could not know its tier: a role that a routed tier does not have gives way to its first one. */
function entryOf(policy: Policy, handoff: HandoffFacts, tier: Tier, named: Role): Role {
  const stranger = Object.hasOwn(policy.roles, named) && !tier.roles.includes(named);
  return stranger && isAuto(policy, handoff.tier) ? (tier.roles[0] ?? named) : named;
}

/** What an order needs beside the policy and the round. */
export type OrderRequest = {
  readonly role: Role;
  readonly dispatchId: string;
  /** Epoch ms; makes the order's id unique in the project for ever, also after a lost journal. */
  readonly at: number;
  readonly kind: Order['kind'];
  readonly feedback: readonly string[];
  readonly because: string;
  /** The session to go on with, in its agent's own name for it; absent means a fresh one. */
  readonly resumeOf?: string | null;
};

/** The order for the next session of a role, with a second opinion beside it where one is due. */
export function orderFor(policy: Policy, round: RoundMemory, request: OrderRequest): Order {
  const assignment = policy.assignments[request.role];
  const choice = chooseModel(policy, round, request.role);
  const visit = (round.visits[request.role] ?? 0) + 1;
  const thread = request.resumeOf ?? commonThread(policy, round, request.role);
  return withCompanion(policy, round, {
    id: `${round.id}.${round.sessions + 1}-${request.role}-${request.at.toString(36)}`,
    dispatchId: request.dispatchId,
    round: round.id,
    tier: round.tier,
    role: request.role,
    agent: assignment?.agent ?? 'claude',
    model: choice.model,
    fallbacks: choice.fallbacks,
    visit,
    attempt: (round.attempts[request.dispatchId] ?? 0) + 1,
    kind: request.kind,
    feedback: request.feedback,
    ...(thread === null ? {} : { resumeOf: thread }),
    because: [
      request.because,
      ...(assignment === undefined ? [] : [assignment.because]),
      ...tierWords(round),
      ...choice.because,
    ],
  });
}

/** Why the round runs this tier, where the router chose it. */
function tierWords({ routing, tier, isRouted }: RoundMemory): readonly string[] {
  return isRouted && routing !== null
    ? [`routed ${tier} (rule ${routing.rule}): ${routing.because[0] ?? ''}`]
    : [];
}

/** Why no further session may start for this role on these inputs; null when one may. */
export function capReached(
  policy: Policy,
  round: RoundMemory,
  role: Role,
  dispatchId: string,
): string | null {
  const visits = round.visits[role] ?? 0;
  const visitsMax = round.granted.visits[role] ?? policy.caps.perRole;
  const sessionsMax = Math.max(policy.caps.perRound, round.granted.sessions);
  const attempts = round.attempts[dispatchId] ?? 0;
  if (round.sessions >= sessionsMax) return `round ${round.id} has had ${round.sessions} sessions, its cap`;
  if (visits >= visitsMax) return `${role} has had ${visits} sessions in round ${round.id}, its cap`;
  if (attempts >= policy.caps.perDispatch) {
    return `${role} has worked ${attempts} times on the same inputs in round ${round.id}, the cap for unchanged inputs`;
  }
  return null;
}

/** The round after a human edit raised its caps: each by one full allowance, counted from here. */
export function grant(policy: Policy, round: RoundMemory): RoundMemory {
  const visits = Object.fromEntries(
    Object.entries(round.visits).map(([role, n]) => [role, n + policy.caps.perRole]),
  );
  return {
    ...round,
    attempts: {},
    blocked: false,
    limitWaits: 0,
    outage: null,
    granted: {
      visits,
      sessions: round.sessions + policy.caps.perRound,
      fixes: round.loop.fixes + policy.caps.fixes,
      fixUsd: round.loop.usd + policy.caps.fixUsd,
    },
  };
}
