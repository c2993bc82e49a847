/**
 * Where a round stands, in words: what it is doing or waiting for, since when, until when at the latest, and the exact
 * next command. A pure function of the machine's state, shared by `status`, `why`, the end of `run` and the live line.
 */
import type { Diagnostic } from '../protocol/diagnostic.ts';
import type { Escalation } from '../protocol/escalation.ts';
import type { Finding } from '../protocol/finding.ts';
import type { Policy } from '../protocol/policy.ts';
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
export function describe(policy: Policy, state: MachineState): Situation {
  const { context, value } = state;
  const words = wordsOf(policy, state);
  const { question } = context;
  const cooling = context.verdict.type === 'cool' ? context.verdict.order : null;
  const order = cooling ?? context.order;
  const { verdict } = context;
  const asking = verdict.type === 'park' && verdict.kind === 'escalation';
  const open = value === 'parked' && asking && question !== null;
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

function wordsOf(policy: Policy, state: MachineState): Words {
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
      return { headline: 'The handoff is being written', waitsFor: 'runner', next: ['next-role run'] };
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

function waiting(policy: Policy, context: Context): Words {
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
        next: ['next-role doctor', 'next-role set status=READY'],
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
        next: [`next-role set round=<next> next-role=${firstRole(policy, context)} status=READY`],
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
function coolWords(policy: Policy, { order, until, why, wait }: Extract<Verdict, { type: 'cool' }>): Words {
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

function parkedWords(policy: Policy, context: Context, verdict: Extract<Verdict, { type: 'park' }>): Words {
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
      return context.question === null
        ? { ...wait, headline: 'A human paused the round', next: ['next-role set status=READY'] }
        : {
            ...wait,
            headline: `A human paused the round; the question ${context.question.id} is still open`,
            next: ['next-role set status=ESCALATE'],
          };
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
        next: [`next-role set next-role=${firstRole(policy, context)}`, 'next-role inspect'],
      };
    default:
      return verdict.kind satisfies never;
  }
}

function firstRole(policy: Policy, context: Context): string {
  return tierOf(policy, context.round?.tier ?? null)?.roles[0] ?? 'architect';
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
