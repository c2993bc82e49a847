/**
 * The second opinion: when a review is due that one pair of eyes must not decide alone, a second reviewer is ordered
 * beside the first, on the agent and model of its own role. Pure; both are worked at once and count as one step.
 */
import type { Policy } from '../protocol/policy.ts';
import type { Order } from '../protocol/session.ts';
import { chooseModel } from './modelchoice.ts';
import type { RoundMemory } from './round.ts';

/** Who gives the second opinion, beside whom. */
export const secondReviewer = 'second-reviewer';
export const firstReviewer = 'reviewer';

/** The order with a second opinion beside it, where the settings and the round's risk ask for one. */
export function withCompanion(policy: Policy, round: RoundMemory, order: Order): Order {
  const because = reasonFor(policy, round, order);
  if (because === null) return order;
  const assignment = policy.assignments[secondReviewer];
  const choice = chooseModel(policy, round, secondReviewer);
  const companion: Order = {
    ...order,
    id: `${order.id}-second`,
    role: secondReviewer,
    kind: 'opinion',
    agent: assignment?.agent ?? order.agent,
    model: choice.model,
    fallbacks: choice.fallbacks,
    because: [because, ...(assignment === undefined ? [] : [assignment.because]), ...choice.because],
  };
  return { ...order, companion, because: [...order.because, because] };
}

function reasonFor(policy: Policy, round: RoundMemory, order: Order): string | null {
  if (order.role !== firstReviewer || order.kind !== 'work') return null;
  if (policy.roles[secondReviewer] === undefined) return null;
  switch (policy.secondOpinion) {
    case 'never':
      return null;
    case 'always':
      return 'a second opinion on every review, as the settings ask';
    case 'high-risk':
      return round.routing?.risk === 'high'
        ? 'a second opinion: the router says that the risk is high'
        : null;
    default:
      return policy.secondOpinion satisfies never;
  }
}
