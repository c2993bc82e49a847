/**
 * Paths as a tree, the way a person draws one. Pure.
 */
import { good, quiet } from '../text.ts';
import type { Line, Text } from '../text.ts';

/**
 * Draws sorted relative paths; those in `fresh` are marked as new.
 *
 * @example tree(['a/b.md', 'c.md'], new Set(['c.md'])) // a/ · b.md · c.md  new
 */
export function tree(paths: readonly string[], fresh: ReadonlySet<string>): Text {
  const lines: Line[] = [];
  let above: readonly string[] = [];
  for (const path of paths) {
    const parts = path.split('/');
    const folders = parts.slice(0, -1);
    const shared = folders.findIndex((part, at) => part !== above[at]);
    const from = shared < 0 ? folders.length : shared;
    folders.slice(from).forEach((part, at) => lines.push([quiet(`${'  '.repeat(from + at + 1)}${part}/`)]));
    const name = `${'  '.repeat(folders.length + 1)}${parts.at(-1) ?? ''}`;
    lines.push(fresh.has(path) ? [name, good('  new')] : [quiet(name)]);
    above = folders;
  }
  return lines;
}
