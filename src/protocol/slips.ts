/**
 * Slips of a hand in a header that would otherwise be passed over in silence: a key that is nearly one of ours, a name
 * that nobody knows, an answer that fits no option or stands where nobody reads it. Only remarks: what they are about is
 * kept and read as before.
 */
import { letterOf } from './choice.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Escalation } from './escalation.ts';
import type { Handoff } from './handoff.ts';
import { keyOf, type Header } from './header.ts';
import { meant, slipOf } from './nearest.ts';
import { caution, shown } from './remark.ts';
import { lineCounter } from './textline.ts';

/** The names a project adds to the built-in ones; what is not listed is not checked. */
export type Known = {
  readonly roles?: readonly string[];
  readonly tiers?: readonly string[];
  readonly presets?: readonly string[];
  /** Classes and models that are spelled somewhere; any other model may exist. */
  readonly models?: readonly string[];
};

/** Keys of the header that a hand writes, each with a value on its line. */
export const handKeys = [
  'round',
  'next-role',
  'status',
  'tier',
  'preset',
  'model',
  'models',
  'inputs',
  'answer',
  'note',
] as const;
/** The question is a block of its own. */
const writtenKeys = [...handKeys, 'escalation'];

/** Body looked at for an answer, in UTF-16 units: a hand writes it near the top. */
const bodyCharsMax = 16_384;

/**
 * The key that was probably meant by one that has no meaning here; null for a key of ours, and for one of somebody else.
 *
 * @example keyMeant('anwser') // 'answer'
 * @example keyMeant('sha-a') // null
 */
export function keyMeant(key: string): string | null {
  return key === 'role' ? 'next-role' : slipOf(key, writtenKeys);
}

/** What a header was read as, as far as remarks on it need that. */
type Read = Pick<Handoff, 'status' | 'preset' | 'models' | 'answer' | 'escalation'>;

/** The remarks on a header that was understood. */
export function slipsIn(
  { text, header, known }: { readonly text: string; readonly header: Header; readonly known: Known },
  read: Read,
): readonly Diagnostic[] {
  return [
    ...keySlips(header),
    ...presetSlips(header, read, known),
    ...modelSlips(header, read, known),
    ...answerSlips(text, header, read),
  ];
}

function keySlips(header: Header): readonly Diagnostic[] {
  return header.keys.flatMap(({ key, written, line }) => {
    const near = keyMeant(key);
    if (near === null || keyOf(header, near) !== undefined) return [];
    const message = `The key ${shown(written)} has no meaning here.`;
    return [caution('key-unknown', line, message, `Did you mean "${near}"? A key of your own may stay.`)];
  });
}

function presetSlips(header: Header, { preset }: Read, { presets }: Known): readonly Diagnostic[] {
  if (preset === null || presets === undefined || presets.includes(preset)) return [];
  const hint = `${meant(preset, presets)}Known presets: ${presets.join(', ')}.`;
  return [
    caution('preset-unknown', lineOf(header, 'preset'), `The preset ${shown(preset)} is not known.`, hint),
  ];
}

/** A role that nobody knows gets no model; a model may be any, but one letter off a known one is a slip. */
function modelSlips(header: Header, { models }: Read, known: Known): readonly Diagnostic[] {
  return Object.entries(models).flatMap(([role, model]) => {
    const line = lineOf(header, role === '*' ? 'model' : 'models');
    if (role !== '*' && known.roles !== undefined && !known.roles.includes(role)) {
      const hint = `${meant(role, known.roles)}Known roles: ${known.roles.join(', ')}.`;
      return [caution('model-unknown', line, `The role ${shown(role)} of a model is not known.`, hint)];
    }
    const near = known.models?.includes(model) === true ? null : slipOf(model, known.models ?? []);
    if (near === null) return [];
    return [
      caution('model-unknown', line, `The model ${shown(model)} is not known.`, `Did you mean "${near}"?`),
    ];
  });
}

function answerSlips(text: string, header: Header, read: Read): readonly Diagnostic[] {
  const { status, answer, escalation } = read;
  const counts = status === 'ESCALATE' || status === 'READY';
  if (!counts || escalation === null || escalation.options.length === 0) return [];
  if (answer === null) return answerInBody(text, header, escalation);
  if (optionNamed(escalation, answer) !== null) return [];
  const letters = escalation.options.map(({ letter }) => letter).join(', ');
  const message = `The answer ${shown(answer)} is none of the options ${letters}.`;
  return [caution('answer-unknown', lineOf(header, 'answer'), message, answerHint(escalation))];
}

/**
 * The way to answer, as a hint.
 *
 * @example answerHint(escalation) // 'Write "answer: A", or answer in words with …'
 */
export function answerHint({ options }: Escalation): string {
  const letter = options[0]?.letter ?? 'A';
  return `Write "answer: ${letter}", or answer in words with a "## Operator decision" section and status READY`;
}

/**
 * The option that an answer names: its letter in any case, alone or behind the word "Option".
 *
 * @example optionNamed(escalation, 'Option b')?.letter // 'B'
 */
export function optionNamed(
  { options }: Escalation,
  answer: string | null,
): Escalation['options'][number] | null {
  if (answer === null) return null;
  const wanted = letterOf(answer).toLowerCase();
  return options.find(({ letter }) => letterOf(letter).toLowerCase() === wanted) ?? null;
}

/** A line such as `answer: A` below the header, where it changes nothing. */
function answerInBody(text: string, header: Header, escalation: Escalation): readonly Diagnostic[] {
  const body = text.slice(header.bodyAt, header.bodyAt + bodyCharsMax);
  for (const found of body.matchAll(/^[ \t]*[*_`]*answer[*_`]*[ \t]*:[ \t]*(\S[^\r\n]{0,40})$/gim)) {
    if (optionNamed(escalation, found[1] ?? null) === null) continue;
    const line = lineCounter(text)(header.bodyAt + found.index);
    const message = `${shown(found[0].trim())} stands below the header, where it answers nothing.`;
    return [caution('answer-in-body', line, message, 'Move that line into the header, above the body.')];
  }
  return [];
}

function lineOf(header: Header, key: string): number {
  return keyOf(header, key)?.line ?? header.line;
}
