/**
 * Keeps the journal: one decision per line, appended and synced before anything is done about it. Starting up reads only
 * the end of the file, however long it is. It relies on there being one writer at a time (lock.ts). A last line that a
 * crash tore is set aside; on any other bad line it refuses, because guessing could run finished work a second time.
 */
import type { Stats } from 'node:fs';
import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { JournalEntry, JournalRecord, Loaded, Store } from '../protocol/journal.ts';
import { JournalDamaged } from '../protocol/journal.ts';
import { errorCode, explain } from './files.ts';
import type { Link } from './journalline.ts';
import { checkLine, claimedLink, encodeLine, firstLink, holdsTwo, parseLine } from './journalline.ts';

/** A journal file: a store that can also tell its whole story. */
export type Journal = Store & {
  /**
   * Every record from the first on, each checked against the one before. Throws JournalDamaged at the first bad line;
   * a last line without an end is passed over, since its writer may be at work right now. Changes nothing.
   */
  records(): Iterable<JournalRecord>;
};

/** No record is longer, so that three of them fit into the largest look at the end of a journal. */
export const recordBytesMax = 16 * 1024 * 1024;
const tailBytesFirst = 64 * 1024;
const tailBytesMax = 64 * 1024 * 1024;
const chunkBytes = 1024 * 1024;
const newline = 0x0a;

/**
 * Opens a journal at a path. Nothing is created before the first append.
 *
 * - `load()` gives the last record and sets a torn last line aside as `<journal>.torn-<its number>`.
 * - `append()` returns when the record is durable. When it throws, nothing of the record is kept; after a failed sync,
 *   or when the file was changed from outside, every further append is refused as well.
 *
 * @example
 * const journal = openJournal('.next-role/journal.jsonl');
 * const { last } = journal.load(); // null in a new project
 * journal.append({ event, state, effects }).seq; // 1
 */
export function openJournal(path: string): Journal {
  let file: { readonly fd: number; bytes: number; link: Link } | null = null;
  let refusal: string | null = null;
  let loaded = false;

  const close = (): void => {
    if (file !== null) closeSync(file.fd);
    file = null;
    refusal = `The journal "${path}" is closed.`;
  };

  const load = (): Loaded => {
    if (file !== null) closeSync(file.fd);
    file = null;
    const fd = openExisting(path, constants.O_RDWR | constants.O_APPEND);
    refusal = null;
    loaded = true;
    if (fd === null) return { last: null, torn: null };
    try {
      const size = fileSize(fd, path);
      const { last, end } = readTail(fd, path, size);
      const torn = end === size ? null : setAside(fd, path, { end, size, seq: (last?.seq ?? 0) + 1 });
      file = { fd, bytes: end, link: last ?? firstLink };
      return { last, torn };
    } catch (error) {
      closeSync(fd);
      loaded = false;
      throw error;
    }
  };

  const append = (entry: JournalEntry): JournalRecord => {
    if (refusal !== null) throw new Error(refusal);
    if (!loaded) load();
    const to = (file ??= { fd: create(path), bytes: 0, link: firstLink });
    refusal = tampered(fstatSync(to.fd), to.bytes, path);
    if (refusal !== null) throw new Error(refusal);
    const { bytes, record } = encodeLine(entry, to.link);
    if (bytes.length > recordBytesMax)
      throw new Error(`A record of ${bytes.length} bytes is too long for the journal.`);
    try {
      writeWhole(to.fd, bytes, path);
    } catch (error) {
      if (!takeBack(to.fd, to.bytes)) refusal = cannotTell(path, error);
      throw new Error(explain(error), { cause: error });
    }
    try {
      fdatasyncSync(to.fd);
    } catch (error) {
      // The kernel may have dropped the data and forgotten the failure: a second sync would say "fine" (USENIX ATC 2020).
      takeBack(to.fd, to.bytes);
      refusal = cannotTell(path, error);
      throw new Error(refusal, { cause: error });
    }
    to.bytes += bytes.length;
    to.link = record;
    return record;
  };

  return { load, append, close, records: () => readRecords(path) };
}

/**
 * The last record of a journal without touching the file: for commands that look on while a runner works. A last line
 * that is not whole yet is passed over. Throws JournalDamaged like `load()`.
 *
 * @example readLast('.next-role/journal.jsonl')?.state.value // 'working'
 */
export function readLast(path: string): JournalRecord | null {
  const fd = openExisting(path, constants.O_RDONLY);
  if (fd === null) return null;
  try {
    return readTail(fd, path, fileSize(fd, path)).last;
  } finally {
    closeSync(fd);
  }
}

function openExisting(path: string, flags: number): number | null {
  try {
    return openSync(path, flags | constants.O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

function fileSize(fd: number, path: string): number {
  const info = fstatSync(fd);
  if (!info.isFile())
    throw new Error(`The journal "${path}" is not a regular file. Move it away, then start again.`);
  return info.size;
}

/** Only we create it (O_EXCL); its name is synced, because a durable record in a file without a name is lost. */
function create(path: string): number {
  try {
    const folder = dirname(path);
    const made = mkdirSync(folder, { recursive: true });
    if (made !== undefined) syncFolder(dirname(made));
    const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL;
    const fd = openSync(path, flags, 0o600);
    syncFolder(folder);
    return fd;
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw new Error(explain(error), { cause: error });
    throw new Error(
      `The journal "${path}" was created by another program meanwhile. Stop, then start again.`,
    );
  }
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } catch (error) {
    // Some file systems cannot sync a folder and say so with these.
    if (!['EINVAL', 'ENOTSUP', 'EPERM'].includes(errorCode(error))) throw error;
  } finally {
    closeSync(fd);
  }
}

function tampered(info: Stats, bytes: number, path: string): string | null {
  if (info.nlink === 0) return `The journal "${path}" was deleted while in use. Stop, then start again.`;
  if (info.size === bytes) return null;
  return `The journal "${path}" was changed by another program (${info.size} bytes, not ${bytes}). Stop, then start again.`;
}

function cannotTell(path: string, error: unknown): string {
  const cause = error instanceof Error ? error.message : String(error);
  return `The journal "${path}" could not be made durable (${cause}). Check the disk, then start again.`;
}

/** In one write, so that a crash leaves a part of this line and never a part of it behind something else. */
function writeWhole(fd: number, bytes: Buffer, path: string): void {
  const done = writeSync(fd, bytes);
  if (done === bytes.length) return;
  throw Object.assign(new Error(`Only ${done} of ${bytes.length} bytes were written.`), {
    code: 'ENOSPC',
    path,
  });
}

function takeBack(fd: number, bytes: number): boolean {
  try {
    ftruncateSync(fd, bytes);
    return fstatSync(fd).size === bytes;
  } catch {
    // The caller reports the error that led here; what matters is that the end of the file is now unknown.
    return false;
  }
}

/** Copies the torn line to a file of its own, synced, before it is cut off. */
function setAside(
  fd: number,
  path: string,
  torn: { readonly end: number; readonly size: number; readonly seq: number },
): Loaded['torn'] {
  const aside = `${path}.torn-${torn.seq}`;
  const bytes = readAt(fd, torn.end, torn.size - torn.end);
  writeFileSync(aside, bytes, { mode: 0o600, flush: true });
  syncFolder(dirname(path));
  ftruncateSync(fd, torn.end);
  fdatasyncSync(fd);
  return { path: aside, bytes: bytes.length };
}

type Tail = { readonly last: JournalRecord | null; readonly end: number };

/** Looks at ever more of the end until it holds a record that can be proved by the one before it. */
function readTail(fd: number, path: string, size: number): Tail {
  for (let window = tailBytesFirst; window <= tailBytesMax; window *= 2) {
    const start = Math.max(0, size - window);
    const tail = judgeTail(readAt(fd, start, size - start), start, path);
    if (tail !== null) return tail;
  }
  throw new JournalDamaged(path, Math.max(0, size - tailBytesMax), 'no whole record is found from here on');
}

/** The last good record in the end of a file that begins at `start`; `null` when more of the file is needed. */
function judgeTail(bytes: Buffer, start: number, path: string): Tail | null {
  let at = start === 0 ? 0 : bytes.indexOf(newline) + 1;
  let link: Link | null = start === 0 ? firstLink : null;
  let lastLine: Buffer | null = null;
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
    lastLine = line;
    end = start + next + 1;
  }
  if (lastLine === null && start > 0) return null;
  return { last: lastLine === null ? null : parseLine(lastLine), end };
}

/** The damage may lie before the place where it was noticed: the hash of the line before may be the wrong one. */
function firstDamage(path: string, noticedAt: number, why: string): JournalDamaged {
  for (const found of readLines(path)) {
    if (!found.checked.ok) return new JournalDamaged(path, found.at, found.checked.why);
  }
  return new JournalDamaged(path, noticedAt, why);
}

function* readRecords(path: string): Generator<JournalRecord> {
  for (const { at, line, checked } of readLines(path)) {
    if (!checked.ok) throw new JournalDamaged(path, at, checked.why);
    yield parseLine(line);
  }
}

type FoundLine = {
  readonly at: number;
  readonly line: Buffer;
  readonly checked: ReturnType<typeof checkLine>;
};

/** Each whole line of the file as it is now, up to the first bad one. Memory is bounded by a chunk and a record. */
function* readLines(path: string): Generator<FoundLine> {
  const fd = openExisting(path, constants.O_RDONLY);
  if (fd === null) return;
  try {
    const size = fileSize(fd, path);
    let link = firstLink;
    let rest: Buffer = Buffer.alloc(0);
    for (let read = 0; read < size;) {
      const chunk = readAt(fd, read, Math.min(chunkBytes, size - read));
      const bytes = Buffer.concat([rest, chunk]);
      const first = read - rest.length;
      read += chunk.length;
      let at = 0;
      for (let next = bytes.indexOf(newline); next >= 0; at = next + 1, next = bytes.indexOf(newline, at)) {
        const line = bytes.subarray(at, next);
        const checked = checkLine(line, link);
        yield { at: first + at, line, checked };
        if (!checked.ok) return;
        link = checked.link;
      }
      rest = bytes.subarray(at);
      if (rest.length > recordBytesMax) throw new JournalDamaged(path, first + at, 'the line does not end');
    }
  } finally {
    closeSync(fd);
  }
}

function readAt(fd: number, start: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length;) {
    const count = readSync(fd, bytes, done, length - done, start + done);
    if (count === 0)
      throw new Error('The journal became shorter while it was read. Another program works on it.');
    done += count;
  }
  return bytes;
}
