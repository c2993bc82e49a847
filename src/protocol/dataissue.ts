/**
 * Turns what a schema objects to into a diagnostic a person can act on: the key, what was found, the values that are
 * valid, the nearest spelling. The schemas of the data files are built with `closed`, `nameWord` and `plainText` from here, so that
 * every one of them lists its keys the same way. Pure; it relies on zod's `reportInput` being switched on.
 */
import { z } from 'zod';
import type { Diagnostic } from './diagnostic.ts';

// zod would otherwise compile a checker for every shape (with `new Function`): that pays after thousands of files, and
// costs a fifth of a start.
z.config({ jitless: true });

type Issue = z.core.$ZodIssue;
/** Line (1-based) of the node at a path such as `['roles', 'reviewer', 'model']`; of its nearest parent when absent. */
export type LineOf = (path: readonly PropertyKey[]) => number;

/** Found values are cut here in a message, in UTF-16 units. */
const shownCharsMax = 60;
/** Spellings further away than this many edits are not suggested. */
const editCountMax = 2;

/** A map that refuses unknown keys. The refusal carries the list of its keys, for `describeIssue` to suggest from. */
export function closed<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> {
  const keys = Object.keys(shape).join(', ');
  return z.strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? keys : undefined) });
}

/** A name that is safe as a key, a file name and a header value. */
export const nameWord = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'Write a name of lower-case letters, digits and dashes.');
export const plainText = z.string().min(1, 'Write some text.');

/**
 * One diagnostic per offending node.
 *
 * @example describeIssue(issue, lineOf) // [{ code: 'data-invalid', line: 4, message: '"comit" is no key here', … }]
 */
export function describeIssue(issue: Issue, lineOf: LineOf): readonly Diagnostic[] {
  const where = keyText(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const line = lineOf([...issue.path, key]);
      const place = where === '' ? 'here' : `under "${where}"`;
      return invalid(line, `"${key}" is no key ${place}`, oneOf(key, issue.message.split(', ')));
    });
  }
  const line = lineOf(issue.path);
  if (issue.input === undefined && issue.code !== 'custom') {
    return [missing(line, `"${where}" is missing`, `Add "${where}": ${wanted(issue)}`)];
  }
  const found = `${where === '' ? 'The file' : `"${where}"`} is ${show(issue.input)}`;
  if (issue.code === 'custom')
    return [invalid(line, issue.input === undefined ? issue.message : found, issue.message)];
  if (issue.code === 'invalid_key') {
    return [invalid(line, `"${where}" is not a valid name`, issue.issues[0]?.message ?? issue.message)];
  }
  return [invalid(line, found, wanted(issue))];
}

/** What a value at this place must be, as a sentence. */
function wanted(issue: Issue): string {
  if (issue.code === 'invalid_type') return `Write ${kinds[issue.expected] ?? issue.expected}.`;
  if (issue.code === 'invalid_value') return oneOf(issue.input, issue.values.map(String));
  if (issue.code === 'too_small' && issue.origin !== 'string') {
    const unit = issue.origin === 'array' ? ' entry' : '';
    return `Write ${issue.inclusive === true ? 'at least' : 'more than'} ${String(issue.minimum)}${unit}.`;
  }
  if (issue.code === 'too_big' && issue.origin !== 'string') return `Write at most ${String(issue.maximum)}.`;
  return issue.message;
}

const kinds: Readonly<Record<string, string>> = {
  string: 'text (in quotes if it looks like a number)',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list, such as [a, b]',
  object: 'a map of keys and values',
  record: 'a map of keys and values',
};

/**
 * The valid spellings, the nearest one first where there is one.
 *
 * @example oneOf('audti', ['solo', 'audit']) // 'Did you mean "audit"? Valid: solo, audit.'
 */
export function oneOf(found: unknown, valid: readonly string[]): string {
  const near = typeof found === 'string' ? nearest(found, valid) : null;
  const list = `Valid: ${valid.join(', ')}.`;
  return near === null ? list : `Did you mean "${near}"? ${list}`;
}

/** A mistake in a value or a key. */
export function invalid(line: number, message: string, hint: string): Diagnostic {
  return { code: 'data-invalid', severity: 'error', line, message: `${message}.`, hint };
}

/** Something that must be there and is not. */
export function missing(line: number, message: string, hint: string): Diagnostic {
  return { code: 'data-missing', severity: 'error', line, message: `${message}.`, hint };
}

function keyText(path: readonly PropertyKey[]): string {
  return path
    .map((step, at) =>
      typeof step === 'number' ? `[${step}]` : at === 0 ? String(step) : `.${String(step)}`,
    )
    .join('');
}

function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (value === null) return 'empty';
  if (typeof value === 'object') return 'a map';
  const written = typeof value === 'string' ? value : JSON.stringify(value);
  return JSON.stringify(written.slice(0, shownCharsMax));
}

function nearest(found: string, valid: readonly string[]): string | null {
  const ranked = valid
    .map((word) => ({ word, edits: editCount(found.toLowerCase(), word.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits);
  const [best] = ranked;
  return best && best.edits <= editCountMax && best.edits < best.word.length ? best.word : null;
}

/** Levenshtein distance, given up (as infinity) when the lengths alone differ by more than `editCountMax`. */
function editCount(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > editCountMax) return Number.POSITIVE_INFINITY;
  let previous = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(swap, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? Number.POSITIVE_INFINITY;
}
