/**
 * Short ways to write a diagnostic, so that every reader in this folder words them alike. Nothing here decides what is
 * wrong; it only gives a remark its severity and shows an offending value in one short, quoted line.
 */
import type { Diagnostic, DiagnosticCode } from './diagnostic.ts';

/** The longest piece of a file shown inside a message, in UTF-16 units. */
const shownCharsMax = 80;

/** A remark that keeps a handoff from being acted upon. */
export function fault(code: DiagnosticCode, line: number, message: string, hint: string): Diagnostic {
  return { code, line, severity: 'error', message, hint };
}

/** A remark about something that was understood, but deserves a look. */
export function caution(code: DiagnosticCode, line: number, message: string, hint: string): Diagnostic {
  return { code, line, severity: 'warning', message, hint };
}

/**
 * A value as shown in a message: on one line, cut, in double quotes.
 *
 * @example shown('REDAY\nplease') // '"REDAY please"'
 */
export function shown(value: string): string {
  const line = value.slice(0, shownCharsMax * 2).replace(/[\r\n\t]+/g, ' ');
  return `"${line.length > shownCharsMax ? `${line.slice(0, shownCharsMax)}…` : line}"`;
}

/** Names in one line. */
const namesShownMax = 3;

/**
 * The first of many names, and how many more there are.
 *
 * @example firstOf(['a', 'b', 'c', 'd']) // 'a, b, c and 1 more'
 */
export function firstOf(names: readonly string[]): string {
  const more = names.length - namesShownMax;
  return names.slice(0, namesShownMax).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** Paths for a person, each in quotes. */
export function firstPaths(paths: readonly string[]): string {
  return firstOf(paths.map((path) => `"${path === '' ? '.' : path}"`));
}
