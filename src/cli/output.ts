/**
 * Where text goes: the one way in which this program prints. An output is passed in, so that tests read what a person
 * would see; terminal.ts makes the real ones. Nothing here decides what is said.
 */
import { columnsMin, paint } from './text.ts';
import type { Text } from './text.ts';

export type Output = {
  write(text: string): void;
  readonly isTerminal: boolean;
  readonly columns: number;
  readonly colour: boolean;
};

/** The width of what is not a terminal, and of a terminal that does not say. */
export const columnsIfUnknown = 80;

/** Wide lines are hard to read, so screens stop growing here. */
const columnsMax = 120;

/** The width to lay a screen out for. */
export function layoutColumns(output: Output): number {
  return Math.min(columnsMax, Math.max(columnsMin, output.columns));
}

/**
 * Prints lines.
 *
 * @example print(output, ['Round ', strong('R07'), ' is finished'])
 */
export function print(output: Output, text: Text): void {
  if (text.length === 0) return;
  output.write(`${text.map((line) => paint(line, output.colour)).join('\n')}\n`);
}

/**
 * One JSON value as text. JSON leaves the control characters above 0x7e as they are, and the marks that turn the
 * direction of writing; some terminals obey them.
 *
 * @example jsonText({ a: 'x\u009b' }, 0) // '{"a":"x\\u009b"}'
 */
export function jsonText(value: unknown, indent: number): string {
  return JSON.stringify(value, null, indent).replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Prints one JSON document. */
export function printJson(output: Output, value: unknown): void {
  output.write(`${jsonText(value, 2)}\n`);
}

/** Prints one JSON value on one line. */
export function printJsonLine(output: Output, value: unknown): void {
  output.write(`${jsonText(value, 0)}\n`);
}
