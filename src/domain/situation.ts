/**
 * Where a round stands, in words: what it is doing or waiting for, since when, until when at the latest, and the exact
 * next command. A pure function of the machine's state, shared by `status`, `why`, the end of `run` and the live line.
 */
import type { Diagnostic } from '../protocol/diagnostic.ts';
import type { Escalation } from '../protocol/escalation.ts';
import type { Finding } from '../protocol/finding.ts';
import type { WordRules } from '../protocol/policy.ts';
import type { Order } from '../protocol/session.ts';
import { deadlineOf } from './effects.ts';
import { inWords } from './failure.ts';
import type { MachineState } from './state.ts';
import type { Context, Verdict } from './round.ts';
import { tierOf } from './route.ts';

/** What a script may rely on: 0 finished, 1 failed, 2 waiting for a human. */
export type RestCode = 0 | 1 | 2;

export type Situation = {
  readonly state: MachineState['value'];
  readonly round: string | null;
  readonly tier: string | null;
  /** The role that works, or asked, or is next to be tried. */
  readonly role: string | null;
  readonly order: Order | null;
  /** One sentence: what is happening. */
  readonly headline: string;
  /** Who or what must move next. */
  readonly waitsFor: 'nobody' | 'human' | 'session' | 'clock' | 'runner';
  /** Epoch ms. */
  readonly since: number;
  /** Epoch ms, when a bound is known. */
  readonly until: number | null;
  readonly question: (Escalation & { readonly id: string; readonly askedBy: string }) | null;
  readonly problems: readonly Diagnostic[];
  /** What gates found in the last session's work, while the round rests because of it or it is mended. */
  readonly findings: readonly Finding[];
  /** Commands or edits that lead on, the usual one first. */
  readonly next: readonly string[];
  /** The exit code of a `run` that stops here; null while it goes on by itself. */
  readonly rest: RestCode | null;
  readonly sessions: number;
};

type Words = Pick<Situation, 'headline' | 'waitsFor' | 'next'> &
  Partial<Pick<Situation, 'since' | 'until' | 'rest' | 'problems'>>;

/** Describes a state. */
export function describe(policy: WordRules, state: MachineState): Situation {
  const { context, value } = state;
  const { question } = context;
  const words = keepQuestion(context, wordsOf(policy, state));
  const cooling = context.verdict.type === 'cool' ? context.verdict.order : null;
  const order = cooling ?? context.order;
  const open = value === 'parked' && isAsking(context) && question !== null;
  return {
    state: value,
    round: context.round?.id ?? null,
    tier: context.round?.tier ?? null,
    role: order?.role ?? (open ? question.role : null),
    order,
    since: context.at,
    until: null,
    problems: [],
    findings: context.findings,
    rest: null,
    question: open ? { ...question.escalation, id: question.id, askedBy: question.role } : null,
    sessions: context.round?.sessions ?? 0,
    ...words,
  };
}

function isAsking({ verdict }: Context): boolean {
  return verdict.type === 'park' && verdict.kind === 'escalation';
}

/** Over an open question READY is an answer, so whatever else stops the round, the way on leads back to the question. */
function keepQuestion(context: Context, words: Words): Words {
  const { question, verdict } = context;
  const rests = verdict.type === 'park' || verdict.type === 'stall';
  if (question === null || !rests || isAsking(context)) return words;
  const asks = `${question.role} still asks (${question.id}): ${question.escalation.question}`;
  return {
    ...words,
    headline: `${words.headline}; ${asks}`,
    next: words.next.map((line) => (line.includes('status=READY') ? 'next-role set status=ESCALATE' : line)),
  };
}

function wordsOf(policy: WordRules, state: MachineState): Words {
  const { context, value } = state;
  const role = context.order?.role ?? 'the next role';
  switch (value) {
    case 'reading':
    case 'deciding':
      return { headline: 'The handoff is about to be read', waitsFor: 'runner', next: ['next-role run'] };
    case 'claiming':
      return { headline: `${role} is about to start`, waitsFor: 'runner', next: ['next-role run'] };
    case 'working': {
      const until =
        context.order === null ? null : context.at + (policy.roles[context.order.role]?.limits.totalMs ?? 0);
      return { headline: `${role} is working`, waitsFor: 'session', until, next: ['next-role why'] };
    }
    case 'stopping':
      return { headline: `${role} is being stopped`, waitsFor: 'session', next: ['next-role why'] };
    case 'settling':
    case 'gating':
      return {
        headline: `The work of ${role} is being checked`,
        waitsFor: 'runner',
        next: ['next-role run'],
      };
    case 'writing':
      return { headline: writingWords(context), waitsFor: 'runner', next: ['next-role run'] };
    case 'cooling':
    case 'parked':
    case 'stalled':
    case 'unreadable':
    case 'finished':
      return waiting(policy, context);
    default:
      return value satisfies never;
  }
}

/** A write lasts a moment where a runner is at it; without one, a given answer waits for the next run. */
function writingWords({ verdict }: Context): string {
  if (verdict.type !== 'write') return 'The handoff is about to be written';
  const { change, decision, why } = verdict;
  if (decision === null) return `The handoff is about to be written: ${why}`;
  const { choice, words, escalationId } = decision.answer;
  const how = choice ?? (words === null ? 'without words' : 'in your words');
  const role = change['status'] === 'READY' ? (change['next-role'] ?? null) : null;
  return `${escalationId} is answered ${how}; the next run ${role === null ? 'stops' : `resumes ${role}`}`;
}

const readyNow = 'next-role set status=READY';

/** A session's end, or its result, is still to be dealt with: an edit of the status would be taken for its own. */
function isOwed({ order, outcome, verdict }: Context): boolean {
  return order !== null && (outcome !== null || (verdict.type === 'stall' && verdict.ran === true));
}

function waiting(policy: WordRules, context: Context): Words {
  const { verdict } = context;
  switch (verdict.type) {
    case 'cool':
      return coolWords(policy, verdict);
    case 'park':
      return parkedWords(policy, context, verdict);
    case 'stall':
      return {
        headline: sentence(verdict.why),
        waitsFor: 'human',
        until: verdict.retryAt,
        rest: 2,
        next: isOwed(context) ? ['next-role doctor', 'next-role run'] : ['next-role doctor', readyNow],
      };
    case 'unreadable':
      return {
        headline: verdict.problems[0]?.message ?? 'The handoff cannot be read',
        waitsFor: 'human',
        rest: 2,
        problems: verdict.problems,
        next: [verdict.problems[0]?.hint ?? 'next-role inspect', 'next-role inspect'],
      };
    case 'finish':
      return {
        headline: `Round ${context.round?.id ?? ''} is finished`,
        waitsFor: 'nobody',
        rest: 0,
        next: [
          `next-role set round=${following(context.round?.id ?? '')} next-role=${firstRole(policy, context)} status=READY`,
        ],
      };
    case 'none':
    case 'dispatch':
    case 'gate':
    case 'write':
    case 'resume':
      return { headline: 'The handoff is about to be read', waitsFor: 'runner', next: ['next-role run'] };
    default:
      return verdict satisfies never;
  }
}

/** A wait that spends no attempt says what is waited for, since when it lasts, and how to end it by hand. */
function coolWords(
  policy: WordRules,
  { order, until, why, wait }: Extract<Verdict, { type: 'cool' }>,
): Words {
  const words = { waitsFor: 'clock', until } as const;
  if (wait === null) {
    const headline = `${order.role} waits before attempt ${order.attempt}: ${why}`;
    return { ...words, headline, next: ['next-role run'] };
  }
  const says = inWords(policy.failures[wait.class]?.says ?? wait.class, order);
  const where = wait.elsewhere === null ? '' : ` (seen by ${wait.elsewhere})`;
  return {
    ...words,
    headline: `${order.role} waits and spends no attempt, because ${says}: ${why}${where}`,
    since: wait.since,
    next: ['next-role run', 'next-role retry'],
  };
}

function parkedWords(
  policy: WordRules,
  context: Context,
  verdict: Extract<Verdict, { type: 'park' }>,
): Words {
  const wait = { waitsFor: 'human', rest: 2, problems: verdict.problems } as const;
  switch (verdict.kind) {
    case 'escalation': {
      const { question } = context;
      const letter = question?.escalation.recommended ?? question?.escalation.options[0]?.letter;
      const choose = letter === undefined ? '--note "…"' : `--choose ${letter}`;
      return {
        ...wait,
        headline: `${question?.role ?? 'A role'} asks: ${question?.escalation.question ?? verdict.why}`,
        until: deadlineOf(policy, context),
        next: [`next-role resume ${choose}`],
      };
    }
    case 'blocked':
      return {
        ...wait,
        rest: 1,
        headline: `Blocked: ${verdict.why}`,
        next: ['next-role why', 'next-role set status=READY'],
      };
    case 'paused':
      return { ...wait, headline: 'A human paused the round', next: ['next-role set status=READY'] };
    case 'approval':
      return {
        ...wait,
        headline: sentence(verdict.why),
        next: ['next-role set status=READY next-role=<role>'],
      };
    case 'human':
      return {
        ...wait,
        headline: 'The next move is yours',
        next: ['next-role set next-role=architect status=READY'],
      };
    case 'unknown-status':
      return { ...wait, headline: sentence(verdict.why), next: ['next-role set status=READY'] };
    case 'unknown-role':
    case 'illegal':
      return {
        ...wait,
        headline: sentence(verdict.why),
        next: [
          verdict.remedy ?? `next-role set next-role=${firstRole(policy, context)}`,
          'next-role inspect',
        ],
      };
    default:
      return verdict.kind satisfies never;
  }
}

function firstRole(policy: WordRules, context: Context): string {
  return tierOf(policy, context.round?.tier ?? null)?.roles[0] ?? 'architect';
}

/**
 * The name of the round after this one. Round names are free text; only a plain count at the end can be told on.
 *
 * @example following('R07') // 'R08'
 * @example following('spring') // '<next>'
 */
export function following(round: string): string {
  const [, start, digits] = /^([A-Za-z]*)(\d{1,6})$/.exec(round) ?? [];
  if (start === undefined || digits === undefined) return '<next>';
  return `${start}${String(Number(digits) + 1).padStart(digits.length, '0')}`;
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
