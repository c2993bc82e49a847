/**
 * What follows from a session that failed, by the rule of its class in the policy (state/failures.yaml). Classes come
 * from the agent's structured events only. A limit, an overload and a lost network are waited for (wait.ts); what only
 * a human can mend is asked at once, with the remedy; the rest is tried again within the caps.
 */
import type { Role } from '../protocol/handoff.ts';
import type { FailureRule, Policy } from '../protocol/policy.ts';
import type { FailureClass, Order, Outcome } from '../protocol/session.ts';
import { ask, type Ask } from './ask.ts';
import { again } from './retry.ts';
import { setBack, uncount, type Context } from './round.ts';
import { orderFor } from './route.ts';
import { waitFor } from './wait.ts';

type Failed = Extract<Outcome, { type: 'failed' }>;

/** For a class that no file has a rule for. */
const unruled: FailureRule = { then: 'ask', says: 'only a human can mend it', remedy: null };

/** Decides about a session that failed without finishing its work. */
export function failed(policy: Policy, context: Context, order: Order, outcome: Failed): Context {
  const rule = policy.failures[outcome.class] ?? unruled;
  const words = `${outcome.class}: ${outcome.message}`;
  switch (rule.then) {
    case 'wait':
      return swapped(policy, context, order, outcome) ?? waitFor(policy, context, { order, outcome, rule });
    case 'retry':
      return again(policy, context, order, { kind: 'work', feedback: [words] });
    case 'ask':
      return askBlaming(context, order, outcome, { problem: words, because: because(rule, order) });
    default:
      return rule satisfies never;
  }
}

/** Classes in which the next model of the list may have room while this one has none. */
const busyClasses: ReadonlySet<FailureClass> = new Set(['overloaded', 'rate-limited']);
/** Classes in which a stronger model may do what this one could not. */
const modelClasses: ReadonlySet<FailureClass> = new Set(['capped', 'context-too-long', 'refused']);

/** Asks the next model of the list at once, where there is one: no attempt is spent, and nothing is waited for. */
function swapped(policy: Policy, context: Context, order: Order, outcome: Failed): Context | null {
  if (context.round === null || order.model === null || order.fallbacks.length === 0) return null;
  if (!busyClasses.has(outcome.class)) return null;
  const round = setBack(uncount(context.round, order), order.role, { busy: order.model });
  const next = orderFor(policy, round, {
    role: order.role,
    dispatchId: order.dispatchId,
    at: context.at,
    kind: order.kind,
    feedback: order.feedback,
    because: `${order.model} met "${outcome.class}", which spends no attempt`,
  });
  const verdict = { type: 'cool', order: next, until: context.at, why: outcome.message, wait: null } as const;
  return { ...context, round, verdict };
}

/** A question after which, if the human runs the role again, it gets the next higher class where that may help. */
function askBlaming(context: Context, order: Order, outcome: Failed, request: Ask): Context {
  const { round } = context;
  if (round === null || !modelClasses.has(outcome.class)) return ask(context, order, request);
  const blamed = { ...context, round: setBack(round, order.role, { failed: true }) };
  // It counts with the write, as every question does.
  return { ...ask(blamed, order, request), round };
}

/** Decides about a session whose end nobody saw: a question by default, a counted retry where the settings ask for it. */
export function interrupted(policy: Policy, context: Context, order: Order, next: Role | null): Context {
  const problem = 'its session was interrupted and nobody saw how it ended';
  if (policy.interrupted === 'retry')
    return again(policy, context, order, { kind: 'work', feedback: [problem], blame: 'nobody' });
  return ask(context, order, { problem, because: 'it may have changed files already', accept: next });
}

/** What happened and what a human can do about it, with the agent and the role named. */
function because({ says, remedy }: FailureRule, order: Order): string {
  return inWords(remedy === null ? says : `${says}. ${remedy}`, order);
}

/**
 * A rule's words about an order.
 *
 * @example inWords('the limit of {agent} is used up', order) // 'the limit of claude is used up'
 */
export function inWords(words: string, order: Pick<Order, 'agent' | 'role'>): string {
  return words.replaceAll('{agent}', () => order.agent).replaceAll('<role>', () => order.role);
}
