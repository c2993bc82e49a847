/**
 * The escalation as a block of front matter: reads the nested keys, whatever of them is there, and writes the block the
 * way docs/SPEC.md shows it. Options may be a map of letters, or a list; an option may be a text, or say what is done and
 * what follows. Reading never fails: a missing question is left empty for the caller to remark upon.
 */
import { choiceOf, letterOf, nthLetter } from './choice.ts';
import type { Escalation, Option } from './escalation.ts';
import { readOptionLine } from './escalationtext.ts';
import type { Raw, RawMap } from './header.ts';
import { saysNone } from './spelling.ts';
import type { LineEnd } from './textline.ts';
import { yamlText } from './yamltext.ts';

/**
 * Reads the value of `escalation:`. Null when it says that there is none, or is a list.
 *
 * @example readEscalationBlock('Which one rules?')?.question // 'Which one rules?'
 */
export function readEscalationBlock(raw: Raw): Escalation | null {
  if (typeof raw === 'string') return saysNone(raw) ? null : { ...empty, question: raw.trim() };
  if (!isRawMap(raw)) return null;
  const options = optionsOf(valueOf(raw, 'options'));
  return {
    id: textOf(raw, 'id'),
    question: textOf(raw, 'question') ?? '',
    options,
    recommended: choiceOf(textOf(raw, 'recommended') ?? textOf(raw, 'recommendation'), options),
    default: choiceOf(textOf(raw, 'default'), options),
    deadline: textOf(raw, 'deadline'),
    diagnostic: textOf(raw, 'diagnostic'),
  };
}

const empty: Escalation = {
  id: null,
  question: '',
  options: [],
  recommended: null,
  default: null,
  deadline: null,
  diagnostic: null,
};

function isRawMap(raw: Raw | undefined): raw is RawMap {
  return typeof raw === 'object' && 'entries' in raw && !Array.isArray(raw);
}

function valueOf(map: RawMap, key: string): Raw | undefined {
  return map.entries.find(([name]) => name.trim().toLowerCase() === key)?.[1];
}

function textOf(map: RawMap, key: string): string | null {
  const value = valueOf(map, key);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

function optionsOf(raw: Raw | undefined): readonly Option[] {
  if (raw === undefined || typeof raw === 'string') return [];
  if (isRawMap(raw)) return raw.entries.map(([letter, value]) => optionOf(letterOf(letter), value));
  return raw.map((item, index) => listedOption(item, nthLetter(index)));
}

function optionOf(letter: string, value: Raw): Option {
  if (typeof value === 'string') return { letter, do: value.trim(), then: '' };
  if (!isRawMap(value)) return { letter, do: '', then: '' };
  return {
    letter,
    do: textOf(value, 'do') ?? '',
    then: textOf(value, 'then') ?? textOf(value, 'consequence') ?? '',
  };
}

/** An option of a list: `Option A: …`, `{ A: … }`, `{ letter: A, do: …, then: … }`, or a text that gets a letter. */
function listedOption(item: Raw, letter: string): Option {
  if (typeof item === 'string') return readOptionLine(item) ?? { letter, do: item.trim(), then: '' };
  if (!isRawMap(item)) return { letter, do: '', then: '' };
  const [first] = item.entries;
  if (first !== undefined && item.entries.length === 1 && first[0].trim().toLowerCase() !== 'do') {
    return optionOf(letterOf(first[0]), first[1]);
  }
  return optionOf(letterOf(textOf(item, 'letter') ?? textOf(item, 'option') ?? letter), item);
}

/**
 * The text that stands behind `escalation:`, its first line end included, its last line end not.
 *
 * @example writeEscalationBlock(escalation, '', '\n') // '\n  question: Which one rules?\n  options:\n    A: { do: …, then: … }'
 */
export function writeEscalationBlock(escalation: Escalation, indent: string, lineEnd: LineEnd): string {
  const line = (key: string, value: string | null): readonly string[] =>
    value === null || value.trim() === '' ? [] : [`  ${key}: ${yamlText(value.trim())}`];
  const options = escalation.options.map(
    (option) =>
      `    ${yamlText(letterOf(option.letter))}: { do: ${yamlText(option.do.trim())}, then: ${yamlText(option.then.trim())} }`,
  );
  const lines = [
    ...line('id', escalation.id),
    `  question: ${yamlText(escalation.question.trim())}`,
    ...(options.length === 0 ? [] : ['  options:', ...options]),
    ...line('recommended', escalation.recommended),
    ...line('default', escalation.default),
    ...line('deadline', escalation.deadline),
    ...line('diagnostic', escalation.diagnostic),
  ];
  return lines.map((text) => `${lineEnd}${indent}${text}`).join('');
}
