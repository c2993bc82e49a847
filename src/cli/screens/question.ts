/**
 * The screen of an open question: the words, the lettered options with what follows from each, the recommendation, the
 * deadline, and the three ways to answer. Pure; it never answers anything.
 */
import type { Situation } from '../../domain/situation.ts';
import { moment } from '../quantity.ts';
import { good, note, oneLine, quiet, strong, warn, wrap } from '../text.ts';
import type { Line, Text } from '../text.ts';

export type Question = NonNullable<Situation['question']>;

export type QuestionOptions = {
  readonly columns: number;
  readonly now: number;
  /** Name of the handoff, for the first way to answer. */
  readonly handoff: string;
  /** Makes a command work from where the person stands. */
  readonly command: (line: string) => string;
  /** When a default will be taken by itself, epoch ms; null when only a human answers; undefined when not known here. */
  readonly defaultAt: number | null | undefined;
};

/** Options shown; a question with more is no bounded question. */
const optionsShownMax = 12;

/** The screen of a question. */
export function questionScreen(question: Question, options: QuestionOptions): Text {
  const room = options.columns - 2;
  return [
    [strong(`${oneLine(question.askedBy)} asks`), quiet(`  ${oneLine(question.id)}`)],
    '',
    ...wrap(oneLine(question.question), room).map((line): Line => `  ${line}`),
    '',
    ...question.options.slice(0, optionsShownMax).flatMap((option) => optionLines(question, option, room)),
    ...facts(question, options),
    '',
    ...ways(question, options),
  ];
}

function optionLines(question: Question, option: Question['options'][number], room: number): Text {
  const letter = oneLine(option.letter);
  const indent = letter.length + 2;
  const [first = '', ...rest] = wrap(oneLine(option.do), room - indent);
  const isRecommended = option.letter === question.recommended;
  const line: Line = [
    '  ',
    strong(letter),
    `  ${first}`,
    ...(isRecommended && rest.length === 0 ? [good('  recommended')] : []),
  ];
  const pad = ' '.repeat(indent + 2);
  const follows = option.then === '' ? [] : wrap(oneLine(option.then), room - indent - 2);
  return [
    line,
    ...rest.map((each): Line => `${pad}${each}`),
    ...(isRecommended && rest.length > 0 ? [[pad, good('recommended')]] : []),
    ...follows.map((each, index): Line => [pad, quiet(`${index === 0 ? '→' : ' '} ${each}`)]),
  ];
}

function facts(question: Question, options: QuestionOptions): Text {
  const lines: Line[] = [];
  const { deadline, diagnostic } = question;
  const at = deadline === null ? Number.NaN : Date.parse(deadline);
  if (deadline !== null) {
    const when = Number.isNaN(at) ? oneLine(deadline) : moment(at, options.now);
    lines.push(['  ', warn(`Deadline ${when}${afterwards(question, options.defaultAt)}`)]);
  }
  if (diagnostic !== null) lines.push(['  ', quiet(`The evidence: ${oneLine(diagnostic)}`)]);
  return lines.length === 0 ? [] : ['', ...lines];
}

function afterwards(question: Question, defaultAt: number | null | undefined): string {
  if (defaultAt === undefined) return '';
  return defaultAt === null
    ? ': nobody answers for you'
    : `: then ${question.default ?? 'the default'} is taken`;
}

function ways(question: Question, options: QuestionOptions): Text {
  const letter = oneLine(question.recommended ?? question.options[0]?.letter ?? '');
  const words: Line[] = [
    ['  · in your own words: a section ', note('## Operator decision'), ', and ', note('status: READY')],
  ];
  if (letter === '') {
    return [
      'Answer in one of these ways:',
      ['  · ', note(options.command('next-role resume --note "…"'))],
      ...words,
    ];
  }
  return [
    'Answer in one of three ways:',
    [`  · in the header of ${oneLine(options.handoff)}, add the line  `, note(`answer: ${letter}`)],
    ['  · ', note(options.command(`next-role resume --choose ${letter}`))],
    ...words,
  ];
}
