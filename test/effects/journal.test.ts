import { execFileSync } from 'node:child_process';
import type * as FileSystem from 'node:fs';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openJournal, readLast } from '../../src/effects/journal.ts';
import { recordBytesMax } from '../../src/effects/journalfile.ts';
import { checkLine, claimedLink, encodeLine, firstLink, holdsTwo } from '../../src/effects/journalline.ts';
import { JournalDamaged } from '../../src/protocol/journal.ts';
import { entry, storeConformance } from '../conformance/store.ts';

/** Faults of the disk that cannot be had from a healthy one, and a count of the bytes that are read. */
const disk = vi.hoisted(() => ({
  syncFails: false,
  truncateFails: false,
  bytesRead: 0,
  synced: [] as number[],
}));
vi.mock('node:fs', async (original) => {
  const real = await original<typeof FileSystem>();
  const fault = () => Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
  return {
    ...real,
    fdatasyncSync: (fd: number) => {
      if (disk.syncFails) throw fault();
      real.fdatasyncSync(fd);
      disk.synced.push(real.fstatSync(fd).size);
    },
    ftruncateSync: (fd: number, bytes?: number) => {
      if (disk.truncateFails) throw fault();
      real.ftruncateSync(fd, bytes);
    },
    readSync: (fd: number, buffer: Buffer, offset: number, length: number, position: number) => {
      const count = real.readSync(fd, buffer, offset, length, position);
      disk.bytesRead += count;
      return count;
    },
  };
});

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nr-journal-'));
  path = join(folder, '.next-role/journal.jsonl');
  Object.assign(disk, { syncFails: false, truncateFails: false, bytesRead: 0, synced: [] });
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Writes a journal of so many records, unsynced, and gives its bytes and the offset at which each line starts. */
function written(count: number, note = ''): { readonly bytes: Buffer; readonly starts: readonly number[] } {
  const lines: Buffer[] = [];
  const starts: number[] = [];
  let link = firstLink;
  for (let at = 0; at < count; at += 1) {
    const before = at % 20 === 0 ? null : entry(at - 1, note).state;
    const { bytes, record } = encodeLine(entry(at, note), link, before);
    starts.push((starts.at(-1) ?? 0) + (lines.at(-1)?.length ?? 0));
    lines.push(bytes);
    link = record;
  }
  mkdirSync(join(folder, '.next-role'), { recursive: true });
  writeFileSync(path, Buffer.concat(lines));
  return { bytes: readFileSync(path), starts };
}

function damage(work: () => unknown): JournalDamaged {
  try {
    work();
  } catch (error) {
    if (error instanceof JournalDamaged) return error;
    throw error;
  }
  throw new Error('No damage was reported.');
}

storeConformance('openJournal()', () => {
  const home = mkdtempSync(join(tmpdir(), 'nr-store-'));
  const file = join(home, 'journal.jsonl');
  let store = openJournal(file);
  return {
    store,
    reopen: () => {
      store.close();
      store = openJournal(file);
      return store;
    },
    records: () => [...openJournal(file).records()],
    dispose: () => {
      store.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
});

describe('the journal file', () => {
  it('is not created before the first decision', () => {
    const journal = openJournal(path);
    journal.load();
    expect([...journal.records()]).toEqual([]);
    expect(readLast(path)).toBeNull();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is private, and holds one line of JSON per decision that starts with its hash', () => {
    const journal = openJournal(path);
    for (const at of [1, 2, 3]) journal.append(entry(at));
    journal.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(lines.pop()).toBe('');
    for (const [at, line] of lines.entries()) {
      const keys =
        at === 0
          ? ['hash', 'seq', 'event', 'state', 'effects']
          : ['hash', 'seq', 'change', 'event', 'effects'];
      expect(Object.keys(JSON.parse(line) as object)).toEqual(keys);
      expect(claimedLink(Buffer.from(line))?.seq).toBe(at + 1);
    }
  });

  it('says the whole state where nothing is to be done, and once in every 24 KiB, also after a restart', () => {
    let journal = openJournal(path);
    const whole: number[] = [];
    for (let at = 1; at <= 400; at += 1) {
      const effects = at === 5 ? [] : entry(at).effects;
      journal.append({ ...entry(at), effects });
      if (at % 10 > 0) continue;
      journal.close();
      journal = openJournal(path);
      expect(journal.load().last).toMatchObject({ seq: at, state: entry(at).state });
    }
    journal.close();
    let offset = 0;
    for (const line of readFileSync(path, 'utf8').trimEnd().split('\n')) {
      if ('state' in (JSON.parse(line) as object)) whole.push(offset);
      offset += line.length + 1;
    }
    expect(whole.length).toBeGreaterThan(3);
    const apart = whole.slice(2).map((start, at) => start - whole[at + 1]!);
    for (const bytes of apart) expect(bytes).toBeGreaterThanOrEqual(24 * 1024);
    for (const bytes of apart) expect(bytes).toBeLessThan(25 * 1024);
    expect([...openJournal(path).records()].map(({ state }) => state)).toEqual(
      Array.from({ length: 400 }, (_, at) => entry(at + 1).state),
    );
  });

  it('is synced up to the end of the record before append() returns', () => {
    const journal = openJournal(path);
    for (const at of [1, 2, 3]) {
      journal.append(entry(at));
      expect(disk.synced.at(-1)).toBe(statSync(path).size);
      expect(disk.synced).toHaveLength(at);
    }
    journal.close();
  });

  it('is read only at its end when it is large', () => {
    const { bytes } = written(3000, 'x'.repeat(400));
    expect(bytes.length).toBeGreaterThan(1_500_000);
    disk.bytesRead = 0;
    expect(openJournal(path).load().last?.seq).toBe(3000);
    expect(disk.bytesRead).toBe(64 * 1024);
    writeFileSync(path, Buffer.concat([Buffer.alloc(1_000_000, '?'), bytes.subarray(1_000_000)]));
    expect(openJournal(path).load().last?.seq).toBe(3000);
    expect(damage(() => [...openJournal(path).records()]).byte).toBe(0);
  });

  it('is read further back when its last records are long', () => {
    const journal = openJournal(path);
    const big = 'y'.repeat(300_000);
    for (const at of [1, 2, 3, 4]) journal.append(entry(at, big));
    journal.close();
    expect(openJournal(path).load().last).toMatchObject({ seq: 4, event: { message: big } });
    appendFileSync(path, '{"hash":"'.padEnd(200_000, 'z'));
    expect(readLast(path)?.seq).toBe(4);
    expect(openJournal(path).load()).toMatchObject({ last: { seq: 4 }, torn: { bytes: 200_000 } });
  });

  it('takes no record that could not be found again', () => {
    const journal = openJournal(path);
    journal.append(entry(1));
    expect(() => journal.append(entry(2, 'z'.repeat(recordBytesMax)))).toThrow(/too long/);
    expect(journal.append(entry(2)).seq).toBe(2);
    journal.close();
    expect([...openJournal(path).records()]).toHaveLength(2);
  });

  it('holds its longest possible records, three in a row, within the longest look', () => {
    const journal = openJournal(path, { segmentBytes: Number.MAX_SAFE_INTEGER });
    const long = 'z'.repeat(recordBytesMax / 2 - 400);
    for (const at of [1, 2, 3]) journal.append(entry(at, long));
    journal.close();
    expect(statSync(path).size).toBeGreaterThan(47 * 1024 * 1024);
    truncateSync(path, statSync(path).size - 1);
    expect(openJournal(path).load().last?.seq).toBe(2);
  });

  it('refuses to be a folder', () => {
    mkdirSync(path, { recursive: true });
    expect(() => openJournal(path).load()).toThrow();
    expect(() => readLast(path)).toThrow(/not a regular file/);
  });
});

describe('a torn last line', () => {
  it('is set aside, whatever byte it was torn at, and the journal goes on', () => {
    const { bytes, starts } = written(3);
    const lastStart = starts[2]!;
    for (let length = lastStart; length < bytes.length; length += 1) {
      writeFileSync(path, bytes.subarray(0, length));
      expect(readLast(path)?.seq).toBe(2);
      expect([...openJournal(path).records()]).toHaveLength(2);
      expect(statSync(path).size).toBe(length);
      const journal = openJournal(path);
      const { last, torn } = journal.load();
      expect(last?.seq).toBe(2);
      if (length === lastStart) expect(torn).toBeNull();
      else {
        expect(torn).toEqual({ path: `${path}.torn-3`, bytes: length - lastStart });
        expect(readFileSync(`${path}.torn-3`)).toEqual(bytes.subarray(lastStart, length));
      }
      expect(journal.append(entry(2)).seq).toBe(3);
      journal.close();
      expect(readFileSync(path)).toEqual(bytes);
    }
  });

  it('is set aside when it is the only one', () => {
    const { bytes } = written(1);
    for (let length = 1; length < bytes.length; length += 1) {
      writeFileSync(path, bytes.subarray(0, length));
      expect(openJournal(path).load()).toEqual({
        last: null,
        torn: { path: `${path}.torn-1`, bytes: length },
      });
      expect(statSync(path).size).toBe(0);
    }
  });

  it('is set aside when a bit of it is wrong although it ends', () => {
    const { bytes, starts } = written(3);
    for (let byte = starts[2]!; byte < bytes.length - 1; byte += 1) {
      const wrong = Buffer.from(bytes);
      wrong[byte] = wrong[byte]! ^ 1;
      writeFileSync(path, wrong);
      expect(openJournal(path).load()).toMatchObject({
        last: { seq: 2 },
        torn: { bytes: bytes.length - starts[2]! },
      });
    }
  });

  it('is set aside when the disk left zeros in its place', () => {
    const { bytes } = written(2);
    writeFileSync(path, Buffer.concat([bytes, Buffer.alloc(5000)]));
    expect(openJournal(path).load()).toMatchObject({ last: { seq: 2 }, torn: { bytes: 5000 } });
    expect(readFileSync(path)).toEqual(bytes);
  });
});

describe('damage before the last line', () => {
  it('is refused with the first byte of the damaged line, whichever bit it is', () => {
    const { bytes, starts } = written(4);
    for (let byte = 0; byte < starts[3]!; byte += 1) {
      const wrong = Buffer.from(bytes);
      wrong[byte] = wrong[byte]! ^ (1 << (byte % 8));
      writeFileSync(path, wrong);
      const line = starts.findLast((start) => start <= byte);
      expect([byte, damage(() => openJournal(path).load()).byte]).toEqual([byte, line]);
      expect(damage(() => readLast(path)).byte).toBe(line);
      expect(damage(() => [...openJournal(path).records()]).byte).toBe(line);
      expect(readFileSync(path)).toEqual(wrong);
    }
  });

  it('is found at its place in a long journal of which only the end is read', () => {
    const { bytes, starts } = written(500, 'x'.repeat(400));
    const inView = starts.findIndex((start) => start > bytes.length - 64 * 1024);
    for (const at of [inView, inView + 1, 498]) {
      const wrong = Buffer.from(bytes);
      wrong[starts[at]! + 20] = wrong[starts[at]! + 20]! ^ 1;
      writeFileSync(path, wrong);
      expect(damage(() => openJournal(path).load()).byte).toBe(starts[at]);
    }
  });

  it('is refused when a line is lost, doubled, or moved', () => {
    const { bytes, starts } = written(4);
    const line = (at: number) => bytes.subarray(starts[at], starts[at + 1] ?? bytes.length);
    const stories = [
      [[0, 2, 3], 1],
      [[0, 1, 1, 2, 3], 2],
      [[0, 2, 1, 3], 1],
      [[1, 2, 3], 0],
    ] as const;
    for (const [order, firstBad] of stories) {
      writeFileSync(path, Buffer.concat(order.map(line)));
      expect(damage(() => openJournal(path).load()).byte).toBe(starts[firstBad]);
    }
  });

  it('names the file, the byte and the way out', () => {
    const { bytes } = written(2);
    bytes[0] = 0x58;
    writeFileSync(path, bytes);
    expect(damage(() => openJournal(path).load()).message).toMatch(
      /journal\.jsonl" is damaged at byte 0: .+ Move it away/,
    );
  });
});

describe('append() on a failing disk', () => {
  const canLimit = (() => {
    try {
      return (
        execFileSync('prlimit', ['--fsize', '--noheadings', '-o', 'HARD']).toString().trim() === 'unlimited'
      );
    } catch {
      return false;
    }
  })();
  const limit = (bytes: string) => execFileSync('prlimit', [`--pid=${process.pid}`, `--fsize=${bytes}:`]);

  it.runIf(canLimit)('takes back the part that fitted, and goes on when there is room again', () => {
    const journal = openJournal(path);
    journal.append(entry(1));
    const good = readFileSync(path);
    limit(String(good.length + 100));
    try {
      expect(() => journal.append(entry(2))).toThrow(/Free some space/);
      expect(readFileSync(path)).toEqual(good);
      expect(() => journal.append(entry(2))).toThrow();
      expect(readFileSync(path)).toEqual(good);
    } finally {
      limit('unlimited');
    }
    expect(journal.append(entry(2)).seq).toBe(2);
    journal.close();
    expect([...openJournal(path).records()]).toHaveLength(2);
  });

  it('refuses everything after a failed sync, until the file is opened and checked again', () => {
    const journal = openJournal(path);
    journal.append(entry(1));
    const good = readFileSync(path);
    disk.syncFails = true;
    expect(() => journal.append(entry(2))).toThrow(/could not be made durable \(EIO/);
    disk.syncFails = false;
    expect(() => journal.append(entry(2))).toThrow(/could not be made durable/);
    expect(readFileSync(path)).toEqual(good);
    expect(journal.load().last?.seq).toBe(1);
    expect(journal.append(entry(2)).seq).toBe(2);
    journal.close();
  });

  it.runIf(canLimit)('refuses everything when it cannot even take a part back', () => {
    const journal = openJournal(path);
    journal.append(entry(1));
    limit(String(statSync(path).size + 100));
    disk.truncateFails = true;
    try {
      expect(() => journal.append(entry(2))).toThrow(/Free some space/);
    } finally {
      limit('unlimited');
      disk.truncateFails = false;
    }
    expect(() => journal.append(entry(2))).toThrow(/could not be made durable/);
    journal.close();
    expect(openJournal(path).load()).toMatchObject({ last: { seq: 1 }, torn: { bytes: 100 } });
  });

  it('refuses to go on in a file that was deleted or written to behind its back', () => {
    const journal = openJournal(path);
    journal.append(entry(1));
    appendFileSync(path, 'hello\n');
    expect(() => journal.append(entry(2))).toThrow(/changed by another program/);
    journal.close();
    rmSync(path);
    const next = openJournal(path);
    next.append(entry(1));
    rmSync(path);
    expect(() => next.append(entry(2))).toThrow(/deleted while in use/);
    next.close();
  });

  it('does not write into a journal that another program created meanwhile', () => {
    const ours = openJournal(path);
    ours.load();
    written(1);
    expect(() => ours.append(entry(1))).toThrow(/created by another program/);
    expect([...openJournal(path).records()]).toHaveLength(1);
  });
});

describe('a journal line', () => {
  const line = encodeLine(entry(1), firstLink).bytes.subarray(0, -1);

  it('is checked against the record before it', () => {
    expect(checkLine(line, firstLink)).toMatchObject({ ok: true, link: { seq: 1 } });
    expect(checkLine(line, { seq: 0, hash: 'f'.repeat(64) })).toMatchObject({ ok: false });
    expect(checkLine(line, { ...firstLink, seq: 4 })).toMatchObject({
      ok: false,
      why: 'it is number 1, and 5 is wanted',
    });
    expect(checkLine(Buffer.from('{"hash"'), firstLink)).toEqual({ ok: false, why: 'it is not a record' });
  });

  it('is told from two lines whose line end was damaged', () => {
    expect(holdsTwo(line)).toBe(false);
    expect(holdsTwo(Buffer.concat([line, Buffer.from('\x0b'), line]))).toBe(true);
    expect(holdsTwo(encodeLine(entry(1, line.toString()), firstLink).bytes)).toBe(false);
  });
});
