/**
 * The little of markdown that gates read: sections, tables, lists and the paths named in them. Comments and fenced
 * blocks hold examples, never content. Lines keep their numbers, so that a finding can point at one.
 */

export type TextLine = { /** 1-based. */ readonly line: number; readonly text: string };

/** A heading and everything below it, up to the next heading of its level or a higher one. */
export type Section = {
  readonly title: string;
  readonly level: number;
  readonly line: number;
  readonly lines: readonly TextLine[];
};

/** The lines of a text outside comments and fenced blocks. */
export function proseOf(text: string): readonly TextLine[] {
  const uncommented = text.replace(/<!--[\s\S]*?(?:-->|$)/g, (comment) => comment.replace(/[^\n]/g, ''));
  let fence: string | null = null;
  return uncommented.split(/\r?\n/).flatMap((line, at) => {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark !== undefined && (fence === null || mark.startsWith(fence))) {
      fence = fence === null ? mark : null;
      return [];
    }
    return fence === null ? [{ line: at + 1, text: line }] : [];
  });
}

/** Every section of a text, in order. */
export function sectionsOf(text: string): readonly Section[] {
  const prose = proseOf(text);
  const heads = prose.flatMap((each, at) => {
    const [, marks, title] = /^(#{1,6})\s+(.*)$/.exec(each.text) ?? [];
    return marks === undefined ? [] : [{ at, level: marks.length, title: title ?? '', line: each.line }];
  });
  return heads.map(({ at, level, title, line }) => {
    const end = heads.find((next) => next.at > at && next.level <= level)?.at ?? prose.length;
    return { title: plain(title), level, line, lines: prose.slice(at + 1, end) };
  });
}

/** Sections whose title starts with one of these words, compared as `plain` spells them. */
export function sectionsNamed(text: string, ...starts: readonly string[]): readonly Section[] {
  return sectionsOf(text).filter(({ title }) => starts.some((start) => title.startsWith(plain(start))));
}

/** A heading without numbering, emphasis and case, so that `## 3. **Anti-scope**` counts as "anti-scope". */
export function plain(heading: string): string {
  return heading
    .replace(/[*_`#]/g, '')
    .replace(/^[\d.§)\s]+/, '')
    .trim()
    .toLowerCase();
}

/** One row of a table, without the head and its rule. */
export type Row = { readonly line: number; readonly cells: readonly string[] };

/** The tables in some lines: the head's cells, spelled as `plain` does, and the rows. */
export function tablesOf(
  lines: readonly TextLine[],
): readonly { readonly head: readonly string[]; readonly rows: readonly Row[] }[] {
  const tables: { head: readonly string[]; rows: Row[] }[] = [];
  lines.forEach(({ line, text }, at) => {
    if (!text.trimStart().startsWith('|')) return;
    const before = lines[at - 1];
    const isFirst = before === undefined || !before.text.trimStart().startsWith('|');
    if (isFirst) tables.push({ head: cellsOf(text).map(plain), rows: [] });
    else if (!/^[\s|:-]+$/.test(text)) tables.at(-1)?.rows.push({ line, cells: cellsOf(text) });
  });
  return tables;
}

/** A bar inside back-quotes, or behind a backslash, is text. */
function cellsOf(row: string): readonly string[] {
  const inner = row.trim().replace(/^\|/, '').replace(/\|$/, '');
  const bars = [...inner.matchAll(/`[^`]*`|\\\||\|/g)].filter((match) => match[0] === '|');
  const starts = [0, ...bars.map(({ index }) => index + 1)];
  const ends = [...bars.map(({ index }) => index), inner.length];
  return starts.map((start, at) => inner.slice(start, ends[at]).replaceAll('\\|', '|').trim());
}

/** List items, table rows and paragraphs, each with the lines that go on with it; headings and rules are none. */
export function blocksOf(lines: readonly TextLine[]): readonly TextLine[] {
  const blocks: TextLine[] = [];
  let open = false;
  for (const { line, text } of lines) {
    const last = blocks.at(-1);
    const isItem = /^\s*(?:[-*+]|\d+[.)])\s|^\s*\|/.test(text);
    if (text.trim() === '' || /^#|^\s*\|[\s|:-]+$/.test(text)) open = false;
    else if (isItem || !open || last === undefined) {
      blocks.push({ line, text });
      open = true;
    } else blocks[blocks.length - 1] = { line: last.line, text: `${last.text} ${text.trim()}` };
  }
  return blocks;
}

/** What stands in back-quotes in a text. */
export function quotedIn(text: string): readonly string[] {
  return [...text.matchAll(/(`+)(.+?)\1/g)].map((match) => (match[2] ?? '').trim());
}

/** Whether a word can be a path or a pattern of paths: `src/a.ts`, `test/`, `*.lock`, `Makefile/`. */
export function isPath(word: string): boolean {
  if (!/^[\w.@+*~-]+(\/[\w.@+*~-]*)*$/.test(word) || /^[\d.]+$/.test(word)) return false;
  return word.includes('/') || /^[^.].*\.\w{1,8}$|^\.\w+|^\*\./.test(word);
}

/** The paths in a text that stand in back-quotes. */
export function pathsIn(text: string): readonly string[] {
  return quotedIn(text)
    .map((word) => word.replace(/^\.\//, ''))
    .filter(isPath);
}
