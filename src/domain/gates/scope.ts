/**
 * Which paths a round may touch, as its spec says it: the component inventory, a list of allowed paths, and what the
 * anti-scope names. Tolerant reading: what is no path is passed over, and a spec that names none allows all but what it
 * forbids.
 */
import { matches } from '../../protocol/artifact.ts';
import {
  blocksOf,
  isPath,
  pathsIn,
  quotedIn,
  sectionsNamed,
  tablesOf,
  type Section,
  type TextLine,
} from './markdown.ts';

export type Scope = {
  /** Patterns; null when the texts name no allowed path at all. */
  readonly allowed: readonly string[] | null;
  readonly forbidden: readonly string[];
  /** Files that the spec itself removes. */
  readonly removed: readonly string[];
};

/** Files that a package manager rewrites when the manifest beside them changes. */
const lockFiles: Readonly<Record<string, readonly string[]>> = {
  'package.json': ['package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml', 'yarn.lock', 'bun.lock'],
  'Cargo.toml': ['Cargo.lock'],
  'pyproject.toml': ['poetry.lock', 'uv.lock', 'pdm.lock'],
  'go.mod': ['go.sum'],
  Gemfile: ['Gemfile.lock'],
  'composer.json': ['composer.lock'],
};

/**
 * Reads the scope out of a spec, and out of a directive beside it.
 *
 * @example scopeOf(['## Allowed paths\n- `src/a.ts`\n']) // { allowed: ['src/a.ts'], forbidden: [], removed: [] }
 */
export function scopeOf(texts: readonly string[]): Scope {
  const allowed: string[] = [];
  const forbidden: string[] = [];
  const removed: string[] = [];
  for (const text of texts) {
    for (const section of sectionsNamed(text, 'component inventory', 'file inventory', 'files')) {
      const rows = inventoryOf(section);
      allowed.push(...rows.map(({ path }) => path));
      removed.push(
        ...rows
          .filter(({ words }) => /\b(removed?|deleted?|replaced)\b/i.test(words))
          .map(({ path }) => path),
      );
    }
    for (const section of sectionsNamed(text, 'allowed')) {
      allowed.push(...section.lines.flatMap(({ text: line }) => firstPaths(line)));
    }
    for (const section of sectionsNamed(text, 'anti-scope', 'out of scope')) {
      for (const sentence of sentencesOf(section.lines)) {
        const split = splitAtException(sentence);
        allowed.push(...split.allowed);
        forbidden.push(...split.forbidden);
      }
    }
  }
  return {
    allowed: allowed.length === 0 ? null : [...new Set(allowed.flatMap(withLocks))],
    forbidden: [...new Set(forbidden)].filter((path) => !allowed.includes(path)),
    removed,
  };
}

/** Whether a pattern of a spec covers a path: a folder may be named without its slash. */
export function covers(patterns: readonly string[], path: string): boolean {
  return patterns.some(
    (pattern) => matches(path, pattern) || matches(path, `${pattern.replace(/\/+$/, '')}/`),
  );
}

/** A table whose first column is the file, or a list that starts with it. */
function inventoryOf(section: Section): readonly { path: string; words: string }[] {
  const rows = tablesOf(section.lines).flatMap((table) => table.rows);
  const inTables = rows.flatMap(({ cells }) =>
    firstPaths(cells[0] ?? '').map((path) => ({ path, words: cells.slice(1).join(' ') })),
  );
  const inLists = section.lines
    .filter(({ text }) => /^\s*[-*+]\s/.test(text))
    .flatMap(({ text }) => firstPaths(text).map((path) => ({ path, words: text })));
  return [...inTables, ...inLists];
}

/** The paths in back-quotes; without any, the first word of the line if it is one. */
function firstPaths(line: string): readonly string[] {
  // Where paths are asked for, a name in back-quotes is one, also `Makefile` and `test`.
  const quoted = quotedIn(line).filter((word) => /^[\w.@+*~/-]+$/.test(word));
  if (quoted.length > 0) return quoted.map((word) => word.replace(/^\.\//, ''));
  const word = /^\s*(?:[-*+]|\d+[.)])?\s*(?:\*\*)?([^\s:*,]+|\*[^\s:,]*)/.exec(line)?.[1] ?? '';
  return isPath(word) ? [word.replace(/^\.\//, '')] : [];
}

function sentencesOf(lines: readonly TextLine[]): readonly string[] {
  return blocksOf(lines).flatMap(({ text }) => text.split(/(?<=[.;])\s+/));
}

const exception =
  /\b(?:nothing (?:but|except|outside(?: of)?)|except(?: for)?|other than|outside(?: of)?|apart from|but)\b/i;

/** "Nothing but `a`" allows a, "`b` stays as it is" forbids b, and "`b` except `b/c`" does both. */
function splitAtException(sentence: string): { allowed: readonly string[]; forbidden: readonly string[] } {
  if (/^\W*(?:\w+:\s*)?only\b/i.test(sentence)) return { allowed: pathsIn(sentence), forbidden: [] };
  const at = exception.exec(sentence);
  if (at === null) return { allowed: [], forbidden: pathsIn(sentence) };
  return { allowed: pathsIn(sentence.slice(at.index)), forbidden: pathsIn(sentence.slice(0, at.index)) };
}

function withLocks(path: string): readonly string[] {
  const name = path.split('/').at(-1) ?? '';
  const folder = path.slice(0, path.length - name.length);
  return [path, ...(lockFiles[name] ?? []).map((lock) => `${folder}${lock}`)];
}
