/**
 * Waiting for what passes by itself: a provider's limit, an overload, a lost network. Nothing of it spends an attempt,
 * because the work is not at fault; the number of waits in a round is bounded, and so is each pause. A limit that
 * another project met is waited for as well, before anything is claimed.
 */
import type { MachineEvent } from '../protocol/event.ts';
import type { FailureRule, Policy, Waits } from '../protocol/policy.ts';
import type { Order, Outcome } from '../protocol/session.ts';
import { ask, askBudget } from './ask.ts';
import { budgetStop } from './budget.ts';
import { uncount, type Context, type Outage } from './round.ts';
import { orderFor } from './route.ts';

type Failed = Extract<Outcome, { type: 'failed' }>;

export type WaitRequest = {
  readonly order: Order;
  readonly outcome: Failed;
  readonly rule: Extract<FailureRule, { then: 'wait' }>;
};

/** Parks the order until the reset, or for a pause that grows while the outage lasts. */
export function waitFor(policy: Policy, context: Context, request: WaitRequest): Context {
  const { order, outcome, rule } = request;
  if (context.round === null) return context;
  const { timesMax, untilMaxMs } = rule.wait;
  const outage = continued(context, outcome, rule.wait);
  const round = { ...uncount(context.round, order), limitWaits: context.round.limitWaits + 1, outage };
  const problem = `${outcome.class}: ${outcome.message}`;
  if (outage.until - context.at > untilMaxMs) {
    return ask(context, order, { problem, because: 'the reset is too far away to wait for' });
  }
  if (round.limitWaits > timesMax) {
    return ask(context, order, { problem, because: `the round has waited ${timesMax} times already` });
  }
  const next = orderFor(policy, round, {
    role: order.role,
    dispatchId: order.dispatchId,
    at: context.at,
    kind: order.kind,
    feedback: order.feedback,
    because: `the last session met "${outcome.class}", which spends no attempt`,
  });
  const { since, until } = outage;
  const wait = { class: outcome.class, since, seen: context.at, shared: rule.shared, elsewhere: null };
  const stop = budgetStop(policy, context.spent, next, context.at);
  if (stop !== null) return askBudget({ ...context, round }, next, stop);
  const verdict = { type: 'cool', order: next, until, why: outcome.message, wait } as const;
  return { ...context, round, verdict };
}

/** The same outage goes on when a try fails soon after the pause before it; later it is a new one. */
function continued(context: Context, outcome: Failed, { firstMs, factor, maxMs }: Waits): Outage {
  const before = context.round?.outage ?? null;
  const same = before?.class === outcome.class && context.at - before.until <= maxMs ? before : null;
  const times = (same?.times ?? 0) + 1;
  const pauseMs = Math.min(maxMs, firstMs * factor ** (times - 1));
  return {
    class: outcome.class,
    since: same?.since ?? context.at,
    times,
    // Never sooner than the pause, so that a reset in the past cannot make a hot loop.
    until: Math.max(outcome.resetsAt ?? 0, context.at + pauseMs),
  };
}

/** The agent's limit is known from another session of this machine: the order waits unclaimed. */
export function limited(context: Context, event: Extract<MachineEvent, { type: 'LIMITED' }>): Context {
  const { order } = context;
  if (order === null) return context;
  const { since, at: seen, by: elsewhere } = event;
  const wait = { class: event.class, since, seen, shared: true, elsewhere };
  const verdict = { type: 'cool', order, until: event.until, why: event.message, wait } as const;
  return { ...context, at: event.at, verdict };
}
