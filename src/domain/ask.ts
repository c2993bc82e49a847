/**
 * The runner's own bounded questions: raised when a rule has run out and only a human can choose. Each letter leads to
 * a role, or to giving up; the moves are remembered with the question, so an answer needs no interpretation.
 */
import type { Escalation } from '../protocol/escalation.ts';
import type { Role } from '../protocol/handoff.ts';
import type { Order } from '../protocol/session.ts';
import { asked, questionId } from './question.ts';
import { seatOf } from './companion.ts';
import { releaseKeys, type Context } from './round.ts';
import { write } from './verdict.ts';

export type Ask = {
  /** What happened, in words. */
  readonly problem: string;
  /** Why a rule does not settle it. */
  readonly because: string;
  /** The role that follows if the human accepts what is there; absent when there is nothing to accept. */
  readonly accept?: Role | null;
  /** The role to run again, when it is not the one of the order. */
  readonly again?: Role;
  /** What running again means, where that is more than the one role. */
  readonly againWords?: { readonly do: string; readonly then: string };
  /** How the question begins; absent: that the role of the order did not come to a good end. */
  readonly opening?: string;
};

/** Longest problem text put into a header, in characters. */
const problemCharsMax = 600;

/** Writes ESCALATE with a question about this order: run it again, accept what is there, or stop. */
export function ask(context: Context, order: Order, request: Ask): Context {
  const problem = oneLine(request.problem).slice(0, problemCharsMax);
  const { again = seatOf(order).role } = request;
  const opening = request.opening ?? `${order.role} did not come to a good end`;
  return raise(context, order, {
    question: `${opening}: ${problem} (${oneLine(request.because)}). What now?`,
    again: request.againWords ?? {
      do: `Run ${again} again`,
      then: 'one more allowance of sessions for this round',
    },
    role: again,
    accept: request.accept ?? null,
    budget: false,
  });
}

/** Asks whether one session may pass a budget, with the figures; the session after it is asked about again. */
export function askBudget(context: Context, order: Order, figures: string): Context {
  return raise(context, order, {
    question: `${order.role} is not started: ${oneLine(figures).slice(0, problemCharsMax)}. What now?`,
    again: {
      do: `Run ${order.role} this once, over the budget`,
      then: 'the session after it is asked about again; raise the figure under "budget" in coordination/next-role.yaml to go on without',
    },
    role: seatOf(order).role,
    accept: null,
    budget: true,
  });
}

type Raised = {
  readonly question: string;
  readonly again: { readonly do: string; readonly then: string };
  /** The role that A leads to. */
  readonly role: Role;
  readonly accept: Role | null;
  readonly budget: boolean;
};

function raise(context: Context, order: Order, raised: Raised): Context {
  const { accept, budget } = raised;
  const { role } = seatOf(order);
  const id = questionId(context, role);
  const options = [
    { letter: 'A', ...raised.again },
    ...(accept === null
      ? []
      : [
          {
            letter: 'B',
            do: `Accept what is on disk and go on with ${accept}`,
            then: 'nothing is run again',
          },
        ]),
    { letter: 'C', do: 'Stop the round', then: 'the handoff says BLOCKED until you edit it' },
  ];
  const escalation: Escalation = {
    id,
    question: raised.question,
    options,
    recommended: budget ? null : 'A',
    default: null,
    deadline: null,
    diagnostic: null,
  };
  const moves: Record<string, Role | null> = { A: raised.role, C: null };
  if (accept !== null) moves['B'] = accept;
  const change = {
    ...releaseKeys,
    ...context.mend,
    status: 'ESCALATE',
    'next-role': role,
    answer: null,
    note: null,
  };
  const question = { id, role, fingerprint: null, escalation, moves, refused: null, budget };
  const why = escalation.question;
  const commit = `${id} asks the human`;
  return { ...context, verdict: write({ change, escalation, question, round: asked(context), why, commit }) };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
