import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Log, LogOptions } from '../../src/effects/log.ts';
import { logsMax, openLog } from '../../src/effects/log.ts';

let project: string;
const opened: Log[] = [];
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'nr-log-'));
});
afterEach(() => {
  for (const log of opened.splice(0)) log.close();
  rmSync(project, { recursive: true, force: true });
});

async function open(options: LogOptions = {}): Promise<Log> {
  const log = await openLog(project, { env: {}, ...options });
  opened.push(log);
  return log;
}
const folder = () => join(project, '.next-role/logs');
const lines = (log: Log) => readFileSync(log.path, 'utf8').split('\n').slice(0, -1);

describe('openLog()', () => {
  it('names the file after the time and the process, and keeps it private', async () => {
    const log = await open();
    expect(basename(log.path)).toMatch(new RegExp(`^\\d{8}-\\d{6}-${process.pid}\\.log$`));
    expect(readdirSync(folder())).toEqual([basename(log.path)]);
    expect(statSync(log.path).mode & 0o777).toBe(0o600);
  });

  it('has a line on disk before the call returns', async () => {
    const log = await open();
    for (let turn = 1; turn <= 100; turn += 1) {
      log.log.info({ turn, text: 'a\nb "c"' }, 'said');
      expect(lines(log)).toHaveLength(turn);
    }
    expect(JSON.parse(lines(log)[41]!)).toMatchObject({ turn: 42, text: 'a\nb "c"', msg: 'said', level: 30 });
  });

  it('leaves out what is below its level', async () => {
    const log = await open({ level: 'warn' });
    log.log.info('quiet');
    log.log.warn('loud');
    expect(lines(log)).toHaveLength(1);
  });

  it('writes nothing to stdout, and nothing at all after close()', async () => {
    const log = await open();
    log.log.info('one');
    log.close();
    log.close();
    log.log.info('two');
    expect(lines(log)).toHaveLength(1);
  });

  it('blacks out secrets wherever they stand in a line', async () => {
    const env = {
      API_KEY: 'sk-abcdefgh',
      DB_PASSWORD: 'pa"ss\\word',
      HOME: '/home/ada-lovelace',
      X_TOKEN: 'short',
    };
    const log = await open({ env });
    log.log.info(
      { argv: ['--key=sk-abcdefgh'], note: 'pa"ss\\word' },
      'with sk-abcdefgh, short and /home/ada-lovelace',
    );
    expect(JSON.parse(lines(log)[0]!)).toMatchObject({
      argv: ['--key=[redacted]'],
      note: '[redacted]',
      msg: 'with [redacted], short and /home/ada-lovelace',
    });
  });

  it('keeps the newest logs, and files that are not logs', async () => {
    mkdirSync(folder(), { recursive: true });
    const old = Array.from({ length: 25 }, (_, at) => `20250101-0000${String(at).padStart(2, '0')}-7.log`);
    for (const name of [...old, '20250101-000000-7.log.1', '20250101-000024-7.log.1', 'notes.txt']) {
      writeFileSync(join(folder(), name), '');
    }
    const log = await open();
    expect(readdirSync(folder()).sort()).toEqual(
      [...old.slice(-(logsMax - 1)), '20250101-000024-7.log.1', basename(log.path), 'notes.txt'].sort(),
    );
  });

  it('puts a full file aside once and goes on in a new one', async () => {
    const log = await open({ bytesMax: 1000 });
    for (let turn = 0; turn < 100; turn += 1) log.log.info({ turn }, 'x'.repeat(50));
    expect(readdirSync(folder()).sort()).toEqual([basename(log.path), `${basename(log.path)}.1`]);
    expect(statSync(log.path).size).toBeLessThanOrEqual(1000);
    expect(statSync(`${log.path}.1`).size).toBeLessThanOrEqual(1000);
    expect(JSON.parse(lines(log).at(-1)!)).toMatchObject({ turn: 99 });
  });

  const canLimit = (() => {
    try {
      return (
        execFileSync('prlimit', ['--fsize', '--noheadings', '-o', 'HARD']).toString().trim() === 'unlimited'
      );
    } catch {
      return false;
    }
  })();
  it.runIf(canLimit)('reports a full disk once, survives it, and goes on with whole lines', async () => {
    const told: string[] = [];
    const limit = (bytes: string) => execFileSync('prlimit', [`--pid=${process.pid}`, `--fsize=${bytes}:`]);
    const log = await open({
      onTrouble: (message) => {
        told.push(message);
        // As the runner does, which writes all that it says into its log.
        log.log.warn(message);
      },
    });
    log.log.info('before');
    limit(String(statSync(log.path).size + 10));
    try {
      for (let turn = 0; turn < 5; turn += 1) log.log.info({ turn }, 'lost');
    } finally {
      limit('unlimited');
    }
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(log.path);
    log.log.info('after');
    expect(JSON.parse(lines(log).at(-1)!)).toMatchObject({ msg: 'after' });
    expect(told).toHaveLength(1);
  });
});
