/**
 * Finds the header of a handoff, whichever dialect it is written in. The first line that is not blank decides: three
 * dashes open front matter, anything else must start a bare header. It never throws and never looks below the header.
 */
import { readBareHeader } from './bare.ts';
import { opensFrontMatter, readFrontMatter } from './frontmatter.ts';
import { failed } from './header.ts';
import type { Scan } from './header.ts';
import { fault } from './remark.ts';
import { lineFrom } from './textline.ts';

/** Finds the header, in whichever dialect the first line that is not blank announces. */
export function scanText(text: string): Scan {
  const first = /[^\s\ufeff]/.exec(text);
  if (first === null) {
    const hint = 'Write a header, or run "next-role init" in an empty folder to see one.';
    return failed(fault('file-empty', 1, 'The file is empty.', hint));
  }
  const from = Math.max(text.lastIndexOf('\n', first.index) + 1, text.startsWith('\ufeff') ? 1 : 0);
  const line = text.slice(from, Math.min(lineFrom(text, from).end, from + 4));
  return opensFrontMatter(line) ? readFrontMatter(text, from) : readBareHeader(text, from);
}
