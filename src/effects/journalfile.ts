/**
 * Reads a journal file: its last record from ever more of its end, or every line from its start, each checked against the
 * one before. A file either starts at the first record of all, or with an opening line that says what it follows
 * (segments.ts). Changes nothing.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { JournalRecord } from '../protocol/journal.ts';
import { JournalDamaged } from '../protocol/journal.ts';
import { errorCode } from './files.ts';
import type { Link, Opening } from './journalline.ts';
import {
  checkLine,
  claimedLink,
  firstLink,
  holdsTwo,
  isOpening,
  isWhole,
  parseLine,
  readOpening,
} from './journalline.ts';

/** No record is longer, so that three of them fit into the largest look at the end of a journal. */
export const recordBytesMax = 16 * 1024 * 1024;
const tailBytesFirst = 64 * 1024;
const tailBytesMax = 64 * 1024 * 1024;
const chunkBytes = 1024 * 1024;
const newline = 0x0a;

export function openExisting(path: string, flags: number): number | null {
  try {
    return openSync(path, flags | constants.O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

export function fileSize(fd: number, path: string): number {
  const info = fstatSync(fd);
  if (!info.isFile())
    throw new Error(`The journal "${path}" is not a regular file. Move it away, then start again.`);
  return info.size;
}

/** `end` is the byte behind the last good line, `wholeAt` where the last line begins that says its whole state. */
export type Tail = { readonly last: JournalRecord | null; readonly end: number; readonly wholeAt: number };

/** Looks at ever more of the end until it holds a record that can be proved by the one before it. */
export function readTail(fd: number, path: string, size: number): Tail {
  for (let window = tailBytesFirst; window <= tailBytesMax; window *= 2) {
    const start = Math.max(0, size - window);
    const tail = judgeTail(readAt(fd, start, size - start), start, path);
    if (tail !== null) return tail;
  }
  throw new JournalDamaged(path, Math.max(0, size - tailBytesMax), 'no whole record is found from here on');
}

/** The last good record in the end of a file that begins at `start`; `null` when more of the file is needed. */
function judgeTail(bytes: Buffer, start: number, path: string): Tail | null {
  const opening = start === 0 ? openingOf(bytes, path) : null;
  let at = start === 0 ? (opening?.end ?? 0) : bytes.indexOf(newline) + 1;
  let link: Link | null = start === 0 ? (opening?.after ?? firstLink) : null;
  // The last line that says its whole state, and those after it, which say what changed since.
  let lines: Buffer[] = [];
  let wholeAt = start + at;
  let end = start + at;
  for (let next = bytes.indexOf(newline, at); next >= 0; at = next + 1, next = bytes.indexOf(newline, at)) {
    const line = bytes.subarray(at, next);
    if (link === null) {
      // The first whole line in view can only be believed; it serves to prove the others.
      link = claimedLink(line);
      if (link === null) return null;
      continue;
    }
    const checked = checkLine(line, link);
    if (!checked.ok) {
      if (next + 1 < bytes.length || holdsTwo(line)) throw firstDamage(path, start + at, checked.why);
      break;
    }
    link = checked.link;
    if (isWhole(line)) {
      lines = [];
      wholeAt = start + at;
    }
    lines.push(line);
    end = start + next + 1;
  }
  const [first] = lines;
  if (start > 0 && (first === undefined || !isWhole(first))) return null;
  // A segment is put in place with its first record, so one without was cut by something else than a crash of ours.
  if (first === undefined && opening !== null)
    throw new JournalDamaged(path, end, 'its first record is missing');
  return { last: lastOf(lines), end, wholeAt };
}

function lastOf(lines: readonly Buffer[]): JournalRecord | null {
  return lines.reduce<JournalRecord | null>((last, line) => parseLine(line, last?.state), null);
}

/** The opening line of a segment that follows others, `null` in the first one. */
function openingOf(bytes: Buffer, path: string): (Opening & { readonly end: number }) | null {
  if (!isOpening(bytes)) return null;
  const next = bytes.indexOf(newline);
  const opening = next < 0 ? null : readOpening(bytes.subarray(0, next));
  if (opening === null) throw new JournalDamaged(path, 0, 'its opening line is not whole');
  return { ...opening, end: next + 1 };
}

/** The damage may lie before the place where it was noticed: the hash of the line before may be the wrong one. */
function firstDamage(path: string, noticedAt: number, why: string): JournalDamaged {
  for (const found of readLines(path)) {
    if (!found.checked.ok) return new JournalDamaged(path, found.at, found.checked.why);
  }
  return new JournalDamaged(path, noticedAt, why);
}

export type FoundLine = {
  readonly at: number;
  readonly line: Buffer;
  readonly checked: ReturnType<typeof checkLine>;
};

/** Each whole line of the file as it is now, up to the first bad one. Memory is bounded by a chunk and a record. */
export function* readLines(path: string): Generator<FoundLine> {
  const fd = openExisting(path, constants.O_RDONLY);
  if (fd === null) return;
  try {
    yield* linesOf(chunksOf(fd, fileSize(fd, path)), path);
  } finally {
    closeSync(fd);
  }
}

function* chunksOf(fd: number, size: number): Generator<Buffer> {
  for (let read = 0; read < size; read += chunkBytes)
    yield readAt(fd, read, Math.min(chunkBytes, size - read));
}

/** Each whole line of a journal's bytes, the opening line left out; a last line without an end is passed over. */
export function* linesOf(chunks: Iterable<Buffer>, path: string): Generator<FoundLine> {
  let link: Link | null = null;
  let rest: Buffer = Buffer.alloc(0);
  let first = 0;
  for (const chunk of chunks) {
    const bytes: Buffer = Buffer.concat([rest, chunk]);
    let at = 0;
    for (let next = bytes.indexOf(newline); next >= 0; at = next + 1, next = bytes.indexOf(newline, at)) {
      const line = bytes.subarray(at, next);
      if (link === null && isOpening(line)) {
        link = openingOf(bytes, path)?.after ?? firstLink;
        continue;
      }
      const checked = checkLine(line, link ?? firstLink);
      yield { at: first + at, line, checked };
      if (!checked.ok) return;
      link = checked.link;
    }
    rest = bytes.subarray(at);
    first += at;
    if (rest.length > recordBytesMax) throw new JournalDamaged(path, first, 'the line does not end');
  }
}

/** The opening of a journal file that follows older segments, `null` when it starts with the first record of all. */
export function openingIn(path: string): Opening | null {
  const fd = openExisting(path, constants.O_RDONLY);
  if (fd === null) return null;
  try {
    const size = fileSize(fd, path);
    for (let window = tailBytesFirst; ; window *= 2) {
      const bytes = readAt(fd, 0, Math.min(size, window));
      if (!isOpening(bytes)) return null;
      if (bytes.includes(newline) || window >= size) return openingOf(bytes, path);
    }
  } finally {
    closeSync(fd);
  }
}

export function readAt(fd: number, start: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length;) {
    const count = readSync(fd, bytes, done, length - done, start + done);
    if (count === 0)
      throw new Error('The journal became shorter while it was read. Another program works on it.');
    done += count;
  }
  return bytes;
}
