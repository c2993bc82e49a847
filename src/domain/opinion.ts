/**
 * A second opinion that a review owes and has not got, or that does not count: it is ordered again by itself, within the
 * caps on sessions, and then a human decides. The first review stands meanwhile and is not worked twice. Pure.
 */
import type { Role } from '../protocol/handoff.ts';
import { findingLine, findingWords, type Finding } from '../protocol/finding.ts';
import type { Policy } from '../protocol/policy.ts';
import type { Order } from '../protocol/session.ts';
import { ask, askBudget } from './ask.ts';
import { budgetStop } from './budget.ts';
import { opinionDispatchId, secondReviewer } from './companion.ts';
import { isMissingOpinion } from './gates/review.ts';
import type { Context, RoundMemory } from './round.ts';
import { capReached, orderFor } from './route.ts';

type Missing = {
  readonly round: RoundMemory;
  /** Who follows if the human takes the one opinion there is; null when nobody does. */
  readonly accept: Role | null;
  /** What the review gate found; among it what is missing, and what is wrong with a report that does not count. */
  readonly findings: readonly Finding[];
};

/** Orders the second opinion of a review again; at a cap asks. `review` is the first reviewer's order. */
export function opinionMissing(policy: Policy, here: Context, review: Order, missing: Missing): Context {
  const { round, accept, findings } = missing;
  const dispatchId = opinionDispatchId(review);
  const told = findings.filter((finding) => isMissingOpinion(finding) || finding.gate !== 'review');
  const cap = capReached(policy, round, secondReviewer, dispatchId);
  if (cap !== null) {
    const opening = 'This review needs a second opinion and has only one';
    const again = {
      do: 'Have both reviewers look again',
      then: 'one more allowance of sessions for this round',
    };
    const problem = told.map(findingLine).join('; ');
    return ask(here, review, { problem, because: cap, accept, opening, againWords: again });
  }
  const order = orderFor(policy, round, {
    role: secondReviewer,
    dispatchId,
    at: here.at,
    kind: 'opinion',
    feedback: told.map(findingWords),
    because: 'the second opinion that is due is missing',
  });
  const stop = budgetStop(policy, here.spent, order, here.at);
  if (stop !== null) return askBudget(here, order, stop);
  const why = told.map(findingLine).join('; ');
  return { ...here, verdict: { type: 'cool', order, until: here.at, why, wait: null } };
}
