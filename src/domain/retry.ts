/**
 * Asking again: the next attempt of the same work with the real reason as feedback, after a pause, within the caps.
 * At the cap the run gives up as BLOCKED; a repair that did not help becomes a question.
 */
import type { Policy } from '../protocol/policy.ts';
import type { Order } from '../protocol/session.ts';
import { ask, askBudget } from './ask.ts';
import { budgetStop } from './budget.ts';
import { setBack, type Context, type RoundMemory } from './round.ts';
import { capReached, orderFor } from './route.ts';
import { blocked } from './verdict.ts';
import { threadOf } from './thread.ts';

export type Again = {
  readonly kind: Order['kind'];
  /** What was wrong, word for word; shown to the next attempt and, at the cap, to the human. */
  readonly feedback: readonly string[];
  /** Whose fault it was, the model's when absent: that raises the class of the next attempt. */
  readonly blame?: 'model' | 'nobody';
  /** Earliest start, epoch ms; absent means after the policy's backoff. */
  readonly notBefore?: number;
  /** Whether to go on with the last session, where its agent can. */
  readonly resume?: boolean;
};

/** Orders another attempt on the same inputs, or gives up with the reason. */
export function again(policy: Policy, context: Context, order: Order, request: Again): Context {
  const { round } = context;
  if (round === null) return context;
  const words = request.feedback.join('\n');
  const cap = capReached(policy, round, order.role, order.dispatchId);
  if (cap !== null) {
    if (request.kind === 'repair') return ask(context, order, { problem: words, because: cap });
    return blocked(context, `${cap}; the last attempt: ${words}`);
  }
  // Whatever the reason, the next attempt of the role is by a stronger model, unless no model was at fault.
  const blamed = request.blame === 'nobody' ? round : setBack(round, order.role, { failed: true });
  const next = orderFor(policy, blamed, {
    role: order.role,
    dispatchId: order.dispatchId,
    at: context.at,
    kind: request.kind,
    feedback: [...request.feedback, ...stillOpen(round, order, request)],
    resumeOf: request.resume === true ? threadOf(policy, round, order.role) : null,
    because: request.kind === 'repair' ? 'something it owes is missing' : 'the last attempt did not finish',
  });
  const stop = budgetStop(policy, context.spent, next, context.at);
  if (stop !== null) return askBudget(context, next, stop);
  const wait = request.kind === 'repair' ? 0 : backoffMs(policy, order.attempt);
  const until = Math.max(request.notBefore ?? 0, context.at + wait);
  return { ...context, round: blamed, verdict: { type: 'cool', order: next, until, why: words, wait: null } };
}

/** A retry of work that was sent back is told again what for. */
function stillOpen(round: RoundMemory, order: Order, request: Again): readonly string[] {
  const { sentBack } = round.loop;
  return request.kind === 'work' && sentBack?.to === order.role ? sentBack.words : [];
}

/** The pause before an attempt, in ms: grows by the policy's factor, up to its bound. */
export function backoffMs(policy: Policy, attempt: number): number {
  const { firstMs, factor, maxMs } = policy.backoff;
  return Math.min(maxMs, firstMs * factor ** Math.max(0, attempt - 1));
}
