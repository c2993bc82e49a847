/**
 * What a row of the table of commands (flags.ts) holds: arguments, flags, examples, and where completion finds values.
 * Types only.
 */

/** Where completion finds the values of an argument or flag. */
export type Values = readonly string[] | 'tier' | 'role' | 'shipped' | 'letter' | 'folder' | 'file';

export type FlagSpec = {
  readonly name: string;
  /** The letter after a single dash, where it has one. */
  readonly short?: string;
  /** Placeholder of the value; null for a switch. */
  readonly value: string | null;
  readonly about: string;
  readonly values?: Values;
};

type ArgumentSpec = {
  /** As commander spells it: `[dir]`, `<role>`, `[files...]`. */
  readonly name: string;
  readonly about: string;
  readonly values?: Values;
};

type Example = { readonly line: string; readonly about: string };

export type CommandSpec = {
  readonly name: string;
  readonly group: 'Start' | 'Run' | 'Look' | 'Answer and edit' | 'Check';
  readonly about: string;
  /** What the help page says below the first line. */
  readonly more: string;
  readonly args: readonly ArgumentSpec[];
  readonly flags: readonly FlagSpec[];
  readonly examples: readonly Example[];
};
