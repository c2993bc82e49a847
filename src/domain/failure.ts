/**
 * What follows from a session that failed, by the rule of its class in the policy (state/failures.yaml). Classes come
 * from the agent's structured events only. A limit, an overload and a lost network are waited for (wait.ts); what only
 * a human can mend is asked at once, with the remedy; the rest is tried again within the caps.
 */
import type { Role } from '../protocol/handoff.ts';
import type { FailureRule, Policy } from '../protocol/policy.ts';
import type { Order, Outcome } from '../protocol/session.ts';
import { ask } from './ask.ts';
import { again } from './retry.ts';
import type { Context } from './round.ts';
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
      return waitFor(policy, context, { order, outcome, rule });
    case 'retry':
      return again(policy, context, order, { kind: 'work', feedback: [words] });
    case 'ask':
      return ask(context, order, { problem: words, because: because(rule, order) });
    default:
      return rule satisfies never;
  }
}

/** Decides about a session whose end nobody saw: a question by default, a counted retry where the settings ask for it. */
export function interrupted(policy: Policy, context: Context, order: Order, next: Role | null): Context {
  const problem = 'its session was interrupted and nobody saw how it ended';
  if (policy.interrupted === 'retry')
    return again(policy, context, order, { kind: 'work', feedback: [problem] });
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
