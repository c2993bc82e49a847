/**
 * Reads one YAML data file (settings, state, the front matter of a role) against a schema. A mistake comes back as
 * diagnostics that name the line of the offending node, never as an exception, whatever the text holds. It knows no
 * schema of its own and touches no file.
 */
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import type { z } from 'zod';
import { describeIssue } from './dataissue.ts';
import type { LineOf } from './dataissue.ts';
import type { Diagnostic } from './diagnostic.ts';
import { tooDeep } from './nesting.ts';
import { parsedTexts } from './parsed.ts';

/** A data file as it was read. `path` is what a person is shown: relative to the project or to the package. */
export type DataFile = { readonly path: string; readonly text: string };

type DataReading<T> =
  | { readonly ok: true; readonly value: T; readonly lineOf: LineOf }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** The longest data file that is parsed, in UTF-16 units; what we ship is under 4,000. */
export const dataCharsMax = 262_144;
/** Opening brackets in one data file. */
const dataBracketsMax = 2_000;
/** Found text shown in a message is cut here, in UTF-16 units. */
const shownCharsMax = 60;

/** What was read well, by schema and text: a thousand projects in one watch have the same files but for a few. */
const goodOnes = new WeakMap<z.ZodType, Map<string, unknown>>();
/** Texts kept for one schema. */
const goodOnesMax = 64;

/**
 * Parses and checks. An empty file, or one of comments only, reads as an empty map.
 *
 * @example readData('tier: audit', z.object({ tier: z.string() })) // { ok: true, value: { tier: 'audit' }, lineOf }
 */
export function readData<T>(text: string, schema: z.ZodType<T>): DataReading<T> {
  const values = goodOnes.get(schema) ?? new Map<string, unknown>();
  if (values.has(text)) return { ok: true, value: values.get(text) as T, lineOf: lineLater(text) };
  const tree = parseTree(text);
  if (!tree.ok) return tree;
  const checked = schema.safeParse(tree.value, { reportInput: true });
  if (checked.success) {
    if (values.size >= goodOnesMax) values.clear();
    goodOnes.set(schema, values.set(text, checked.data));
    return { ok: true, value: checked.data, lineOf: tree.lineOf };
  }
  return {
    ok: false,
    diagnostics: checked.error.issues.flatMap((issue) => describeIssue(issue, tree.lineOf)),
  };
}

function parseTree(text: string): DataReading<unknown> {
  const value = parsedTexts.get(text);
  if (value === undefined) return parseAnew(text);
  return { ok: true, value, lineOf: lineLater(text) };
}

/** Lines are asked for only where something is wrong. */
function lineLater(text: string): LineOf {
  return (path) => {
    const tree = parseAnew(text);
    return tree.ok ? tree.lineOf(path) : 1;
  };
}

function parseAnew(text: string): DataReading<unknown> {
  if (text.length > dataCharsMax) return broken(1, `The file has ${text.length} characters`, tooLargeHint);
  const deep = tooDeep(text, dataBracketsMax);
  if (deep !== null) {
    const line = text.slice(0, deep.offset).split('\n').length;
    return broken(line, `The YAML nests too deeply: ${deep.message}`, brokenHint);
  }
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
    const fault = faultOf(document.errors);
    if (fault) {
      const line = lines.linePos(fault.offset).line;
      const found = (text.split(/\r\n?|\n/)[line - 1] ?? '').trim().slice(0, shownCharsMax);
      return broken(line, `The YAML cannot be read at "${found}": ${fault.why}`, brokenHint);
    }
    const value: unknown = document.toJS();
    return { ok: true, value: value ?? {}, lineOf: (path) => lineAt(document, lines, path) };
  } catch (error) {
    // yaml throws, instead of listing an error, on too many aliases and on nesting deeper than the stack.
    const why = error instanceof Error ? error.message : String(error);
    return broken(1, `The YAML cannot be read: ${why}`, brokenHint);
  }
}

/**
 * Where the first error is, in words for people. The parser sees a line that is indented too far as a continued value
 * that turned into a key, and points at the value; the person must look at the line below it.
 */
function faultOf(errors: readonly YamlError[]): { offset: number; why: string } | null {
  const [first, second] = errors;
  if (first === undefined) return null;
  const [offset] = first.pos;
  if (first.code === 'BLOCK_AS_IMPLICIT_KEY') {
    return second?.code === 'MULTILINE_IMPLICIT_KEY' && second.pos[0] === offset
      ? { offset: second.pos[1] - 1, why: 'this line is indented too far' }
      : { offset, why: 'text with a colon in it must stand in quotes' };
  }
  if (first.code === 'MULTILINE_IMPLICIT_KEY') return { offset, why: 'a colon is missing' };
  if (first.code === 'MULTIPLE_DOCS') return { offset, why: 'a second document starts here' };
  return { offset, why: first.message };
}

type YamlError = { readonly code: string; readonly pos: readonly [number, number]; readonly message: string };

const brokenHint = 'Mend this line (indentation, quotes, a colon inside unquoted text) and save the file.';
const tooLargeHint = `Keep the file under ${dataCharsMax} characters.`;

function broken(line: number, message: string, hint: string): DataReading<never> {
  return {
    ok: false,
    diagnostics: [{ code: 'data-yaml', severity: 'error', line, message: `${message}.`, hint }],
  };
}

/** A key's line, because a person looks for the key; a list item's and a plain value's own line. */
function lineAt(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = path.length === 0 ? (startOf(node) ?? 0) : 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (!pair) return lines.linePos(offset).line;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number') {
      const item: unknown = node.items[step];
      offset = startOf(item) ?? offset;
      node = item;
    } else {
      return lines.linePos(offset).line;
    }
  }
  return lines.linePos(isScalar(node) ? (startOf(node) ?? offset) : offset).line;
}

function startOf(node: unknown): number | null {
  return isScalar(node) || isMap(node) || isSeq(node) ? (node.range?.[0] ?? null) : null;
}
