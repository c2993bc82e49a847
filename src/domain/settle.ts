/**
 * What a session left behind: the pure heart of the state **settling**. The agent's own word (its outcome) is one
 * witness; the owed files and the handoff have the last word. Work that is plainly done is accepted however the
 * process ended; what is plainly missing is asked for again within the caps, and everything else becomes a question.
 */
import type { MachineEvent } from '../protocol/event.ts';
import { human, type HandoffChange, type HandoffFacts, type Role, type Status } from '../protocol/handoff.ts';
import type { Policy, Tier } from '../protocol/policy.ts';
import type { Order } from '../protocol/session.ts';
import { ask } from './ask.ts';
import { failed, interrupted } from './failure.ts';
import { opened, openQuestion } from './question.ts';
import { again } from './retry.ts';
import { releaseKeys, uncount, type Context } from './round.ts';
import { isLegal, roleAfter, tierOf } from './route.ts';
import { write } from './verdict.ts';

type Settled = Extract<MachineEvent, { type: 'SETTLED' }>;

/** Judges the session of the current order from what stands on disk now. */
export function settle(policy: Policy, context: Context, event: Settled): Context {
  const here: Context = { ...context, at: event.at, digest: event.digest, findings: [] };
  const { order, outcome, round } = here;
  if (order === null || outcome === null || round === null) {
    return {
      ...here,
      verdict: { type: 'stall', why: 'a session was settled that nobody ordered', retryAt: null },
    };
  }
  const tier = tierOf(policy, round.tier);
  if (tier === null)
    return { ...here, verdict: { type: 'stall', why: `the tier "${round.tier}" is gone`, retryAt: null } };
  if (event.handoff === null) return malformed(policy, here, order, event);

  const { handoff } = event;
  if (handoff.status === 'ESCALATE') return raised(here, order, event, handoff);
  if (handoff.status === 'PAUSED') return paused(here, order);

  const missing = missingWords(event);
  const proposed = proposal(tier, policy, order.role, handoff);
  const given = { mend: roundBack(order, handoff), ends: endOf(policy, order, handoff) };
  if (missing.length === 0 && proposed.type === 'legal') {
    return accept(here, proposed.to, given, outcome.type === 'done' ? [] : [endedOddly(here)]);
  }

  switch (outcome.type) {
    case 'done':
      if (missing.length > 0 && here.denied.length > 0) return refusedPermission(here, order, missing);
      if (missing.length > 0) return again(policy, here, order, { kind: 'repair', feedback: missing });
      return unproposed(here, order, tier, proposed, given);
    case 'stopped':
      return released(here, order);
    case 'lost':
      return interrupted(policy, here, order, roleAfter(tier, order.role));
    case 'failed':
      return failed(policy, here, order, outcome);
    default:
      return outcome satisfies never;
  }
}

type Proposal =
  | { readonly type: 'legal'; readonly to: Role | null }
  | { readonly type: 'none' }
  | { readonly type: 'illegal'; readonly words: string }
  | { readonly type: 'foreign'; readonly words: string };

/** What the role proposes in the header: a legal next step, none (still WORKING), or something it may not. */
function proposal(tier: Tier, policy: Policy, from: Role, handoff: HandoffFacts): Proposal {
  const to = handoff.role === human ? null : handoff.role;
  const words = `${handoff.statusText ?? ''} for ${handoff.roleText ?? 'nobody'}`;
  switch (handoff.status) {
    case 'WORKING':
      return { type: 'none' };
    case 'READY':
      return handoff.role !== null && isLegal(tier, from, to)
        ? { type: 'legal', to }
        : { type: 'illegal', words };
    case 'MERGE-READY':
      return mayEndWith(policy, from, 'MERGE-READY')
        ? { type: 'legal', to: roleAfter(tier, from) }
        : { type: 'illegal', words };
    case 'ROUND-COMPLETE':
    case 'WAVE-COMPLETE':
    case 'WAVE-PLAN-READY':
    case 'WAVE-GATE-READY':
      return roleAfter(tier, from) === null ? { type: 'legal', to: null } : { type: 'illegal', words };
    case 'ESCALATE':
    case 'PAUSED':
    case 'BLOCKED':
    case null:
      return { type: 'foreign', words };
    default:
      return handoff.status satisfies never;
  }
}

/** What of a proposal is kept or put right beside its next role. */
type Given = { readonly mend: HandoffChange; readonly ends: Status | null };

/** Which round it is, is not a role's to say. */
function roundBack(order: Order, handoff: HandoffFacts): HandoffChange {
  return handoff.round !== null && handoff.round !== order.round ? { round: order.round } : {};
}

/** The end that the role proposed, where its contract allows that word. */
function endOf(policy: Policy, order: Order, { status }: HandoffFacts): Status | null {
  if (status === null || status === 'MERGE-READY' || status === 'READY') return null;
  return mayEndWith(policy, order.role, status) ? status : null;
}

function mayEndWith(policy: Policy, role: Role, status: Status): boolean {
  return policy.roles[role]?.ends.includes(status) ?? false;
}

/** The work is there but the header is not: the tier's next role follows by rule, and the remark says so. */
function unproposed(here: Context, order: Order, tier: Tier, proposed: Proposal, given: Given): Context {
  const to = roleAfter(tier, order.role);
  const next = to ?? 'the end of the round';
  switch (proposed.type) {
    case 'none':
      return accept(here, to, given, [
        `${order.role} left the handoff untouched; ${next} follows by the tier's order`,
      ]);
    case 'illegal':
      return accept(here, to, given, [
        `${order.role} proposed "${proposed.words}", which the tier does not allow; ${next} follows`,
      ]);
    case 'foreign': {
      const why = `${order.role} left "${proposed.words}", which is not a proposal; a human must look`;
      return { ...here, verdict: write({ change: { ...releaseKeys, ...given.mend }, why }) };
    }
    case 'legal':
      return accept(here, proposed.to, given, []);
    default:
      return proposed satisfies never;
  }
}

function accept(here: Context, to: Role | null, given: Given, remarks: readonly string[]): Context {
  const moved =
    given.mend['round'] === undefined ? [] : ['the round was changed in the header and is put back'];
  return { ...here, verdict: { type: 'gate', to, ...given, remarks: [...remarks, ...moved] } };
}

function endedOddly(here: Context): string {
  const { outcome, order } = here;
  const how = outcome?.type === 'failed' ? outcome.message : (outcome?.type ?? '');
  return `${order?.role ?? 'the role'} had finished its work when its session ended badly (${how})`;
}

/** A role's own question: the bookkeeping is cleared, an answer it gave itself is removed, and a human is waited for. */
function raised(here: Context, order: Order, event: Settled, handoff: HandoffFacts): Context {
  const question = openQuestion({ ...here, question: null }, event.question, handoff);
  const round = here.round === null ? null : { ...opened(here.round), wordsSeen: event.words };
  const change = {
    ...releaseKeys,
    ...roundBack(order, handoff),
    status: 'ESCALATE',
    'next-role': order.role,
    answer: null,
    note: null,
  };
  const why = `${order.role} asks: ${question.escalation.question}`;
  return { ...here, round, question, verdict: write({ change, why, commit: `${order.role} escalates` }) };
}

function paused(here: Context, order: Order): Context {
  const round =
    here.outcome?.type === 'stopped' && here.round !== null ? uncount(here.round, order) : here.round;
  const change = { ...releaseKeys, status: 'PAUSED', 'next-role': order.role };
  return { ...here, round, verdict: write({ change, why: 'a human paused the round' }) };
}

/** Running it again would be refused again: only a human can widen a permission. */
function refusedPermission(here: Context, order: Order, missing: readonly string[]): Context {
  const problem = `${missing.join(' ')} A permission refused ${here.denied.join(', ')}.`;
  return ask(here, order, { problem, because: 'a permission is missing' });
}

/** Stopped by a signal to the runner: the order is given back, so that the next start takes it up again. */
function released(here: Context, order: Order): Context {
  const round = here.round === null ? null : uncount(here.round, order);
  const change = { ...releaseKeys, status: 'READY', 'next-role': order.role };
  return { ...here, round, verdict: write({ change, why: `${order.role} was stopped before it finished` }) };
}

function malformed(policy: Policy, here: Context, order: Order, event: Settled): Context {
  const words = event.problems.map(
    (problem) => `NEXT-ROLE.md line ${problem.line}: ${problem.message}. ${problem.hint}`,
  );
  if (order.kind === 'repair' || here.outcome?.type === 'stopped') {
    return { ...here, order: null, verdict: { type: 'unreadable', problems: event.problems } };
  }
  return again(policy, here, order, { kind: 'repair', feedback: words });
}

/** Each owed file that is not there, or not new, or lacks a section: in words a role can act on. */
export function missingWords(event: Settled): readonly string[] {
  return event.artifacts.flatMap((artifact) => {
    if (!artifact.present) return [`The file "${artifact.path}" is owed and does not exist. Write it.`];
    if (!artifact.changed)
      return [
        `The file "${artifact.path}" is owed and was not changed in this session. Bring it up to date.`,
      ];
    return [];
  });
}
