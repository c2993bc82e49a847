/**
 * Reads the lines of an escalation as roles write them: a labelled question, options as list items, headings or quoted
 * lines, with or without emphasis, then a recommendation, a default, a deadline. Words without a label are the question
 * when nothing else is. Reading never fails; what is missing is left empty for the caller to remark upon.
 */
import { choiceOf, letterOf } from './choice.ts';
import type { Escalation, Option } from './escalation.ts';
import { spoken } from './section.ts';
import { saysNone } from './spelling.ts';

const labels = {
  question: 'question',
  then: 'then',
  consequence: 'then',
  consequences: 'then',
  recommended: 'recommended',
  recommendation: 'recommended',
  default: 'default',
  deadline: 'deadline',
  diagnostic: 'diagnostic',
  id: 'id',
} as const;
type Label = (typeof labels)[keyof typeof labels];

/** A line's text behind its option or label. `mark` is emphasis that was opened before and not yet closed. */
type OptionStart = {
  readonly letter: string;
  readonly remark: string;
  readonly text: string;
  readonly mark: string;
};
type LabelStart = { readonly label: Label; readonly text: string };
type OptionDraft = Omit<OptionStart, 'text'> & { readonly text: string[]; then: string[] | null };

/** What has been read so far. `open` takes continuation lines. */
type Draft = {
  readonly texts: Map<Label, string[]>;
  readonly options: OptionDraft[];
  readonly prose: string[];
  open: string[] | null;
  done: boolean;
};

/**
 * Reads the content of one section; null when it says nothing, or (unless `prose`) has neither question nor options.
 *
 * @example readEscalationText('**Question:** Which?\n- Option A: wait — a day is lost', false)?.options[0]?.then // 'a day is lost'
 */
export function readEscalationText(content: string, prose: boolean): Escalation | null {
  const text = spoken(content);
  if (saysNone(text)) return null;
  const draft: Draft = { texts: new Map(), options: [], prose: [], open: null, done: false };
  for (const line of text.split('\n')) {
    if (!draft.done) takeLine(draft, line);
  }
  const told = (label: Label): string | null => joined(draft.texts.get(label) ?? []);
  const written = joined(draft.prose);
  const labelled = draft.options.length > 0 || told('question') !== null;
  if (!labelled && (!prose || saysNothing(draft, written))) return null;
  const options = draft.options.map(optionOf);
  const diagnostic = told('diagnostic') ?? diagnosticIn(text);
  return {
    id: told('id'),
    question: told('question') ?? (written === diagnostic ? '' : (written ?? '')),
    options,
    recommended: choiceOf(told('recommended') ?? marked(draft, /recommend/i), options),
    default: choiceOf(told('default') ?? marked(draft, /default/i), options),
    deadline: told('deadline'),
    diagnostic,
  };
}

function saysNothing(draft: Draft, written: string | null): boolean {
  return written === null ? draft.texts.size === 0 : /^[*_`]*\(none\b/i.test(written);
}

function joined(lines: readonly string[]): string | null {
  const text = lines.join(' ').trim();
  return text === '' ? null : text;
}

/** The option that carries a remark such as "(recommended)". */
function marked(draft: Draft, remark: RegExp): string | null {
  return draft.options.find((option) => remark.test(option.remark))?.letter ?? null;
}

/** A diagnostic file that is named anywhere in the text. */
function diagnosticIn(text: string): string | null {
  return /[\w./-]{0,200}\bdiagnostics\/[\w.-]{1,200}\w/.exec(text)?.[0] ?? null;
}

function takeLine(draft: Draft, line: string): void {
  const unquoted = line
    .trim()
    .replace(/^(?:>\s?)+/, '')
    .trimStart();
  const text = unquoted.replace(/^#{1,6}\s+/, '').replace(/^(?:[-*+]|\d{1,3}[.)])\s+/, '');
  if (text === '') {
    draft.open = null;
    return;
  }
  const option = optionStart(text, text !== unquoted);
  const label = option === null ? labelStart(text) : null;
  if (option !== null) takeOption(draft, option);
  else if (label !== null) takeLabel(draft, label);
  else if (draft.open !== null) draft.open.push(text);
  else if (draft.options.length === 0 && !draft.texts.has('question')) draft.prose.push(text);
}

function takeOption(draft: Draft, option: OptionStart): void {
  // A letter that comes again belongs to the next question; one escalation asks one.
  if (draft.options.some((earlier) => earlier.letter === option.letter)) {
    draft.done = true;
    return;
  }
  const text = [option.text];
  draft.options.push({ ...option, text, then: null });
  draft.open = text;
}

function takeLabel(draft: Draft, { label, text }: LabelStart): void {
  const lines = [text];
  draft.open = label === 'question' || label === 'then' ? lines : null;
  const last = draft.options.at(-1);
  if (label === 'then') {
    if (last !== undefined) last.then = lines;
  } else if (!draft.texts.has(label)) {
    draft.texts.set(label, lines);
  } else if (label === 'question') {
    draft.done = true;
  }
}

/** The text behind a separator, and the emphasis that is still open there: `**Label:** text`, `**Label: text**`. */
function behind(
  rest: string,
  opener: string,
  passed: string,
): { readonly text: string; readonly mark: string } {
  if (opener === '' || passed.includes(opener)) return { text: rest.trim(), mark: '' };
  if (rest.startsWith(opener)) return { text: rest.slice(opener.length).trim(), mark: '' };
  return { text: rest.trim(), mark: opener };
}

function optionStart(text: string, isItem: boolean): OptionStart | null {
  const long = /^([*_`]*)\(?option\s+[*_`"']*([\p{L}\p{N}][\p{L}\p{N}_-]*)/iu.exec(text);
  const short = /^([*_`]*)\(?([A-Z])(?![\p{L}\p{N}_-])/u.exec(text);
  const start = long ?? (isItem || (short?.[1] ?? '') !== '' ? short : null);
  if (start === null) return null;
  const [whole, opener = '', written = ''] = start;
  const rest = text.slice(whole.length);
  const gap = /^[*_`"']*(?:\s*\(([^()]{0,200})\))?[*_`]*\s*(?:[:.)=]|—|–|->|→|--?|$)/.exec(rest);
  if (gap === null) return null;
  return {
    letter: letterOf(written),
    remark: gap[1] ?? '',
    ...behind(rest.slice(gap[0].length), opener, gap[0]),
  };
}

function labelStart(text: string): LabelStart | null {
  const match = /^([*_`]*)([a-z]+)([^:—–]{0,60})[:—–]/i.exec(text);
  if (match === null) return null;
  const [whole, opener = '', word = '', more = ''] = match;
  const label = Object.entries(labels).find(([name]) => name === word.toLowerCase())?.[1];
  if (label === undefined || (label !== 'question' && !/^[*_`\s]*$/.test(more))) return null;
  const { text: value, mark } = behind(text.slice(whole.length), opener, more);
  const closed = mark !== '' && value.endsWith(mark) ? value.slice(0, -mark.length).trimEnd() : value;
  return { label, text: closed };
}

function optionOf(draft: OptionDraft): Option {
  const text = draft.text.join(' ').trim();
  const close = draft.mark === '' ? -1 : text.indexOf(draft.mark);
  const what = close === -1 ? text : text.slice(0, close).trim();
  if (draft.then !== null) return { letter: draft.letter, do: what, then: draft.then.join(' ').trim() };
  const split = splitOption(what);
  const tail =
    close === -1
      ? ''
      : text
          .slice(close + draft.mark.length)
          .replace(/^[\s:—–-]+/, '')
          .trim();
  return { letter: draft.letter, do: split.do, then: joined([split.then, tail]) ?? '' };
}

/**
 * Splits an option's text at its first dash or arrow into what is done and what follows.
 *
 * @example splitOption('Follow the spec — clients refresh hourly') // { do: 'Follow the spec', then: 'clients refresh hourly' }
 */
export function splitOption(text: string): { readonly do: string; readonly then: string } {
  const cut = /\s(?:—|–|--|→|->|=>)\s/.exec(text);
  if (cut === null) return { do: text.trim(), then: '' };
  return { do: text.slice(0, cut.index).trim(), then: text.slice(cut.index + cut[0].length).trim() };
}

/**
 * One option on one line, or null when the line does not start with a letter.
 *
 * @example readOptionLine('Option B (recommended): wait')?.letter // 'B'
 */
export function readOptionLine(text: string): Option | null {
  const start = optionStart(text.trim(), true);
  return start === null ? null : optionOf({ ...start, text: [start.text], then: null });
}
