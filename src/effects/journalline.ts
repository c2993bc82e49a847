/**
 * One line of the journal as bytes: `{"hash":"<64 hex>","seq":7,"event":…,"state":…,"effects":…}`, or with what changed
 * since the line before (journaldelta.ts): `{"hash":"<64 hex>","seq":8,"change":…,"event":…,"effects":…}`. The hash stands first
 * so that it can be cut off again, and covers the hash of the line before plus every byte of the rest. It guards against
 * accidents, not against somebody who rewrites the whole file. Works on bytes only, never on decoded text: two
 * different damaged bytes can decode to the same character.
 */
import { createHash } from 'node:crypto';
import type { JournalEntry, JournalRecord, StoredState } from '../protocol/journal.ts';
import type { Policy } from '../protocol/policy.ts';
import { packed, unpacked, type Packed } from './journaldelta.ts';

/** What the next line hangs on. */
export type Link = { readonly seq: number; readonly hash: string };

/** What the first line hangs on. */
export const firstLink: Link = { seq: 0, hash: '0'.repeat(64) };

export type Checked =
  { readonly ok: true; readonly link: Link } | { readonly ok: false; readonly why: string };

const head = '{"hash":"';
const bodyAt = head.length + 64 + '",'.length;
const start = /^\{"hash":"([0-9a-f]{64})","seq":([1-9][0-9]{0,15}),/;
const insideAnother = /.\{"hash":"[0-9a-f]{64}","seq":[0-9]/s;
/** Longer than the start of any line. */
const startBytes = 128;

/**
 * A decision as the line that follows `previous`, with its line end, and as the record it will be read back as. With the
 * state `before` it the line tells only what changed, where that is possible and shorter.
 *
 * @example encodeLine(entry, firstLink).record.seq // 1
 */
export function encodeLine(
  entry: JournalEntry,
  previous: Link,
  before: StoredState | null = null,
): { bytes: Buffer; record: JournalRecord; whole: boolean } {
  const { event, state, effects } = entry;
  const seq = previous.seq + 1;
  const short = before === null ? null : packed(entry, before);
  const body = JSON.stringify(
    short === null
      ? { seq, event, state, effects }
      : { seq, change: short.change, event: short.event, effects: short.effects },
  );
  const hash = hashOf(previous.hash, Buffer.from(body, 'utf8'));
  return {
    bytes: Buffer.from(`${head}${hash}",${body.slice(1)}\n`, 'utf8'),
    record: { seq, hash, event, state, effects },
    whole: short === null,
  };
}

/** Whether a line says its whole state, so that it can be read without the ones before it. */
export function isWhole(line: Buffer): boolean {
  return !changeStart.test(line.toString('latin1', 0, startBytes));
}

const changeStart = /^\{"hash":"[0-9a-f]{64}","seq":[0-9]+,"change":/;

/** What a line, without its line end, says of itself, unproved; `null` when it does not even look like one. */
export function claimedLink(line: Buffer): Link | null {
  const found = start.exec(line.toString('latin1', 0, startBytes));
  return found === null ? null : { seq: Number(found[2]), hash: found[1] ?? '' };
}

/**
 * Whether a line, without its line end, is whole and follows `previous`.
 *
 * @example checkLine(Buffer.from('{"hash"'), firstLink) // { ok: false, why: 'it is not a record' }
 */
export function checkLine(line: Buffer, previous: Link): Checked {
  const link = claimedLink(line);
  if (link === null) return { ok: false, why: 'it is not a record' };
  if (link.hash !== hashOf(previous.hash, Buffer.from('{'), line.subarray(bodyAt))) {
    return { ok: false, why: 'its hash does not match its content and the record before it' };
  }
  if (link.seq !== previous.seq + 1) {
    return { ok: false, why: `it is number ${link.seq}, and ${previous.seq + 1} is wanted` };
  }
  return { ok: true, link };
}

/**
 * Whether a bad line holds the start of a second record. A crash tears one line; two in one mean that a line end in
 * the middle was damaged, and that setting the line aside would lose a good record with it.
 */
export function holdsTwo(line: Buffer): boolean {
  return insideAnother.test(line.toString('latin1'));
}

/**
 * What a later segment of a journal starts with: the record its first one follows, and the policy that was in force, so
 * that the segment can be checked and replayed when the older ones are gone.
 */
export type Opening = { readonly after: Link; readonly policy: Policy | null };

const openingStart = /^\{"hash":"[0-9a-f]{64}","after":/;

/**
 * An opening as a line, with its line end: `{"hash":"<64 hex>","after":{"seq":811,"hash":"…"},"policy":{…}}`.
 *
 * @example encodeOpening({ after: firstLink, policy: null }).toString().endsWith('"policy":null}\n') // true
 */
export function encodeOpening({ after, policy }: Opening): Buffer {
  const body = JSON.stringify({ after: { seq: after.seq, hash: after.hash }, policy });
  const hash = hashOf(firstLink.hash, Buffer.from(body, 'utf8'));
  return Buffer.from(`${head}${hash}",${body.slice(1)}\n`, 'utf8');
}

/** Whether bytes begin as an opening does. */
export function isOpening(bytes: Buffer): boolean {
  return openingStart.test(bytes.toString('latin1', 0, startBytes));
}

/** The opening in a line without its line end; `null` when a byte of it is wrong. */
export function readOpening(line: Buffer): Opening | null {
  const hash = line.toString('latin1', head.length, head.length + firstLink.hash.length);
  if (hash !== hashOf(firstLink.hash, Buffer.from('{'), line.subarray(bodyAt))) return null;
  return JSON.parse(line.toString('utf8')) as Opening;
}

/** The policy in a checked line, when its event is one; a glance at the start tells, or the first text of an event. */
export function policyIn(line: Buffer): Policy | null {
  if (isWhole(line) && !policyStart.test(line.toString('latin1', bodyAt, bodyAt + startBytes))) return null;
  if (!isWhole(line) && !line.includes('"event":{"type":"POLICY"')) return null;
  const { event } = JSON.parse(line.toString('utf8')) as Pick<JournalRecord, 'event'>;
  return event.type === 'POLICY' ? event.policy : null;
}

const policyStart = /^"seq":[0-9]+,"event":\{"type":"POLICY"/;

/**
 * The record in a line that has been checked; one that tells only what changed needs the state `before` it. Throws on one
 * that a different program must have written.
 */
export function parseLine(line: Buffer, before: StoredState | null = null): JournalRecord {
  const value: unknown = JSON.parse(line.toString('utf8'));
  const record = isObject(value) && 'change' in value && before !== null ? whole(value, before) : value;
  if (!isRecord(record))
    throw new Error('A journal line has a good hash but is not a record of this program.');
  return record;
}

function whole(value: Record<string, unknown>, before: StoredState): Record<string, unknown> {
  const { change: _change, ...rest } = value;
  const { event, state, effects } = unpacked(value as Packed, before);
  return { ...rest, event, state, effects };
}

function isRecord(value: unknown): value is JournalRecord {
  if (!isObject(value)) return false;
  const { event, state, effects } = value;
  if (!isObject(event) || !isObject(state) || !Array.isArray(effects)) return false;
  return typeof event['type'] === 'string' && typeof state['value'] === 'string';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hashOf(previous: string, ...body: readonly Buffer[]): string {
  const hash = createHash('sha256').update(previous);
  for (const bytes of body) hash.update(bytes);
  return hash.digest('hex');
}
