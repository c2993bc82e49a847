/**
 * What a handoff that was just read means for the round: the pure heart of the state **deciding**. Takes what is
 * remembered and what was read, gives the memory with a new verdict. It never starts anything, and it never guesses:
 * what it does not understand parks the run with the words to put it right.
 */
import { isError, type Diagnostic } from '../protocol/diagnostic.ts';
import type { MachineEvent } from '../protocol/event.ts';
import { human, statuses, type HandoffFacts, type Role } from '../protocol/handoff.ts';
import { nearest } from '../protocol/nearest.ts';
import { knownRoles, type Policy, type Tier } from '../protocol/policy.ts';
import type { Routing } from '../protocol/routing.ts';
import type { Order } from '../protocol/session.ts';
import { resolveAnswer } from './answer.ts';
import { askBudget } from './ask.ts';
import { budgetStop } from './budget.ts';
import { openQuestion, opened } from './question.ts';
import { newRound, type Context, type OpenQuestion, type RoundMemory } from './round.ts';
import { candidate, capReached, grant, isAuto, orderFor, tierOf } from './route.ts';
import { blocked, parked, unknownValue } from './verdict.ts';
import { threadOf } from './thread.ts';

type Read = Extract<MachineEvent, { type: 'READ' }>;

/** The name of a round whose file does not say one. */
export const namelessRound = 'R00';

/** Decides what to do about a handoff that was read while no session is running. */
export function decide(policy: Policy, context: Context, event: Read): Context {
  const { handoff } = event;
  const findings = standing(context, handoff);
  const known: Context = { ...context, at: event.at, digest: event.digest, words: event.words, findings };
  if (handoff === null) return { ...known, verdict: { type: 'unreadable', problems: event.problems } };

  const routing = routingOf(context, handoff, event);
  const tier = tierOf(policy, handoff.tier, routing);
  const round = { ...roundOf(policy, context, handoff, tier?.name ?? policy.defaultTier), routing };
  const here: Context = { ...known, round, question: round.id === context.round?.id ? known.question : null };
  switch (handoff.status) {
    case 'READY':
    case 'MERGE-READY':
      return here.question === null
        ? going(policy, here, event, handoff, tier)
        : answered(policy, here, event, handoff);
    case 'ESCALATE':
      return escalated(policy, here, event, handoff);
    case 'ROUND-COMPLETE':
    case 'WAVE-COMPLETE':
      return { ...here, order: null, question: null, verdict: { type: 'finish', why: handoff.status } };
    case 'WORKING':
      return working(here, handoff);
    case 'BLOCKED':
      return parked(
        { ...here, round: { ...round, blocked: true } },
        'blocked',
        blockedReason(context, handoff),
        event.problems,
      );
    case 'PAUSED':
      return parked(here, 'paused', 'a human paused the round', event.problems);
    case 'WAVE-PLAN-READY':
    case 'WAVE-GATE-READY':
      return parked(here, 'approval', `${handoff.status}: a human must approve it`, event.problems);
    case null:
      return parked(
        here,
        'unknown-status',
        `the status "${handoff.statusText ?? ''}" is not one of ${statuses.join(', ')}`,
        event.problems,
      );
    default:
      return handoff.status satisfies never;
  }
}

/** What gates found last stays to be seen while the round rests because of it. */
function standing(context: Context, handoff: HandoffFacts | null): Context['findings'] {
  if (handoff === null || (handoff.round ?? context.round?.id) !== context.round?.id) return [];
  const rests = handoff.status === 'ESCALATE' || handoff.status === 'BLOCKED' || handoff.status === 'PAUSED';
  return rests ? context.findings : [];
}

/** The memory of the round the file names: kept while the id stays the same, new when a human opened another one. */
function roundOf(policy: Policy, context: Context, handoff: HandoffFacts, tier: string): RoundMemory {
  const id = handoff.round ?? context.round?.id ?? namelessRound;
  const isRouted = isAuto(policy, handoff.tier);
  const own = { tier, isRouted, preset: handoff.preset, models: handoff.models };
  if (context.round?.id !== id) return { ...newRound(id, tier), ...own };
  return { ...context.round, ...own };
}

/** A round is routed once, when it opens or gets its first directive: what is edited later does not change its tier. */
function routingOf(context: Context, handoff: HandoffFacts, event: Read): Routing | null {
  const id = handoff.round ?? context.round?.id ?? namelessRound;
  const known = context.round?.id === id ? context.round.routing : null;
  return known ?? event.routing;
}

/** READY or MERGE-READY with no question open: somebody is to work, if the tier is known. */
function going(
  policy: Policy,
  here: Context,
  event: Read,
  handoff: HandoffFacts,
  tier: Tier | null,
): Context {
  if (tier === null) {
    const value = handoff.tier ?? policy.defaultTier;
    const [known, otherwise] = [Object.keys(policy.tiers), `tier=${policy.defaultTier}`];
    return unknownValue(here, { key: 'tier', value, known, otherwise }, event.problems);
  }
  return handoff.status === 'READY'
    ? ready(policy, here, event, handoff, tier)
    : mergeReady(policy, here, event, handoff, tier);
}

function ready(policy: Policy, here: Context, event: Read, handoff: HandoffFacts, tier: Tier): Context {
  const wrong = event.problems.find(isError);
  if (wrong !== undefined) return wrongHeader(policy, here, wrong, handoff, event.problems);
  const named = handoff.role;
  if (named === null || named === human)
    return parked(here, 'human', 'the next role is the human', event.problems);
  if (handoff.preset !== null && !Object.hasOwn(policy.presets, handoff.preset)) {
    const known = Object.keys(policy.presets);
    const unknown = { key: 'preset', value: handoff.preset, known, otherwise: 'preset!' };
    return unknownValue(here, unknown, event.problems);
  }
  const entry = (here.round?.sessions ?? 0) === 0 ? candidate(policy, handoff, here.round?.routing) : named;
  const role = entry ?? named;
  const said = `the handoff says READY for ${named}`;
  const because = role === named ? said : `${said}; tier ${tier.name} has none, and starts with ${role}`;
  return dispatch(policy, here, event, role, tier, because);
}

function wrongHeader(
  policy: Policy,
  here: Context,
  wrong: Diagnostic,
  { roleText }: HandoffFacts,
  problems: readonly Diagnostic[],
): Context {
  if (wrong.code !== 'role-unknown') return parked(here, 'illegal', wrong.message, problems);
  const near = nearest(roleText ?? '', knownRoles(policy));
  const remedy = near === null ? {} : { remedy: `next-role set next-role=${near}` };
  const verdict = { type: 'park', kind: 'unknown-role', why: wrong.message, problems, ...remedy } as const;
  return { ...here, order: null, verdict };
}

function mergeReady(policy: Policy, here: Context, event: Read, handoff: HandoffFacts, tier: Tier): Context {
  const role = candidate(policy, handoff, here.round?.routing);
  if (role === null) return { ...here, order: null, verdict: { type: 'finish', why: 'MERGE-READY' } };
  return dispatch(policy, here, event, role, tier, `MERGE-READY: ${role} is next in tier ${tier.name}`);
}

/** Orders a session of a role, unless the tier or a cap forbids it. */
export function dispatch(
  policy: Policy,
  here: Context,
  event: Read,
  role: Role,
  tier: Tier,
  because: string,
): Context {
  if (!tier.roles.includes(role)) {
    const why = `the role "${role}" is not in tier ${tier.name} (${tier.roles.join(' → ')})`;
    return parked(here, 'illegal', why, event.problems);
  }
  if (event.dispatchId === null || here.round === null) {
    return {
      ...here,
      verdict: { type: 'stall', why: `the inputs of ${role} could not be read`, retryAt: null },
    };
  }
  // Only a human edit leads from BLOCKED to READY, so this is where caps are raised.
  const round = here.round.blocked ? grant(policy, here.round) : here.round;
  const cap = capReached(policy, round, role, event.dispatchId);
  if (cap !== null) return blocked({ ...here, round }, cap);
  const back = round.loop.sentBack?.to === role ? round.loop.sentBack : null;
  const order = orderFor(policy, round, {
    role,
    dispatchId: event.dispatchId,
    at: event.at,
    kind: back === null ? 'work' : 'repair',
    feedback: back?.words ?? [],
    resumeOf: back === null ? null : threadOf(policy, round, role),
    because: back === null ? because : `${back.by} sent the work back`,
  });
  // READY written over the WORKING of a wait is a human who does not want to wait.
  const insist = here.verdict.type === 'cool' && here.verdict.wait?.elsewhere === null;
  const verdict = { type: 'dispatch', order, since: event.at, insist } as const;
  const stop = budgetStop(policy, here.spent, order, event.at);
  if (stop !== null) return askBudget({ ...here, round, order: null, outcome: null }, order, stop);
  return { ...here, round, order, outcome: null, verdict };
}

function escalated(policy: Policy, here: Context, event: Read, handoff: HandoffFacts): Context {
  const question = openQuestion(here, event.question, handoff);
  const round = here.question === null && here.round !== null ? opened(here.round) : here.round;
  if (handoff.answer === null) {
    return { ...parked(here, 'escalation', question.escalation.question, event.problems), round, question };
  }
  const stale = here.question !== null && isStale(here.question, event.question, handoff);
  if (stale) {
    const problem: Diagnostic = {
      code: 'answer-stale',
      line: 1,
      severity: 'error',
      message: `The answer "${handoff.answer}" stands beside a question that has changed since it was asked`,
      hint: 'Read the question again, then answer with new words: next-role resume --choose <letter> --note "…"',
    };
    const kept = { ...question, fingerprint: here.question.fingerprint, refused: given(handoff) };
    const all = [...event.problems, problem];
    return { ...parked(here, 'escalation', problem.message, all), round, question: kept };
  }
  return resolveAnswer(policy, { ...here, round, question }, { event, handoff, via: 'header' });
}

/** An answer to a question that has changed is stale, until it is given anew: another letter, or other words. */
function isStale(open: OpenQuestion, fingerprint: string | null, handoff: HandoffFacts): boolean {
  if (open.fingerprint === null || open.fingerprint === fingerprint) return false;
  return open.refused === null || open.refused === given(handoff);
}

function given(handoff: HandoffFacts): string {
  return JSON.stringify([handoff.answer, handoff.note]);
}

/** READY while a question is open: the human answered, in the header, in a section, or not at all. */
function answered(policy: Policy, here: Context, event: Read, handoff: HandoffFacts): Context {
  const newWords = event.words !== null && event.words !== here.round?.wordsSeen;
  const inHeader = handoff.answer !== null || handoff.note !== null;
  const via = inHeader ? 'header' : newWords ? 'section' : 'ready-without-answer';
  // The letters are those that stand beside the answer now.
  const question = handoff.escalation === null ? here.question : openQuestion(here, event.question, handoff);
  return resolveAnswer(policy, { ...here, question }, { event, handoff, via });
}

/** WORKING in the file while we run nothing: ours and waiting to be retried, or somebody else's. */
function working(here: Context, handoff: HandoffFacts): Context {
  if (here.order !== null && handoff.dispatch !== null && isOurs(here, handoff.dispatch))
    return takeUp(here, here.order);
  const by = handoff.by === null ? '' : ` by "${handoff.by}"`;
  const since = handoff.since === null ? '' : ` since ${handoff.since}`;
  const why = `the file says WORKING${by}${since}, but no session of this project is running`;
  return { ...here, order: null, verdict: { type: 'stall', why, retryAt: null } };
}

/** The order's own id, or that of the one before it: a retry is claimed over its predecessor's WORKING. */
function isOurs(here: Context, dispatchId: string): boolean {
  return dispatchId === here.order?.id || dispatchId === here.held;
}

function takeUp(here: Context, order: Order): Context {
  if (here.verdict.type === 'cool') return here;
  if (here.held !== null && here.held !== order.id) {
    return { ...here, verdict: { type: 'dispatch', order, since: here.at, insist: false } };
  }
  return { ...here, verdict: { type: 'resume', at: here.outcome === null ? 'working' : 'settling' } };
}

function blockedReason(context: Context, handoff: HandoffFacts): string {
  if (context.verdict.type === 'write') return context.verdict.why;
  if (context.verdict.type === 'park') return context.verdict.why;
  return handoff.statusNote ?? 'the file says BLOCKED';
}
