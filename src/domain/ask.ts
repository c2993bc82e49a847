/**
 * The runner's own bounded questions: raised when a rule has run out and only a human can choose. Each letter leads to
 * a role, or to giving up; the moves are remembered with the question, so an answer needs no interpretation.
 */
import type { Escalation } from '../protocol/escalation.ts';
import type { Role } from '../protocol/handoff.ts';
import type { Order } from '../protocol/session.ts';
import { asked, questionId } from './question.ts';
import { releaseKeys, type Context } from './round.ts';
import { write } from './verdict.ts';

export type Ask = {
  /** What happened, in words. */
  readonly problem: string;
  /** Why a rule does not settle it. */
  readonly because: string;
  /** The role that follows if the human accepts what is there; absent when there is nothing to accept. */
  readonly accept?: Role | null;
};

/** Longest problem text put into a header, in characters. */
const problemCharsMax = 600;

/** Writes ESCALATE with a question about this order: run it again, accept what is there, or stop. */
export function ask(context: Context, order: Order, request: Ask): Context {
  const id = questionId(context, order.role);
  const problem = oneLine(request.problem).slice(0, problemCharsMax);
  const accept = request.accept;
  const options = [
    { letter: 'A', do: `Run ${order.role} again`, then: 'one more allowance of sessions for this round' },
    ...(accept === undefined || accept === null
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
    question: `${order.role} did not come to a good end: ${problem} (${oneLine(request.because)}). What now?`,
    options,
    recommended: 'A',
    default: null,
    deadline: null,
    diagnostic: null,
  };
  const moves: Record<string, Role | null> = { A: order.role, C: null };
  if (accept !== undefined && accept !== null) moves['B'] = accept;
  const change = {
    ...releaseKeys,
    ...context.mend,
    status: 'ESCALATE',
    'next-role': order.role,
    answer: null,
    note: null,
  };
  const question = { id, role: order.role, fingerprint: null, escalation, moves, refused: null };
  const why = escalation.question;
  const commit = `${id} asks the human`;
  return { ...context, verdict: write({ change, escalation, question, round: asked(context), why, commit }) };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
