/**
 * The letters of an escalation's options, and the small rules both dialects share: how a letter is spelled, which
 * option a recommendation or default names, and when two escalations say the same. No text of a file is parsed here.
 */
import type { Escalation, Option } from './escalation.ts';
import { oneLine } from './textline.ts';

/**
 * An option's letter as it is compared and written: one capital letter, or the word without "Option", emphasis and
 * blanks.
 *
 * @example letterOf('Option b') // 'B'
 */
export function letterOf(written: string): string {
  const word = written
    .trim()
    .replace(/^option\s+/i, '')
    .replace(/[^\p{L}\p{N}_-]+/gu, '-')
    .replace(/^-|-$/g, '');
  return word.length === 1 ? word.toUpperCase() : word;
}

/**
 * The option a text names, as its letter; any other text as it is; null when empty.
 *
 * @example choiceOf('**Option B** — less work', options) // 'B', where the options have a B
 */
export function choiceOf(text: string | null, options: readonly Option[]): string | null {
  const value = oneLine(text ?? '');
  const named =
    /^[*_`"'(]*(?:option\s+)?([\p{L}\p{N}][\p{L}\p{N}_-]*)[*_`"')]*\s*(?:$|[—–:;,.(=-]|because\b)/iu.exec(
      value,
    )?.[1];
  const letter = letterOf(named ?? '');
  if (letter !== '' && options.some((option) => option.letter === letter)) return letter;
  return value === '' ? null : value;
}

/** Whether two escalations say the same, whatever the line breaks. */
export function sameEscalation(one: Escalation, other: Escalation): boolean {
  return JSON.stringify(settled(one)) === JSON.stringify(settled(other));
}

function settled(escalation: Escalation): readonly unknown[] {
  const options = escalation.options.map((option) => ({
    letter: letterOf(option.letter),
    do: oneLine(option.do),
    then: oneLine(option.then),
  }));
  const texts = [escalation.id, escalation.question, escalation.deadline, escalation.diagnostic];
  const choices = [escalation.recommended, escalation.default];
  return [
    texts.map((text) => oneLine(text ?? '')),
    options.map((option) => [option.letter, option.do, option.then]),
    choices.map((choice) => choiceOf(choice, options)),
  ];
}

/** The letter of an option that has none: A, B, … Z, 27, 28, … */
export function nthLetter(index: number): string {
  return index < 26 ? String.fromCharCode('A'.charCodeAt(0) + index) : String(index + 1);
}
