/** Reads a document as the tests need it: its sections, the rows of its tables, its fenced blocks, its coded words. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/effects/catalog.ts';

export type Row = readonly string[];
/** A fenced block; `info` is what stands behind the opening fence, `line` where it opens. */
export type Fence = { readonly info: string; readonly text: string; readonly line: number };

/** A file of this package. */
export function textOf(path: string): string {
  return readFileSync(join(packageRoot, path), 'utf8');
}

export const spec = textOf('docs/SPEC.md');
const lines = spec.split('\n');

/** The lines of a section of docs/SPEC.md, by the start of its heading. */
export function section(title: string): readonly string[] {
  const from = lines.findIndex(
    (line) => /^#+ /.test(line) && line.replace(/^#+ (\d+ )?/, '').startsWith(title),
  );
  if (from === -1) throw new Error(`docs/SPEC.md has no section "${title}"`);
  const level = /^#+/.exec(lines[from] ?? '')?.[0].length ?? 0;
  const end = lines.findIndex((line, at) => at > from && new RegExp(`^#{1,${level}} `).test(line));
  return lines.slice(from, end === -1 ? undefined : end);
}

/** The rows, without the head, of the table of docs/SPEC.md whose head starts with a word. */
export function table(head: string, within: readonly string[] = lines): readonly Row[] {
  const from = within.findIndex((line) => line.startsWith(`| ${head}`));
  if (from === -1) throw new Error(`docs/SPEC.md has no table "${head}"`);
  const end = within.findIndex((line, at) => at > from && !line.startsWith('|'));
  return within.slice(from + 2, end === -1 ? undefined : end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** The texts in back-quotes. */
export function coded(text: string | undefined): readonly string[] {
  return [...(text ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
}

/** What a row is about: the first coded word of its first cell. */
export function subject(row: Row): string {
  return coded(row[0])[0] ?? '';
}

/** The fenced blocks of a text, in order. */
export function fencesOf(text: string): readonly Fence[] {
  return [...text.matchAll(/^```(.+)\n([\s\S]*?)^```$/gm)].map((match) => ({
    info: match[1] ?? '',
    text: match[2] ?? '',
    line: text.slice(0, match.index).split('\n').length,
  }));
}

/** A document without its fenced blocks. */
export function proseOf(path: string): string {
  return textOf(path).replaceAll(/^```[\s\S]*?^```$/gm, '');
}
