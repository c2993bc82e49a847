/**
 * Closing a question: from the human's edit (or the configured default) to one write that releases the handoff and one
 * decision file that keeps the answer word for word. An answer that does not fit its question is refused with the
 * letters that would.
 */
import type { Diagnostic } from '../protocol/diagnostic.ts';
import type { Answer, AnswerVia, Option } from '../protocol/escalation.ts';
import type { MachineEvent } from '../protocol/event.ts';
import { decisionPath } from '../protocol/artifact.ts';
import { human, type HandoffChange, type HandoffFacts, type Role } from '../protocol/handoff.ts';
import type { Policy } from '../protocol/policy.ts';
import { answerHint, optionNamed } from '../protocol/slips.ts';
import { grant } from './route.ts';
import { releaseKeys, type Context, type OpenQuestion } from './round.ts';
import { parked, write } from './verdict.ts';

/** What is known when an answer arrives. */
export type AnswerRequest = {
  readonly event: Extract<MachineEvent, { type: 'READ' }>;
  readonly handoff: HandoffFacts;
  readonly via: AnswerVia;
};

/** Answers the open question of the context, or stays parked and says why the answer does not count. */
export function resolveAnswer(policy: Policy, context: Context, request: AnswerRequest): Context {
  const question = context.question;
  if (question === null) return context;
  const { handoff } = request;
  const option = optionNamed(question.escalation, handoff.answer);
  if (handoff.answer !== null && option === null && question.escalation.options.length > 0) {
    return refuse(context, question, handoff.answer, request.event.problems);
  }
  const role = resumingRole(question, option, handoff);
  const answer: Answer = {
    escalationId: question.id,
    choice: option?.letter ?? null,
    words: wordsOf(context, request, option),
    via: request.via,
  };
  return release(policy, context, { question, answer, option, role });
}

/** Takes the default of the open question, where the project's settings allow it. */
export function takeDefault(policy: Policy, context: Context, at: number): Context {
  const question = context.question;
  if (question === null) return context;
  const option = optionNamed(question.escalation, question.escalation.default);
  if (option === null) return context;
  const role = question.moves?.[option.letter] ?? question.role;
  const answer: Answer = { escalationId: question.id, choice: option.letter, words: null, via: 'default' };
  return release(policy, { ...context, at }, { question, answer, option, role });
}

type Resolution = {
  readonly question: OpenQuestion;
  readonly answer: Answer;
  readonly option: Option | null;
  readonly role: Role | null;
};

function release(policy: Policy, context: Context, resolution: Resolution): Context {
  const { question, answer, option, role } = resolution;
  const cleared: HandoffChange = { ...releaseKeys, escalation: null, answer: null, note: null };
  const change: HandoffChange =
    role === null
      ? { ...cleared, status: 'BLOCKED', reason: 'a human chose to stop' }
      : { ...cleared, status: 'READY', 'next-role': role };
  const decision = {
    path: decisionPath(question.id),
    role: question.role,
    question: question.escalation.question,
    options: question.escalation.options,
    answer,
    chosen: option?.do ?? '',
  };
  const how = answer.choice ?? (answer.words === null ? 'without an answer' : 'in words');
  const why = `${question.id} answered ${how}; ${role === null ? 'stopped' : `${role} resumes`}`;
  // The runner asks only when a cap or a failure stopped it, so an answer that goes on is also a new allowance.
  const used = context.round === null ? null : { ...context.round, wordsSeen: context.words };
  const round = used !== null && question.moves !== null ? grant(policy, used) : used;
  return { ...context, verdict: write({ change, decision, round, why, commit: why }) };
}

/** The role that a human named with READY; else where the runner's own letter leads; else the role that asked. */
function resumingRole(question: OpenQuestion, option: Option | null, handoff: HandoffFacts): Role | null {
  const named = handoff.status === 'READY' && handoff.role !== human ? handoff.role : null;
  if (named !== null && named !== question.role) return named;
  if (question.moves !== null && option !== null) {
    const move = question.moves[option.letter];
    if (move !== undefined) return move;
  }
  if (question.role !== human) return question.role;
  return handoff.role ?? human;
}

/** All that the human said: words that stood in the section before the question was asked are not among it. */
function wordsOf(context: Context, { event, handoff }: AnswerRequest, option: Option | null): string | null {
  const section = event.words === context.round?.wordsSeen ? null : handoff.operatorDecision;
  const parts = [option === null ? handoff.answer : null, handoff.note, section];
  const words = parts.filter((part): part is string => part !== null && part.trim() !== '').join('\n\n');
  return words === '' ? null : words;
}

function refuse(
  context: Context,
  question: OpenQuestion,
  answer: string,
  problems: readonly Diagnostic[],
): Context {
  const letters = question.escalation.options.map((option) => option.letter).join(', ');
  // Where the question stands in the same file, its reading made a remark of it, with the line.
  const remark = problems.find(({ code }) => code === 'answer-unknown');
  const problem: Diagnostic = {
    code: 'answer-unknown',
    line: remark?.line ?? 1,
    severity: 'error',
    message: `The answer "${answer}" is none of the options ${letters}`,
    hint: answerHint(question.escalation),
  };
  const all = [...problems.filter((each) => each !== remark), problem];
  return { ...parked(context, 'escalation', problem.message, all), question };
}
