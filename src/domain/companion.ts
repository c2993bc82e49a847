/**
 * The second opinion: when a review is due that one pair of eyes must not decide alone, a second reviewer is ordered
 * beside the first, on the agent and model of its own role. Pure; both are worked at once and count as one step. One that
 * is missing afterwards is ordered again by itself (opinion.ts), and stands in for the first reviewer meanwhile.
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
  const dispatchId = opinionDispatchId(order);
  // It is worked at the same time, so it cannot go on with the same conversation.
  const { resumeOf: _, ...fresh } = order;
  const companion: Order = {
    ...fresh,
    id: `${order.id}-second`,
    dispatchId,
    role: secondReviewer,
    kind: 'opinion',
    agent: assignment?.agent ?? order.agent,
    model: choice.model,
    fallbacks: choice.fallbacks,
    visit: (round.visits[secondReviewer] ?? 0) + 1,
    attempt: (round.attempts[dispatchId] ?? 0) + 1,
    because: [because, ...(assignment === undefined ? [] : [assignment.because]), ...choice.because],
  };
  return { ...order, companion, because: [...order.because, because] };
}

/** The opinion's attempts are counted apart from those of the review it stands beside. */
export function opinionDispatchId(review: Pick<Order, 'dispatchId'>): string {
  return review.dispatchId.endsWith('-second') ? review.dispatchId : `${review.dispatchId}-second`;
}

/** The order as the handoff knows it: an opinion worked by itself sits in the first reviewer's place. */
export function seatOf(order: Order): Order {
  return order.kind === 'opinion' ? { ...order, role: firstReviewer } : order;
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
