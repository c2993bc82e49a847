/**
 * How the memory changes when a hand reports back: a claim counts a session, a write closes an order. No decision is
 * made here.
 */
import type { MachineEvent, SessionReport } from '../protocol/event.ts';
import type { Policy } from '../protocol/policy.ts';
import { allowed, spend } from './budget.ts';
import { seatOf } from './companion.ts';
import { stretchPaths } from './gate.ts';
import { remembered } from './loop.ts';
import { count, setBack, type Context, type RoundMemory, type Verdict } from './round.ts';

type EventOf<Type extends MachineEvent['type']> = Extract<MachineEvent, { type: Type }>;

/** Pause before a hand that failed is tried again, in ms. */
export const stallRetryMs = 60_000;

/** WORKING stands in the file: from here on the session counts. */
export function claimed(policy: Policy, context: Context, event: EventOf<'CLAIMED'>): Context {
  const { order, round } = context;
  if (order === null || round === null) return context;
  const counted = count(round, order);
  return {
    ...context,
    at: event.at,
    digest: event.digest,
    outcome: null,
    denied: [],
    stopping: null,
    held: order.id,
    spent: { ...context.spent, pass: false },
    leftAnswer: null,
    mend: {},
    // The first known digest stays: an attempt that only completes the previous one's file must not look unchanged. What
    // another role has stood with since is another stretch of work, also where that role never handed over itself.
    round: {
      ...counted,
      baseline: { ...event.baseline, ...only(round.baseline, stretchPaths(policy, order)) },
    },
  };
}

function only(baseline: RoundMemory['baseline'], paths: readonly string[]): RoundMemory['baseline'] {
  return Object.fromEntries(Object.entries(baseline).filter(([path]) => paths.includes(path)));
}

export function ended(context: Context, event: EventOf<'ENDED'>): Context {
  const { order, round } = context;
  const { companion, at } = event;
  const first = order === null ? context.spent : spend(context.spent, order, event);
  const beside = order?.companion;
  const usd = usdOf(event) + (companion === undefined ? 0 : usdOf(companion));
  return {
    ...context,
    at,
    outcome: event.outcome,
    denied: event.denied,
    stopping: null,
    leftAnswer: event.late === true ? { text: null, late: true } : context.leftAnswer,
    spent:
      companion === undefined || beside === undefined ? first : spend(first, beside, { ...companion, at }),
    round: order === null || round === null ? round : remembered(round, order, { ...event, costUsd: usd }),
  };
}

/** What a session cost in US dollars: the agent's own figure, else ours; 0 where nobody knows. */
function usdOf({ costUsd, priced }: Pick<SessionReport, 'costUsd' | 'priced'>): number {
  return costUsd ?? (priced.microUsd ?? 0) / 1e6;
}

/** The uphill write is done: an order is closed, an answered question too. */
export function written(policy: Policy, context: Context, event: EventOf<'WRITTEN'>): Context {
  const { verdict, order } = context;
  const closed: Context = {
    ...context,
    spent: isPass(context) ? allowed(context.spent) : context.spent,
    at: event.at,
    digest: event.digest,
    order: null,
    outcome: null,
    denied: [],
    held: null,
    leftAnswer: null,
    mend: {},
  };
  if (verdict.type !== 'write') return closed;
  const question = verdict.question ?? (verdict.decision === null ? closed.question : null);
  const memory = verdict.round ?? closed.round;
  if (memory === null) return { ...closed, question };
  const answered = withDecision(memory, verdict);
  const seat = order === null ? null : seatOf(order);
  const handedOver = seat !== null && verdict.change['next-role'] !== seat.role;
  const round = handedOver ? handedOn(withoutBaseline(policy, answered, seat), seat, verdict) : answered;
  return { ...closed, round, question };
}

/** The question about a budget was answered, and not with a stop. */
function isPass({ verdict, question }: Context): boolean {
  if (verdict.type !== 'write' || verdict.decision === null) return false;
  return question?.budget === true && verdict.change['status'] === 'READY';
}

function withDecision(round: RoundMemory, verdict: Extract<Verdict, { type: 'write' }>): RoundMemory {
  const { decision } = verdict;
  if (decision === null) return round;
  const kept = { id: decision.answer.escalationId, role: decision.role, path: decision.path };
  return { ...round, decisions: [...round.decisions, kept] };
}

/** A role that is done starts afresh later; one that gets its work back has failed once more. */
function handedOn(
  round: RoundMemory,
  order: NonNullable<Context['order']>,
  { change }: Extract<Verdict, { type: 'write' }>,
): RoundMemory {
  const { [order.role]: _done, ...setbacks } = round.setbacks;
  const to = change['next-role'] ?? null;
  const sentBack = change['status'] === 'READY' && to !== null && (round.visits[to] ?? 0) > 0;
  return sentBack ? setBack({ ...round, setbacks }, to, { failed: true }) : { ...round, setbacks };
}

/** A role that is sent back later must change its files again; what it was sent back for is done with. */
function withoutBaseline(
  policy: Policy,
  round: RoundMemory,
  order: NonNullable<Context['order']>,
): RoundMemory {
  const owed = new Set(stretchPaths(policy, order));
  return {
    ...round,
    baseline: Object.fromEntries(Object.entries(round.baseline).filter(([path]) => !owed.has(path))),
    loop: round.loop.sentBack?.to === order.role ? { ...round.loop, sentBack: null } : round.loop,
  };
}

/** The pause is over: the order that was waiting is claimed. */
export function retried(context: Context, at: number): Context {
  const { verdict } = context;
  if (verdict.type !== 'cool') return context;
  return {
    ...context,
    at,
    order: verdict.order,
    outcome: null,
    verdict: { type: 'dispatch', order: verdict.order, since: at, insist: false },
  };
}

export function failed(context: Context, event: EventOf<'FAILED'>): Context {
  return {
    ...context,
    at: event.at,
    verdict: {
      type: 'stall',
      why: event.message,
      retryAt: event.at + stallRetryMs,
      ...(event.ran === true ? { ran: true } : {}),
    },
  };
}
