/**
 * What a session left behind: the pure heart of the state **settling**. The agent's own word (its outcome) is one
 * witness; the owed files and the handoff have the last word. Work that is plainly done is accepted however the
 * process ended; what is plainly missing is asked for again within the caps, and everything else becomes a question.
 */
import type { MachineEvent } from '../protocol/event.ts';
import { human, type HandoffFacts, type Role, type Status } from '../protocol/handoff.ts';
import type { Policy, Tier } from '../protocol/policy.ts';
import type { Order, Outcome } from '../protocol/session.ts';
import { ask } from './ask.ts';
import { seatOf } from './companion.ts';
import { failed, interrupted } from './failure.ts';
import { putBack, putBackWords } from './putback.ts';
import { asked, openQuestion } from './question.ts';
import { again } from './retry.ts';
import { releaseKeys, uncount, type Context } from './round.ts';
import { isLegal, roleAfter, tierOf } from './route.ts';
import { write } from './verdict.ts';

type Settled = Extract<MachineEvent, { type: 'SETTLED' }>;

/** Judges the session of the current order from what stands on disk now. May be asked again after a lost write. */
export function settle(policy: Policy, context: Context, event: Settled): Context {
  const here: Context = { ...context, at: event.at, digest: event.digest, words: event.words, findings: [] };
  const { order, outcome, round } = here;
  if (order === null || outcome === null || round === null) {
    return stalled(here, 'a session was settled that nobody ordered');
  }
  const tier = tierOf(policy, round.tier);
  if (tier === null) return stalled(here, `the tier "${round.tier}" is gone`);
  const { handoff } = event;
  if (handoff === null) return malformed(policy, here, order, event);
  if (isOtherRound(here, order, handoff)) {
    // Nothing is changed; the write only closes the order, and the new round is read.
    return { ...here, mend: {}, verdict: write({ change: {}, why: 'a human opened another round' }) };
  }
  const left = {
    leftAnswer: here.leftAnswer ?? { text: handoff.answer },
    mend: putBack(policy, round, order, handoff),
  };
  const judged = { order, outcome, tier, handoff, event };
  return order.kind === 'opinion'
    ? judgeOpinion(policy, { ...here, ...left }, judged)
    : judge(policy, { ...here, ...left }, judged);
}

type Judged = {
  readonly order: Order;
  readonly outcome: Outcome;
  readonly tier: Tier;
  readonly handoff: HandoffFacts;
  readonly event: Settled;
};

/** Header first: a question, a pause, a word that is no proposal. Then the owed files; then how the process ended. */
function judge(policy: Policy, here: Context, judged: Judged): Context {
  const { order, outcome, tier, handoff, event } = judged;
  if (handoff.status === 'ESCALATE') return raised(here, order, event, handoff);
  const proposed = proposal(tier, policy, order.role, handoff);
  const pause = handoff.status === 'PAUSED' || (outcome.type === 'stopped' && outcome.why === 'paused');
  if (proposed.type === 'foreign' && handoff.status !== 'PAUSED') return foreign(here, order, proposed.words);

  const missing = missingWords(event);
  const given = { ends: endOf(policy, order, handoff), pause };
  if (missing.length === 0 && proposed.type === 'legal') {
    return accept(here, proposed.to, given, outcome.type === 'done' ? [] : [endedOddly(here)]);
  }
  if (missing.length === 0 && pause && outcome.type === 'done') {
    return accept(here, roleAfter(tier, order.role), given, []);
  }
  if (pause) return paused(here, order);
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

/**
 * An opinion worked by itself leaves the header alone, so what stands there is a human's, or still WORKING. Whether its
 * report is there and counts is for the gates; only a limit of its agent is waited for first.
 */
function judgeOpinion(policy: Policy, here: Context, judged: Judged): Context {
  const { order, outcome, tier, handoff, event } = judged;
  const isUntouched = handoff.status === 'WORKING';
  if (outcome.type === 'failed' && isUntouched && missingWords(event).length > 0) {
    if (policy.failures[outcome.class]?.then === 'wait') return failed(policy, here, order, outcome);
  }
  const seat = seatOf(order);
  if (isUntouched && (outcome.type === 'done' || outcome.type === 'failed')) {
    return accept(here, roleAfter(tier, seat.role), { ends: null, pause: false }, []);
  }
  return judge(policy, here, { ...judged, order: seat, event: { ...event, artifacts: [] } });
}

function stalled(here: Context, why: string): Context {
  return { ...here, verdict: { type: 'stall', why, retryAt: null } };
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

/** What of a proposal counts beside its next role. */
type Given = { readonly ends: Status | null; readonly pause: boolean };

/**
 * Whether a human opened another round over a result that stood in the file already: it was settled before, our write
 * took the dispatch id out, and the runner ended before it had noted that. Such an edit is no role's doing.
 */
function isOtherRound(here: Context, order: Order, handoff: HandoffFacts): boolean {
  const settledBefore = here.leftAnswer !== null;
  return (
    settledBefore && handoff.dispatch === null && handoff.round !== null && handoff.round !== order.round
  );
}

/** The end that the role proposed, where its contract allows that word. */
function endOf(policy: Policy, order: Order, { status }: HandoffFacts): Status | null {
  if (status === null || status === 'MERGE-READY' || status === 'READY') return null;
  return mayEndWith(policy, order.role, status) ? status : null;
}

function mayEndWith(policy: Policy, role: Role, status: Status): boolean {
  return policy.roles[role]?.ends.includes(status) ?? false;
}

/** The work is there but no legal proposal: the tier's next role follows by rule, and the remark says so. */
function unproposed(here: Context, order: Order, tier: Tier, proposed: Proposal, given: Given): Context {
  const to = roleAfter(tier, order.role);
  const next = to ?? 'the end of the round';
  const remark =
    proposed.type === 'illegal'
      ? `${order.role} proposed "${proposed.words}", which the tier does not allow; ${next} follows`
      : `${order.role} left the handoff untouched; ${next} follows by the tier's order`;
  return accept(here, to, given, [remark]);
}

/** A word that is no proposal stays, perhaps a human's; only our bookkeeping goes, and a human must look. */
function foreign(here: Context, order: Order, words: string): Context {
  const why = `"${words}" was left by ${order.role} or written meanwhile; a human must look`;
  return { ...here, verdict: write({ change: { ...releaseKeys, ...here.mend }, why }) };
}

function accept(here: Context, to: Role | null, given: Given, remarks: readonly string[]): Context {
  const moved = putBackWords(here.mend);
  const all = moved === null ? remarks : [...remarks, moved];
  return { ...here, verdict: { type: 'gate', to, ...given, remarks: all } };
}

function endedOddly(here: Context): string {
  const { outcome, order } = here;
  const how = outcome?.type === 'failed' ? outcome.message : (outcome?.type ?? '');
  return `${order?.role ?? 'the role'} had finished its work when its session ended badly (${how})`;
}

/** A role's own question: the bookkeeping is cleared, an answer it gave itself is removed, and a human is waited for. */
function raised(here: Context, order: Order, event: Settled, handoff: HandoffFacts): Context {
  const question = openQuestion({ ...here, question: null }, event.question, handoff);
  // An answer that came after the session's end, while our write was lost or failed, is a human's and stays.
  const own = here.leftAnswer?.text ?? null;
  const answer = own !== null && handoff.answer === own ? { answer: null, note: null } : {};
  const change = { ...releaseKeys, ...here.mend, status: 'ESCALATE', 'next-role': order.role, ...answer };
  const why = `${order.role} asks: ${question.escalation.question}`;
  const commit = `${order.role} escalates`;
  return { ...here, verdict: write({ change, question, round: asked(here), why, commit }) };
}

/**
 * What is taken out of the file beside a session's question, in words; null when nothing is. It may have been a human's, who
 * was quicker than the session's end.
 */
export function takenOut({ verdict }: Context, handoff: HandoffFacts | null): string | null {
  if (verdict.type !== 'write' || verdict.change['answer'] !== null || handoff === null) return null;
  const { answer, note } = handoff;
  const words = [`answer "${answer ?? ''}"`, ...(note === null ? [] : [`note "${note}"`])].join(', ');
  return `Taken out of the handoff, because it stood there when the session ended: ${words}. If it is yours, give it again.`;
}

function paused(here: Context, order: Order): Context {
  const round =
    here.outcome?.type === 'stopped' && here.round !== null ? uncount(here.round, here.order ?? order) : null;
  const change = { ...releaseKeys, ...here.mend, status: 'PAUSED', 'next-role': order.role };
  return { ...here, verdict: write({ change, round, why: 'a human paused the round' }) };
}

/** Running it again would be refused again: only a human can widen a permission. */
function refusedPermission(here: Context, order: Order, missing: readonly string[]): Context {
  const problem = `${missing.join(' ')} A permission refused ${here.denied.join(', ')}.`;
  return ask(here, order, { problem, because: 'a permission is missing' });
}

/** Stopped by a signal to the runner: the order is given back, so that the next start takes it up again. */
function released(here: Context, order: Order): Context {
  const round = here.round === null ? null : uncount(here.round, here.order ?? order);
  const change = { ...releaseKeys, ...here.mend, status: 'READY', 'next-role': order.role };
  return { ...here, verdict: write({ change, round, why: `${order.role} was stopped before it finished` }) };
}

/** A broken header is mended by its role once; else a human must, as a question could not be written into it. */
function malformed(policy: Policy, here: Context, order: Order, event: Settled): Context {
  const words = event.problems.map(
    (problem) => `NEXT-ROLE.md line ${problem.line}: ${problem.message}. ${problem.hint}`,
  );
  const mendable = event.digest !== null && order.kind === 'work' && here.outcome?.type !== 'stopped';
  const next = mendable ? again(policy, here, order, { kind: 'repair', feedback: words }) : null;
  if (next?.verdict.type === 'cool') return next;
  return { ...here, order: null, verdict: { type: 'unreadable', problems: event.problems } };
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
