import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { openTail } from '../../src/effects/tail.ts';

const folder = mkdtempSync(join(tmpdir(), 'next-role-tail-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const plenty = 1 << 30;
let files = 0;

function newFile(content: string | Buffer = ''): string {
  files += 1;
  const path = join(folder, `${files}.txt`);
  writeFileSync(path, content);
  return path;
}

async function linesOf(content: string | Buffer): Promise<string[]> {
  const lines: string[] = [];
  const tail = openTail(newFile(content), (line) => lines.push(line));
  await tail.finish();
  tail.close();
  return lines;
}

describe('openTail', () => {
  it('read() passes on complete lines only, and the rest when it is complete', async () => {
    const path = newFile('one\ntwo\nthr');
    const lines: string[] = [];
    const tail = openTail(path, (line) => lines.push(line));
    await tail.read(plenty);
    expect(lines).toEqual(['one', 'two']);
    appendFileSync(path, 'ee\nfour');
    await tail.read(plenty);
    expect(lines).toEqual(['one', 'two', 'three']);
    await tail.finish();
    expect(lines).toEqual(['one', 'two', 'three', 'four']);
    expect(tail.bytes()).toBe('one\ntwo\nthree\nfour'.length);
    tail.close();
  });

  it('finish() invents no line at the end of a file that ends in a line end', async () => {
    expect(await linesOf('one\n')).toEqual(['one']);
    expect(await linesOf('')).toEqual([]);
    expect(await linesOf('\n\none\r\n\r\n')).toEqual(['', '', 'one', '']);
  });

  it('read() stops at its bound and says that there is more', async () => {
    const tail = openTail(newFile('x'.repeat(1000)), () => undefined);
    expect(await tail.read(600)).toBe(true);
    expect(tail.bytes()).toBe(600);
    expect(await tail.read(600)).toBe(false);
    expect(tail.bytes()).toBe(1000);
    tail.close();
  });

  it('a character split between two reads stays whole', async () => {
    const text = 'Grüße 👩‍🚀 語\nzweite Zeile ✓\n';
    const bytes = Buffer.from(text);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const path = newFile(bytes.subarray(0, cut));
      const lines: string[] = [];
      const tail = openTail(path, (line) => lines.push(line));
      await tail.read(plenty);
      appendFileSync(path, bytes.subarray(cut));
      await tail.finish();
      tail.close();
      expect(lines.join('\n')).toBe(text.trimEnd());
    }
  });

  it('lines are the same however the file grows', async () => {
    const line = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n]/g, ''));
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.array(fc.nat(40)), async (wanted, steps) => {
        const bytes = Buffer.from(wanted.map((text) => `${text}\n`).join(''));
        const path = newFile();
        const lines: string[] = [];
        const tail = openTail(path, (text) => lines.push(text));
        let from = 0;
        for (const step of steps) {
          appendFileSync(path, bytes.subarray(from, from + step));
          from = Math.min(bytes.length, from + step);
          await tail.read(1 + (step % 7));
        }
        appendFileSync(path, bytes.subarray(from));
        await tail.finish();
        tail.close();
        expect(lines).toEqual(wanted);
      }),
      { numRuns: 60 },
    );
  });

  it('a line longer than 4 MiB is cut there, once, and the next line is whole', async () => {
    const bound = 4 * 1024 * 1024;
    const lines = await linesOf(`before\n${'x'.repeat(3 * bound)}\nafter\n${'y'.repeat(bound + 1)}`);
    expect(lines.map((line) => line.length)).toEqual([6, bound, 5, bound]);
    expect(lines[2]).toBe('after');
  });

  it('a line of 400 MB needs the memory of its cut only', async () => {
    const path = newFile();
    // A hole in the file: as many zero bytes to read, none on the disk.
    truncateSync(path, 400_000_000);
    appendFileSync(path, '\nend\n');
    const lengths: number[] = [];
    const tail = openTail(path, (line) => lengths.push(line.length));
    const before = process.memoryUsage().rss;
    let peak = 0;
    while (await tail.read(8 * 1024 * 1024)) peak = Math.max(peak, process.memoryUsage().rss);
    await tail.finish();
    tail.close();
    expect(lengths).toEqual([4 * 1024 * 1024, 3]);
    expect((peak - before) / 2 ** 20).toBeLessThan(60);
  });

  it('bytes that are no UTF-8 are passed on as replacement characters', async () => {
    expect(await linesOf(Buffer.from([0x61, 0xff, 0x62, 0x0a]))).toEqual(['a\ufffdb']);
  });

  it('a missing file, and a folder in its place, read as empty', async () => {
    const blocked = join(folder, 'a-folder');
    mkdirSync(blocked);
    for (const path of [join(folder, 'missing'), blocked]) {
      const tail = openTail(path, () => undefined);
      expect(await tail.read(plenty)).toBe(false);
      await tail.finish();
      expect(tail.bytes()).toBe(0);
      tail.close();
    }
  });

  it('a file that shrinks under the reader is survived', async () => {
    const path = newFile('one\ntwo\n');
    const lines: string[] = [];
    const tail = openTail(path, (line) => lines.push(line));
    await tail.read(plenty);
    writeFileSync(path, '');
    await tail.read(plenty);
    await tail.finish();
    tail.close();
    expect(lines).toEqual(['one', 'two']);
  });

  it('close() leaves no file open', async () => {
    const path = newFile('one\n');
    const tail = openTail(path, () => undefined);
    await tail.read(plenty);
    tail.close();
    const targets = readdirSync('/proc/self/fd').map((fd) => linkOf(`/proc/self/fd/${fd}`));
    expect(targets).not.toContain(path);
  });
});

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
