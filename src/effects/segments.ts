/**
 * Keeps a journal from growing for ever: when its file is long enough, it is packed away as `journal/<first>.jsonl.gz` and
 * a new file takes its place by one rename. The new one starts with an opening line and a copy of the last record, so
 * it alone says where the round stands, and the chain of hashes goes on. A crash in between leaves the old file in
 * place. The newest segments are kept, older ones are removed.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { JournalDamaged } from '../protocol/journal.ts';
import type { JournalRecord, StoredState } from '../protocol/journal.ts';
import type { Policy } from '../protocol/policy.ts';
import { errorCode } from './files.ts';
import type { FoundLine } from './journalfile.ts';
import { linesOf, openingIn, readLines, recordBytesMax } from './journalfile.ts';
import type { Link, Opening } from './journalline.ts';
import { encodeOpening, firstLink, isOpening, parseLine, policyIn, readOpening } from './journalline.ts';

/** A journal file of this length is packed away: some hundred sessions, read and packed in about 0.1 s. */
export const segmentBytesMax = 4 * 1024 * 1024;
/** Packed segments kept; each is about a tenth of its length. */
export const segmentsMax = 20;
/** What a packed segment may unfold to: one that reached its length with the longest record there is. */
const unpackedBytesMax = segmentBytesMax + 2 * recordBytesMax;

const packedName = /^(\d{12})\.jsonl\.gz$/;

/** The folder of the packed segments of a journal. */
export function segmentsFolder(path: string): string {
  return join(dirname(path), 'journal');
}

/**
 * Packs a journal away and puts a new one in its place, which ends in the same record. `last` is that record's line with
 * its end, `before` what it follows. Throws when the disk refuses; then the old file is still there and whole.
 */
export function rotate(path: string, last: Buffer, before: Link, keepMax: number = segmentsMax): void {
  const { first, policy } = glance(path);
  const folder = segmentsFolder(path);
  mkdirSync(folder, { recursive: true });
  replaceDurably(join(folder, nameOf(first)), gzipSync(readFileSync(path)));
  replaceDurably(path, Buffer.concat([encodeOpening({ after: before, policy }), last]));
  for (const { name } of packed(path).slice(0, -keepMax)) rmSync(join(folder, name), { force: true });
}

/**
 * Every record that is still kept, oldest first, each checked against the one before it, over all segments. Throws
 * JournalDamaged at the first bad line.
 */
export function* storedRecords(path: string): Generator<JournalRecord> {
  const active = readLines(path);
  const firstActive = (openingIn(path)?.after.seq ?? 0) + 1;
  let link: Link | null = null;
  for (const { first, name } of packed(path)) {
    // The file itself holds more than a segment that was packed when a crash came before the new file was in place.
    if (first >= firstActive) continue;
    const at = join(segmentsFolder(path), name);
    for (const found of fitting(linesOf([unpacked(at)], at), at, link)) {
      link = found.link;
      yield found.record;
    }
  }
  for (const { record } of fitting(active, path, link)) yield record;
}

/** The policy in force at the end of a journal; null where there is none. @throws JournalDamaged */
export function policyInForce(path: string): Policy | null {
  return glance(path).policy;
}

/** What the oldest record that is still kept follows; `null` when it is the first of all. */
export function oldestOpening(path: string): Opening | null {
  const firstActive = (openingIn(path)?.after.seq ?? 0) + 1;
  const oldest = packed(path).find(({ first }) => first < firstActive);
  if (oldest === undefined) return openingIn(path);
  const bytes = unpacked(join(segmentsFolder(path), oldest.name));
  return isOpening(bytes) ? readOpening(bytes.subarray(0, bytes.indexOf(0x0a))) : null;
}

/** Moves the packed segments of a journal that somebody took away out of the way of a new one. */
export function setSegmentsAside(path: string, now: Date = new Date()): void {
  const folder = segmentsFolder(path);
  if (!existsSync(folder)) return;
  renameSync(folder, `${folder}.before-${now.toISOString().replaceAll(/[^0-9]/g, '')}`);
}

/** Makes a new name in a folder survive a power cut. */
export function syncFolder(folder: string): void {
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

/** The records of one segment that follow `link`; its first one may be the copy of the last one of the segment before. */
function* fitting(
  lines: Iterable<FoundLine>,
  path: string,
  link: Link | null,
): Generator<{ readonly record: JournalRecord; readonly link: Link }> {
  let isFirst = true;
  let before: StoredState | null = null;
  for (const { at, line, checked } of lines) {
    if (!checked.ok) throw new JournalDamaged(path, at, checked.why);
    if (isFirst && link !== null && checked.link.hash !== link.hash)
      throw new JournalDamaged(path, at, 'it does not follow the segment before it');
    const isCopy = isFirst && link !== null;
    isFirst = false;
    const record: JournalRecord = parseLine(line, before);
    before = record.state;
    if (!isCopy) yield { record, link: checked.link };
  }
}

/** The number of a journal file's first record, and the policy in force at its end. */
function glance(path: string): { readonly first: number; readonly policy: Policy | null } {
  const opening = openingIn(path);
  let policy = opening?.policy ?? null;
  for (const { at, line, checked } of readLines(path)) {
    if (!checked.ok) throw new JournalDamaged(path, at, checked.why);
    policy = policyIn(line) ?? policy;
  }
  return { first: (opening?.after ?? firstLink).seq + 1, policy };
}

function packed(path: string): readonly { readonly first: number; readonly name: string }[] {
  try {
    return readdirSync(segmentsFolder(path))
      .flatMap((name) => {
        const first = packedName.exec(name)?.[1];
        return first === undefined ? [] : [{ first: Number(first), name }];
      })
      .sort((a, b) => a.first - b.first);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return [];
    throw error;
  }
}

function nameOf(first: number): string {
  return `${String(first).padStart(12, '0')}.jsonl.gz`;
}

function unpacked(path: string): Buffer {
  try {
    return gunzipSync(readFileSync(path), { maxOutputLength: unpackedBytesMax });
  } catch (error) {
    if (errorCode(error).startsWith('E') && !errorCode(error).startsWith('ERR')) throw error;
    throw new JournalDamaged(path, 0, 'it cannot be unpacked');
  }
}

function replaceDurably(path: string, bytes: Buffer): void {
  const fresh = `${path}.next`;
  writeFileSync(fresh, bytes, { mode: 0o600, flush: true });
  renameSync(fresh, path);
  syncFolder(dirname(path));
}
