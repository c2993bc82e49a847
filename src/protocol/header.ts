/**
 * The header of a handoff as both dialects see it: keys with their values and their exact places in the file. The two
 * scanners (frontmatter.ts, bare.ts) give a Header; meaning.ts reads it and codec.ts edits by it. Nothing here knows
 * what a key means, only which spellings name the same key.
 */
import type { Diagnostic } from './diagnostic.ts';
import type { Dialect } from './handoff.ts';
import { fault, shown } from './remark.ts';
import type { LineEnd } from './textline.ts';

/** A value as the file nests it. All leaves are text: a round `0123` is never a number. */
export type Raw = string | readonly Raw[] | RawMap;
export type RawMap = { readonly entries: readonly (readonly [string, Raw])[] };

/** One key of a header. Offsets are in UTF-16 units of the whole text. */
export type HeaderKey = {
  /** Canonical spelling: lower case, `round` for CURRENT-ROUND. */
  readonly key: string;
  readonly written: string;
  /** The text of the value; of a nested value, its source. */
  readonly value: string;
  readonly raw: Raw;
  /** 1-based line of the key. */
  readonly line: number;
  /** The whole lines the key and its value take, with their line ends. */
  readonly start: number;
  readonly end: number;
  /** Just behind the colon. */
  readonly colonEnd: number;
  /** The value itself, without surrounding blanks and comments; both equal `colonEnd` when there is none. */
  readonly valueStart: number;
  readonly valueEnd: number;
};

export type Header = {
  readonly dialect: Dialect;
  readonly keys: readonly HeaderKey[];
  /** 1-based line the header starts on. */
  readonly line: number;
  /** Where a new key's line goes. */
  readonly insertAt: number;
  /** Line end and indentation of new lines. */
  readonly lineEnd: LineEnd;
  readonly indent: string;
  /** Where the body starts. */
  readonly bodyAt: number;
};

/** What a scanner gives: a header, or null beside at least one error. */
export type Scan =
  | { readonly header: Header; readonly problems: readonly [] }
  | { readonly header: null; readonly problems: readonly [Diagnostic, ...Diagnostic[]] };

const spellings: ReadonlyMap<string, string> = new Map([
  ['current-round', 'round'],
  ['current_round', 'round'],
  ['next_role', 'next-role'],
]);

/**
 * The canonical spelling of a key.
 *
 * @example canonicalKey('CURRENT-ROUND') // 'round'
 */
export function canonicalKey(written: string): string {
  const lower = written.trim().toLowerCase();
  return spellings.get(lower) ?? lower;
}

/** The keys that make a few lines of text a handoff header. */
export function isCoreKey(key: string): boolean {
  return key === 'round' || key === 'next-role' || key === 'status';
}

/** A header's key by its canonical spelling. */
export function keyOf(header: Header, key: string): HeaderKey | undefined {
  return header.keys.find((entry) => entry.key === key);
}

/** A scan that failed for one reason. */
export function failed(problem: Diagnostic): Scan {
  return { header: null, problems: [problem] };
}

/** A scan of unique keys, or the first key that stands twice. Spellings of one key count as the same. */
export function scanOf(header: Header): Scan {
  const first = new Map<string, HeaderKey>();
  for (const entry of header.keys) {
    const earlier = first.get(entry.key);
    if (earlier !== undefined) {
      return failed(
        fault(
          'key-duplicate',
          entry.line,
          `The key ${shown(entry.written)} stands twice in the header: on lines ${earlier.line} and ${entry.line}.`,
          'Keep one of the two lines and save.',
        ),
      );
    }
    first.set(entry.key, entry);
  }
  return { header, problems: [] };
}

/** What a line shows of an unfinished merge, else null. */
export function conflictMarker(line: string): string | null {
  return /^(?:<{7}|>{7})(?: |$)/.test(line) ? line.slice(0, 7) : null;
}

/** The hint that goes with a conflict marker. */
export const conflictHint =
  'Finish the merge by hand: keep one version of each line, remove the markers, save.';
