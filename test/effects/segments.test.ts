import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openJournal, readLast } from '../../src/effects/journal.ts';
import { segmentsFolder } from '../../src/effects/segments.ts';
import { JournalDamaged } from '../../src/protocol/journal.ts';
import type { JournalEntry } from '../../src/protocol/journal.ts';
import { entry } from '../conformance/store.ts';
import { testPolicy } from '../rig/policy.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nr-segments-'));
  path = join(folder, 'journal.jsonl');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const inForce = testPolicy({ roles: {} });
const policy: JournalEntry = { ...entry(0), event: { type: 'POLICY', at: 0, policy: inForce } };
/** A record of these is about 300 bytes, so that a segment holds some twenty. */
const segmentBytes = 6_000;

/** Appends so many records to a journal with short segments, the policy first. */
function write(count: number, segmentsMax = 100): void {
  const journal = openJournal(path, { segmentBytes, segmentsMax });
  journal.load();
  journal.append(policy);
  for (let at = 1; at < count; at += 1) journal.append(entry(at));
  journal.close();
}

const numbers = (): readonly number[] => [...openJournal(path).records()].map(({ seq }) => seq);
const segments = (): readonly string[] => readdirSync(segmentsFolder(path)).sort();
const upTo = (last: number, first = 1): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at);

describe('a journal that grew long', () => {
  it('is packed away, and tells its whole story over all segments', () => {
    write(200);
    expect(segments().length).toBeGreaterThan(5);
    expect(statSync(path).size).toBeLessThan(2 * segmentBytes);
    expect(numbers()).toEqual(upTo(200));
    expect(openJournal(path).policyBefore()).toBeNull();
  });

  it('goes on from its last record alone, also right after it was packed away', () => {
    const journal = openJournal(path, { segmentBytes, segmentsMax: 100 });
    let sizes = 0;
    for (let at = 0; at < 60; at += 1) {
      const { seq } = journal.append(entry(at));
      const size = statSync(path).size;
      if (size < sizes) {
        expect(readLast(path)?.seq).toBe(seq);
        rmSync(segmentsFolder(path), { recursive: true });
        expect(openJournal(path).load().last?.seq).toBe(seq);
      }
      sizes = size;
    }
    journal.close();
    expect(openJournal(path).load().last?.seq).toBe(60);
  });

  it('keeps the newest segments, and with them the policy that was in force', () => {
    write(200, 2);
    expect(segments()).toHaveLength(2);
    const kept = numbers();
    expect(kept).toEqual(upTo(200, kept[0]));
    expect(kept[0]).toBeGreaterThan(100);
    expect(openJournal(path).policyBefore()).toEqual(inForce);
  });

  it('is whole after a crash at any step of packing away', () => {
    write(30);
    const before = segments();
    // The packed copy was made, and the crash came before the new file was in place.
    const journal = openJournal(path, { segmentBytes: Number.MAX_SAFE_INTEGER });
    journal.load();
    for (let at = 30; at < 60; at += 1) journal.append(entry(at));
    const long = readFileSync(path);
    journal.close();
    const again = openJournal(path, { segmentBytes });
    again.append(entry(60));
    again.close();
    expect(segments().length).toBe(before.length + 1);
    writeFileSync(path, long);
    expect(numbers()).toEqual(upTo(60));
    expect(openJournal(path).load().last?.seq).toBe(60);
    // Half a copy under its temporary name is nobody's.
    writeFileSync(join(segmentsFolder(path), '000000000099.jsonl.gz.next'), 'half');
    expect(numbers()).toEqual(upTo(60));
  });

  it('goes on in the long file, and says so, while it cannot be packed away', () => {
    const told: string[] = [];
    const journal = openJournal(path, { segmentBytes, onTrouble: (message) => told.push(message) });
    journal.append(entry(0));
    writeFileSync(segmentsFolder(path), 'a file in the place of the folder');
    for (let at = 1; at < 30; at += 1) journal.append(entry(at));
    journal.close();
    expect(told[0]).toMatch(/goes on growing: .*Move it away/);
    expect(told.length).toBeLessThan(6);
    expect(numbers()).toEqual(upTo(30));
  });

  it('is refused when its opening line or its first record is cut or changed', () => {
    write(40);
    const whole = readFileSync(path);
    const opening = whole.indexOf(0x0a);
    for (const length of [opening - 1, opening, opening + 1, opening + 50]) {
      writeFileSync(path, whole);
      truncateSync(path, length);
      expect(() => openJournal(path).load(), String(length)).toThrow(JournalDamaged);
    }
    for (const byte of [12, 80, 120, opening - 5, opening + 15]) {
      const wrong = Buffer.from(whole);
      wrong[byte] = (wrong[byte] ?? 0) ^ 1;
      writeFileSync(path, wrong);
      expect(() => openJournal(path).load(), String(byte)).toThrow(JournalDamaged);
    }
  });

  it('is refused by name when a packed segment is damaged, missing, or another journal’s', () => {
    write(100);
    const [first = '', second = ''] = segments();
    const kept = join(folder, 'kept');
    cpSync(segmentsFolder(path), kept, { recursive: true });
    writeFileSync(join(segmentsFolder(path), second), 'no gzip');
    expect(numbers).toThrow(`${second}" is damaged at byte 0: it cannot be unpacked`);
    rmSync(join(segmentsFolder(path), second));
    expect(numbers).toThrow('it does not follow the segment before it');
    cpSync(join(kept, first), join(segmentsFolder(path), second));
    expect(numbers).toThrow('it does not follow the segment before it');
  });

  it('that was moved away takes its segments out of the way of the next one', () => {
    write(100);
    renameSync(path, `${path}.damaged`);
    write(30);
    expect(numbers()).toEqual(upTo(30));
    expect(readdirSync(folder).filter((name) => name.startsWith('journal.before-'))).toHaveLength(1);
    mkdirSync(join(folder, 'empty'));
    expect(existsSync(segmentsFolder(join(folder, 'empty', 'journal.jsonl')))).toBe(false);
  });
});
