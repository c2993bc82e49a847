/**
 * What moves away when a round ends, so that nobody pays for old text again: of a handoff everything under the header
 * but the open items and the links to earlier rounds, of a memorial its oldest lines. Cuts only, byte for byte: what
 * stays and what moves are pieces of the text, in its order, and nothing else is lost or changed. Pure; a text that
 * would not read back with the same header is left alone.
 */
import { byteLength } from './bytes.ts';
import { header } from './codec.ts';
import { scanText } from './scan.ts';
import { headingsOf, sectionEnd } from './section.ts';
import { lineFrom } from './textline.ts';
import { readMemorial } from './memorial.ts';

/** Where finished rounds are kept. */
export const historyDir = 'coordination/history';

/** A text after rotation, and what was taken out of it. */
export type Rotated = { readonly text: string; readonly moved: string };

type Piece = { readonly start: number; readonly end: number };

/**
 * Rotates a handoff; null when there is nothing to move, or no header to keep. `link` is one line of markdown.
 *
 * @example rotateHandoff('---\nstatus: ROUND-COMPLETE\n---\n\n## Directive\n\nOld.\n', '- [R07](history/R07.md)')?.moved
 */
export function rotateHandoff(text: string, link: string): Rotated | null {
  const found = scanText(text).header;
  if (found === null) return null;
  const { bodyAt, lineEnd } = found;
  const open = openItemsIn(text, bodyAt);
  // A link among open items stays with them.
  const links = linksIn(text, bodyAt).filter(
    ({ start }) => !open.some((item) => start >= item.start && start < item.end),
  );
  const kept = [...links, ...open].sort((a, b) => a.start - b.start);
  const moved = without(text, bodyAt, kept);
  if (moved.trim() === '') return null;
  const head = text.slice(0, bodyAt);
  const stays = kept.map(({ start, end }) => ended(text.slice(start, end), lineEnd)).join('');
  const opening = `${ended(head, lineEnd)}${lineEnd}`;
  const rotated = `${opening}${link}${lineEnd}${stays}`;
  return sameHeader(text, rotated) ? { text: rotated, moved } : null;
}

/**
 * Rotates a memorial: its newest lines stay, as many as fit, with everything in front of the first one; null when all
 * of it fits.
 *
 * @example rotateMemorial(text, 16_384, '- [R07](history/MEMORIAL-R07.md)')?.moved // the oldest lines
 */
export function rotateMemorial(text: string, bytesMax: number, link: string): Rotated | null {
  if (byteLength(text) <= bytesMax) return null;
  const starts = lineStarts(text);
  const lines = readMemorial(text).map(({ line }) => starts[line - 1] ?? text.length);
  const [first] = lines;
  if (first === undefined) return null;
  // Half of what is allowed, so that the next round does not rotate again.
  const from = lines.find((start) => byteLength(text.slice(start)) <= bytesMax / 2) ?? text.length;
  if (from === first) return null;
  const head = text.slice(0, first);
  const lineEnd = /\r\n/.test(head) ? '\r\n' : '\n';
  return {
    text: `${ended(head, lineEnd)}${link}${lineEnd}${text.slice(from)}`,
    moved: text.slice(first, from),
  };
}

/** Lines that a rotation left: a list item with a link into the history. */
function linksIn(text: string, from: number): readonly Piece[] {
  const links: Piece[] = [];
  for (let at = from; at < text.length; at = lineFrom(text, at).next) {
    const line = lineFrom(text, at);
    if (/^- \[[^\]\n]*\]\((?:coordination\/)?history\/[^)\n]*\)\s*$/.test(text.slice(line.start, line.end)))
      links.push({ start: line.start, end: line.next });
  }
  return links;
}

/** Sections whose heading says that something is open: items, questions, decisions of the operator. */
function openItemsIn(text: string, from: number): readonly Piece[] {
  const headings = headingsOf(text, from);
  const pieces: Piece[] = [];
  for (const [at, { title, start }] of headings.entries()) {
    if (!/\bopen\b/i.test(title) || start < (pieces.at(-1)?.end ?? 0)) continue;
    pieces.push({ start, end: sectionEnd(text, headings, at) });
  }
  return pieces;
}

function without(text: string, from: number, kept: readonly Piece[]): string {
  let at = from;
  let rest = '';
  for (const piece of kept) {
    if (piece.start >= at) rest += text.slice(at, piece.start);
    at = Math.max(at, piece.end);
  }
  return rest + text.slice(at);
}

function ended(text: string, lineEnd: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}${lineEnd}`;
}

function sameHeader(before: string, after: string): boolean {
  return JSON.stringify(header(before)) === JSON.stringify(header(after));
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
