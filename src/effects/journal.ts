/**
 * Keeps the journal: one decision per line, appended and synced before anything is done about it. Starting up reads only
 * the end of the file, however long it is; a long file is packed away (segments.ts). It relies on there being one writer at a time (lock.ts). A last line that a
 * crash tore is set aside; on any other bad line it refuses, because guessing could run finished work a second time.
 */
import type { Stats } from 'node:fs';
import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type {
  Durable,
  JournalEntry,
  JournalRecord,
  Loaded,
  Store,
  StoredState,
} from '../protocol/journal.ts';
import type { Policy } from '../protocol/policy.ts';
import { errorCode, explain } from './files.ts';
import { fileSize, openExisting, readAt, readTail, recordBytesMax } from './journalfile.ts';
import type { Link } from './journalline.ts';
import { encodeLine, firstLink } from './journalline.ts';
import {
  oldestOpening,
  rotate,
  segmentBytesMax,
  setSegmentsAside,
  storedRecords,
  syncFolder,
} from './segments.ts';

/** A journal file: a store that can also tell its whole story. */
export type Journal = Store & {
  /**
   * Every record that is kept, oldest first, each checked against the one before. Throws JournalDamaged at the first bad
   * line; a last line without an end is passed over, since its writer may be at work right now. Changes nothing.
   */
  records(): Iterable<JournalRecord>;
  /** The policy in force before the oldest record that is kept; null when that is the first of all. */
  policyBefore(): Policy | null;
};

export type JournalOptions = {
  /** A file of this length is packed away. */
  readonly segmentBytes?: number;
  /** Packed segments kept. */
  readonly segmentsMax?: number;
  /** Told when the file could not be packed away; the journal goes on in it. */
  readonly onTrouble?: (message: string) => void;
};

/** `state` is the last record's, `wholeAt` where the last record begins that says its whole state. */
type OpenFile = {
  readonly fd: number;
  bytes: number;
  /** Set while the last records are written and not synced: it fires when they can wait no longer. */
  due: NodeJS.Timeout | null;
  link: Link;
  state: StoredState | null;
  wholeAt: number;
};

/** A record that may wait for its sync waits no longer than this. */
const syncWithinMs = 50;
/** After so many bytes of changes comes a whole state again, so that one look at the end of the file holds one. */
const wholeEveryBytes = 24 * 1024;

/**
 * Opens a journal at a path. Nothing is created before the first append.
 *
 * - `load()` gives the last record and sets a torn last line aside as `<journal>.torn-<its number>`.
 * - `append()` returns when the record, and every one before it, is durable; with `soon`, when it is written: it is then
 *   durable with the next one, or 50 ms later. When it throws, nothing of the record is kept; after a failed sync,
 *   or when the file was changed from outside, every further append is refused as well.
 *
 * @example
 * const journal = openJournal('.next-role/journal.jsonl');
 * const { last } = journal.load(); // null in a new project
 * journal.append({ event, state, effects }).seq; // 1
 */
export function openJournal(path: string, options: JournalOptions = {}): Journal {
  const segmentBytes = options.segmentBytes ?? segmentBytesMax;
  let file: OpenFile | null = null;
  let refusal: string | null = null;
  let loaded = false;
  let rotateAtBytes = segmentBytes;

  const close = (): void => {
    if (file !== null) {
      // A failed sync was told to whoever appends next; there is nobody any more.
      if (file.due !== null && refusal === null) syncOrRefuse(file);
      clearDue(file);
      closeSync(file.fd);
    }
    file = null;
    refusal = `The journal "${path}" is closed.`;
  };

  /** Throws when the disk does not say that everything is safe; then nothing more is appended. */
  const syncNow = (to: OpenFile): void => {
    clearDue(to);
    try {
      fdatasyncSync(to.fd);
    } catch (error) {
      // The kernel may have dropped the data and forgotten the failure: a second sync would say "fine" (USENIX ATC 2020).
      refusal = cannotTell(path, error);
      throw new Error(refusal, { cause: error });
    }
  };

  /** Where nobody waits for the answer: whoever appends next gets it. */
  const syncOrRefuse = (to: OpenFile): void => {
    try {
      syncNow(to);
    } catch (error) {
      options.onTrouble?.(explain(error));
    }
  };

  const load = (): Loaded => {
    if (file !== null) {
      if (file.due !== null) syncNow(file);
      closeSync(file.fd);
    }
    file = null;
    const fd = openExisting(path, constants.O_RDWR | constants.O_APPEND);
    refusal = null;
    loaded = true;
    if (fd === null) return { last: null, torn: null };
    try {
      const size = fileSize(fd, path);
      const { last, end, wholeAt } = readTail(fd, path, size);
      const torn = end === size ? null : setAside(fd, path, { end, size, seq: (last?.seq ?? 0) + 1 });
      file = { fd, bytes: end, due: null, link: last ?? firstLink, state: last?.state ?? null, wholeAt };
      rotateAtBytes = segmentBytes;
      return { last, torn };
    } catch (error) {
      closeSync(fd);
      loaded = false;
      throw error;
    }
  };

  const append = (entry: JournalEntry, when: Durable = 'now'): JournalRecord => {
    if (refusal !== null) throw new Error(refusal);
    if (!loaded) load();
    const to = (file ??= { fd: create(path), bytes: 0, due: null, link: firstLink, state: null, wholeAt: 0 });
    refusal = tampered(fstatSync(to.fd), to.bytes, path);
    if (refusal !== null) throw new Error(refusal);
    const { bytes, record, whole } = lineOf(entry, to);
    if (bytes.length > recordBytesMax)
      throw new Error(`A record of ${bytes.length} bytes is too long for the journal.`);
    try {
      writeWhole(to.fd, bytes, path);
    } catch (error) {
      if (!takeBack(to.fd, to.bytes)) refusal = cannotTell(path, error);
      throw new Error(explain(error), { cause: error });
    }
    const isFull = to.bytes + bytes.length >= rotateAtBytes;
    if (when === 'soon' && !isFull) {
      to.due ??= setTimeout(() => syncOrRefuse(to), syncWithinMs);
    } else {
      try {
        syncNow(to);
      } catch (error) {
        takeBack(to.fd, to.bytes);
        throw error;
      }
    }
    const before = to.link;
    if (whole) to.wholeAt = to.bytes;
    to.bytes += bytes.length;
    to.link = record;
    to.state = record.state;
    if (isFull) turnOver(to, bytes, before);
    return record;
  };

  /** Whole where nothing is to be done, as people look at a round that rests; and what a new file starts with. */
  const lineOf = (entry: JournalEntry, to: OpenFile): ReturnType<typeof encodeLine> => {
    const isDue = entry.effects.length === 0 || to.bytes - to.wholeAt >= wholeEveryBytes;
    const line = encodeLine(entry, to.link, isDue ? null : to.state);
    return to.bytes + line.bytes.length >= rotateAtBytes ? encodeLine(entry, to.link) : line;
  };

  /** The record is durable in the old file already, so trouble with the new one is told and changes nothing. */
  const turnOver = (to: OpenFile, line: Buffer, before: Link): void => {
    try {
      rotate(path, line, before, options.segmentsMax);
    } catch (error) {
      options.onTrouble?.(`The journal could not be packed away and goes on growing: ${explain(error)}`);
    }
    const fd = openExisting(path, constants.O_RDWR | constants.O_APPEND);
    if (fd === null) return;
    closeSync(to.fd);
    const bytes = fstatSync(fd).size;
    file = { fd, bytes, due: null, link: to.link, state: to.state, wholeAt: bytes - line.length };
    rotateAtBytes = bytes + segmentBytes;
  };

  return {
    load,
    append,
    close,
    records: () => storedRecords(path),
    policyBefore: () => oldestOpening(path)?.policy ?? null,
  };
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

/** Bytes of a last line that a crash tore, 0 when there is none. Throws JournalDamaged like `load()`; changes nothing. */
export function tornBytes(path: string): number {
  const fd = openExisting(path, constants.O_RDONLY);
  if (fd === null) return 0;
  try {
    const size = fileSize(fd, path);
    return size - readTail(fd, path, size).end;
  } finally {
    closeSync(fd);
  }
}

/** Only we create it (O_EXCL); its name is synced, because a durable record in a file without a name is lost. */
function create(path: string): number {
  try {
    const folder = dirname(path);
    const made = mkdirSync(folder, { recursive: true });
    if (made !== undefined) syncFolder(dirname(made));
    // Of a journal that was moved away: the new one counts from 1 again.
    setSegmentsAside(path);
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

function clearDue(file: OpenFile): void {
  if (file.due !== null) clearTimeout(file.due);
  file.due = null;
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
