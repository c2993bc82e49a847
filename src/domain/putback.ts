/**
 * What a session may not change in the header: which round it is, its tier, and what chooses its models. A role that
 * could would pick its own reviewers. Whatever is written after the session puts these keys back as the round knows
 * them, where they mean something else now.
 */
import { autoTier, type HandoffChange, type HandoffFacts } from '../protocol/handoff.ts';
import type { Policy } from '../protocol/policy.ts';
import type { Order } from '../protocol/session.ts';
import { isAuto, tierOf } from './route.ts';
import type { RoundMemory } from './round.ts';

/**
 * The change that puts back what a session changed; empty when it changed nothing of the kind.
 *
 * @example putBack(policy, round, order, { ...handoff, round: 'R99' }) // { round: 'R01' }
 */
export function putBack(
  policy: Policy,
  round: RoundMemory,
  order: Pick<Order, 'round'>,
  handoff: HandoffFacts,
): HandoffChange {
  return {
    ...(handoff.round !== null && handoff.round !== order.round ? { round: order.round } : {}),
    ...(isSameTier(policy, round, handoff.tier) ? {} : { tier: round.isRouted ? autoTier : round.tier }),
    ...(handoff.preset === round.preset ? {} : { preset: round.preset }),
    ...(handoff.models['*'] === round.models['*'] ? {} : { model: round.models['*'] ?? null }),
    ...(singles(handoff.models) === singles(round.models) ? {} : { models: singles(round.models) }),
  };
}

/**
 * What was put back, as a remark; null when nothing was.
 *
 * @example putBackWords({ tier: 'full' }) // 'changed in the header by the session and put back: tier'
 */
export function putBackWords(mend: HandoffChange): string | null {
  const keys = Object.keys(mend);
  return keys.length === 0 ? null : `changed in the header by the session and put back: ${keys.join(', ')}`;
}

/** A header that leaves its tier to the settings is no other than one that names the tier they name. */
function isSameTier(policy: Policy, round: RoundMemory, named: string | null): boolean {
  const tier = tierOf(policy, named, round.routing)?.name ?? null;
  return tier === round.tier && isAuto(policy, named) === round.isRouted;
}

/** The models of single roles as one line of the header; null without any. */
function singles(models: RoundMemory['models']): string | null {
  const pairs = Object.entries(models).filter(([role]) => role !== '*');
  const words = pairs.map(([role, model]) => `${role}=${model}`).sort();
  return words.length === 0 ? null : words.join(', ');
}
