/**
 * What follows from a session that failed, class by class. Classes come from the agent's structured events only. A
 * limit waits without spending an attempt; what only a human can mend is asked at once; the rest is tried again
 * within the caps.
 */
import type { Role } from '../protocol/handoff.ts';
import type { Policy } from '../protocol/policy.ts';
import type { Order, Outcome } from '../protocol/session.ts';
import { ask } from './ask.ts';
import { again, backoffMs } from './retry.ts';
import { uncount, type Context } from './round.ts';
import { orderFor } from './route.ts';

type Failed = Extract<Outcome, { type: 'failed' }>;

/** Longest wait for a provider's reset, in ms: a reset further away than this is a question for the human. */
export const resetWaitMaxMs = 26 * 60 * 60 * 1000;
/** Waits for limits in one round before a human is asked. */
export const limitWaitCountMax = 50;

/** Decides about a session that failed without finishing its work. */
export function failed(policy: Policy, context: Context, order: Order, outcome: Failed): Context {
  const words = `${outcome.class}: ${outcome.message}`;
  switch (outcome.class) {
    case 'rate-limited':
      return waitForReset(policy, context, order, outcome);
    case 'overloaded':
    case 'network':
    case 'stalled':
    case 'crashed':
    case 'failed':
      return again(policy, context, order, { kind: 'work', feedback: [words] });
    case 'denied':
    case 'capped':
    case 'quota':
    case 'auth':
    case 'context-too-long':
    case 'refused':
    case 'not-started':
      return ask(context, order, { problem: words, because: humanMust(outcome.class) });
    default:
      return outcome.class satisfies never;
  }
}

/** Decides about a session whose end nobody saw: a question by default, a counted retry where the settings ask for it. */
export function interrupted(policy: Policy, context: Context, order: Order, next: Role | null): Context {
  const problem = 'its session was interrupted and nobody saw how it ended';
  if (policy.interrupted === 'retry')
    return again(policy, context, order, { kind: 'work', feedback: [problem] });
  return ask(context, order, { problem, because: 'it may have changed files already', accept: next });
}

/** Parks until the reset, at least one full backoff away so that a reset in the past cannot make a hot loop. */
function waitForReset(policy: Policy, context: Context, order: Order, outcome: Failed): Context {
  if (context.round === null) return context;
  const round = { ...uncount(context.round, order), limitWaits: context.round.limitWaits + 1 };
  const earliest = context.at + backoffMs(policy, policy.caps.perDispatch + 1);
  const until = Math.max(outcome.resetsAt ?? 0, earliest);
  if (until - context.at > resetWaitMaxMs) {
    return ask(context, order, {
      problem: outcome.message,
      because: 'the limit resets too far away to wait for',
    });
  }
  if (round.limitWaits > limitWaitCountMax) {
    const because = `the round has waited for limits ${limitWaitCountMax} times`;
    return ask(context, order, { problem: outcome.message, because });
  }
  const next = orderFor(policy, round, {
    role: order.role,
    dispatchId: order.dispatchId,
    at: context.at,
    kind: order.kind,
    feedback: order.feedback,
    because: 'the limit has been waited for',
  });
  return { ...context, round, verdict: { type: 'cool', order: next, until, why: outcome.message } };
}

function humanMust(failure: Failed['class']): string {
  const words: Partial<Record<Failed['class'], string>> = {
    denied: 'a permission is missing',
    capped: "the agent's own cap on turns or money was reached",
    quota: 'the account is out of credit',
    auth: 'the agent is not logged in or its key is refused',
    'context-too-long': 'the brief does not fit the model',
    refused: 'the model refuses this work',
    'not-started': 'see next-role doctor, and the agent in coordination/next-role.yaml',
  };
  return words[failure] ?? 'only a human can mend it';
}
