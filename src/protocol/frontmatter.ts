/**
 * The front-matter dialect: YAML between two lines of `---`, after an optional BOM and blank lines. It finds the fences
 * itself, because gray-matter takes any line that starts with three dashes for the end and runs the body into the
 * header when the end is missing. A fence with a language other than YAML is refused, never run.
 */
import { isMap, isScalar } from 'yaml';
import type { ParsedNode, YAMLMap } from 'yaml';
import { headerCharsMax } from './handoff.ts';
import { canonicalKey, conflictHint, conflictMarker, failed, scanOf } from './header.ts';
import type { Header, HeaderKey, Scan } from './header.ts';
import { contentEnd, parseHeaderYaml, rawOf, repeatedKey } from './headeryaml.ts';
import type { Parsed } from './headeryaml.ts';
import { fault, shown } from './remark.ts';
import { lineCounter, lineEndOf, lineFrom, lineStart } from './textline.ts';
import type { Line } from './textline.ts';

/** Lines of one header, by every line break a pattern knows: blank lines cost gray-matter their square. */
const headerLinesMax = 2_000;
const mapHint = 'Write one "key: value" on each line between the two lines of "---".';

/** Whether a line opens front matter, in whatever language. */
export function opensFrontMatter(line: string): boolean {
  return /^---(?!-)/.test(line);
}

/**
 * Finds the header of a file whose first line that is not blank, at `from`, opens front matter.
 *
 * @example readFrontMatter('---\nstatus: READY\n---\n', 0).header?.keys[0]?.value // 'READY'
 */
export function readFrontMatter(text: string, from: number): Scan {
  const open = lineFrom(text, from);
  const line = lineCounter(text)(from);
  const language = text.slice(open.start + 3, Math.min(open.end, open.start + 100)).trim();
  if (language !== '' && !/^ya?ml$/i.test(language)) {
    const message = `The header is opened as ${shown(`---${language}`)}; only plain YAML is read, nothing is ever run.`;
    return failed(fault('header-executable', line, message, 'Open the header with a line of "---" alone.'));
  }
  const close = closingFence(text, open.next);
  if (close === null) {
    const message = `The header opened with "---" on line ${line} is never closed.`;
    return failed(
      fault('header-unclosed', line, message, 'Put a line of "---" behind the last key, then save.'),
    );
  }
  const block = text.slice(open.next, close.start);
  if (
    block.length > headerCharsMax ||
    block.split(/\r\n|[\n\r\u2028\u2029]/, headerLinesMax + 1).length > headerLinesMax
  ) {
    const message = `The header is longer than ${headerCharsMax} characters or ${headerLinesMax} lines.`;
    const hint = 'Close the header with "---" behind its last key; long texts belong in the body below it.';
    return failed(fault('header-too-large', line, message, hint));
  }
  return conflictIn(text, open.next, close.start) ?? readBlock(text, open, close);
}

/** The first line of three dashes alone; trailing blanks do not matter. Not by a pattern: `^` also follows U+2028. */
function closingFence(text: string, from: number): Line | null {
  for (let at = text.indexOf('\n---', from - 1); at !== -1; at = text.indexOf('\n---', at + 1)) {
    const line = lineFrom(text, at + 1);
    if (/^[ \t]*$/.test(text.slice(line.start + 3, line.end))) return line;
  }
  return null;
}

function conflictIn(text: string, from: number, to: number): Scan | null {
  for (let at = from; at < to; at = lineFrom(text, at).next) {
    const marker = conflictMarker(text.slice(at, lineFrom(text, at).end));
    if (marker === null) continue;
    const line = lineCounter(text)(at);
    const message = `Line ${line} starts with "${marker}": an unfinished merge stands in the header.`;
    return failed(fault('header-yaml', line, message, conflictHint));
  }
  return null;
}

/** The block as YAML, and how its offsets lie in the file. */
type Block = { readonly text: string; readonly at: (offset: number) => number };

function readBlock(text: string, open: Line, close: Line): Scan {
  const lineOf = lineCounter(text);
  const start = open.next;
  const asWritten: Block = { text: text.slice(start, close.start), at: (offset) => start + offset };
  const strict = parseHeaderYaml(asWritten.text);
  const spaced = rootOf(strict) === null ? withSpaces(asWritten, start) : null;
  const mended = spaced === null ? strict : parseHeaderYaml(spaced.text);
  const [block, parsed] = spaced !== null && rootOf(mended) !== null ? [spaced, mended] : [asWritten, strict];
  if (!parsed.ok) {
    const line = lineOf(block.at(parsed.fault.offset));
    const message = `The header is not valid YAML at line ${line}, ${shown(lineText(text, line))}: ${parsed.fault.message}.`;
    const hint = `Mend line ${line} (a value with ": " or " #" in it needs double quotes), then save.`;
    return failed(fault('header-yaml', line, message, hint));
  }
  const root = rootOf(parsed);
  if (root === null) {
    const line = lineOf(start);
    return failed(fault('header-not-a-map', line, 'The header is not a list of keys with values.', mapHint));
  }
  const keys = root === 'empty' ? [] : keysOf(text, block, root, lineOf);
  const twice = root === 'empty' ? null : root.items.map((pair) => repeatedKey(pair.value)).find(Boolean);
  if (twice) {
    const line = lineOf(block.at(twice.offset));
    const message = `The key ${shown(twice.name)} stands twice: line ${line} says it again.`;
    return failed(fault('key-duplicate', line, message, 'Keep one of the two and save.'));
  }
  const first = keys[0];
  const header: Header = {
    dialect: 'front-matter',
    keys,
    line: lineOf(open.start),
    insertAt: close.start,
    lineEnd: lineEndOf(text, open) ?? '\n',
    indent: first === undefined ? '' : (/^[ ]*/.exec(text.slice(first.start, first.colonEnd))?.[0] ?? ''),
    bodyAt: close.next,
  };
  return scanOf(header);
}

/** The block's map; null when it is none, or is written in braces, where no key has a line of its own. */
function rootOf(parsed: Parsed): YAMLMap.Parsed | 'empty' | null {
  if (!parsed.ok) return null;
  const root = parsed.document?.contents ?? null;
  if (root === null) return 'empty';
  return isMap(root) && root.flow !== true ? root : null;
}

/** The block with a space put behind the colon of well-known keys; null when none lacks one. */
function withSpaces(block: Block, start: number): Block | null {
  const places: number[] = [];
  const text = block.text.replace(
    /(?<![^\n])(?:current-round|round|next-role|status|tier|inputs|answer|note|by|since|dispatch):(?=[^\s/])/gi,
    (key, offset: number) => {
      places.push(offset + key.length + places.length);
      return `${key} `;
    },
  );
  if (places.length === 0) return null;
  return { text, at: (offset) => start + offset - places.filter((place) => place < offset).length };
}

function keysOf(
  text: string,
  block: Block,
  root: YAMLMap.Parsed,
  lineOf: (offset: number) => number,
): HeaderKey[] {
  return root.items.map((pair) => {
    const keyEnd = pair.key.range[1] - 1;
    const colon = block.text.indexOf(':', keyEnd);
    return keyOf(text, block, { key: pair.key, value: pair.value, colonEnd: colon + 1 }, lineOf);
  });
}

function keyOf(
  text: string,
  block: Block,
  pair: { readonly key: ParsedNode; readonly value: ParsedNode | null; readonly colonEnd: number },
  lineOf: (offset: number) => number,
): HeaderKey {
  const { key, value, colonEnd } = pair;
  const written = isScalar(key) ? String(key.value) : '';
  const from = value === null ? colonEnd : value.range[0] - 1;
  const to = contentEnd(block.text, value, colonEnd);
  const filled = to > from;
  const raw = rawOf(block.text, value);
  const keyAt = block.at(key.range[0] - 1);
  return {
    key: canonicalKey(written),
    written,
    value: typeof raw === 'string' ? raw : block.text.slice(from, to),
    raw,
    line: lineOf(keyAt),
    start: lineStart(text, keyAt),
    end: lineFrom(text, block.at(filled ? to : colonEnd)).next,
    colonEnd: block.at(colonEnd),
    valueStart: filled ? block.at(from) : block.at(colonEnd),
    valueEnd: filled ? block.at(to) : block.at(colonEnd),
  };
}

function lineText(text: string, line: number): string {
  return text.split('\n', line)[line - 1]?.trim() ?? '';
}
