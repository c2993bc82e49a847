/**
 * Writes the log of one run to a file of its own in `.next-role/logs`, line by line and at once, so that nothing is lost when
 * the process is killed. Secrets are blacked out (redact.ts) before a line is written. A log
 * is a comfort, not a record: a full disk is reported once and the run goes on. pino is loaded only when a log is opened.
 */
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { runnerDir } from '../protocol/artifact.ts';
import { explain } from './files.ts';
import { redactor } from './redact.ts';

export type Log = {
  readonly log: Logger;
  readonly path: string;
  close(): void;
};

export type LogOptions = {
  readonly level?: 'debug' | 'info' | 'warn' | 'error';
  /** Where secrets are looked for; this process's own environment by default. */
  readonly env?: NodeJS.ProcessEnv;
  /** A full file is put aside once, as `<name>.1`, so a run keeps at most twice this. */
  readonly bytesMax?: number;
  /** Told once when lines cannot be written, and again only after they could be. */
  readonly onTrouble?: (message: string) => void;
};

/** Logs of so many runs are kept, this one among them. */
export const logsMax = 20;
const defaultBytesMax = 32 * 1024 * 1024;
const logName = /^\d{8}-\d{6}-\d+\.log(\.1)?$/;

/** What all loggers of this process are children of: one of its own takes 5 KB, and a child that has a sink of its own next to nothing. */
let root: Logger | null = null;

/**
 * Opens a new log for this run and removes the oldest ones. Throws when the folder or the file cannot be made.
 *
 * @example
 * const { log, path, close } = await openLog('.');
 * log.info({ order: 'R07.1-architect' }, 'session started'); // path: .next-role/logs/20261122-174805-4711.log
 */
export async function openLog(project: string, options: LogOptions = {}): Promise<Log> {
  const { pino, symbols } = await import('pino');
  const folder = join(project, runnerDir, 'logs');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${stamp(new Date())}-${process.pid}.log`);
  const sink = openSink(path, options);
  prune(folder);
  // Two arguments: pino takes a single one with a `write` for its options, and logs to stdout.
  root ??= pino({ base: null }, { write: () => undefined });
  const log = Object.assign(root.child({}, { level: options.level ?? 'info' }), {
    [symbols.streamSym]: sink,
  });
  return { log, path, close: sink.close };
}

type Sink = { readonly write: (line: string) => void; readonly close: () => void };

function openSink(path: string, options: LogOptions): Sink {
  const redact = redactor(options.env ?? process.env);
  const bytesMax = options.bytesMax ?? defaultBytesMax;
  let fd: number | null = openSync(path, 'a', 0o600);
  let bytes = fstatSync(fd).size;
  let broken = false;

  const write = (line: string): void => {
    if (fd === null) return;
    try {
      // After a line of which only a part was written, the next one must not be glued to it.
      const data = Buffer.from(`${broken ? '\n' : ''}${redact(line)}`, 'utf8');
      if (bytes > 0 && bytes + data.length > bytesMax) {
        closeSync(fd);
        fd = null;
        renameSync(path, `${path}.1`);
        fd = openSync(path, 'a', 0o600);
        bytes = 0;
      }
      for (let done = 0; done < data.length;) done += writeSync(fd, data, done);
      bytes += data.length;
      broken = false;
    } catch (error) {
      // First noted, then told: who is told may want to write it into this very log.
      const isNews = !broken;
      broken = true;
      if (isNews) options.onTrouble?.(`The log "${path}" cannot be written: ${explain(error)}`);
    }
  };
  const close = (): void => {
    if (fd !== null) closeSync(fd);
    fd = null;
  };
  return { write, close };
}

/** `20261122-174805`, in UTC, so that names sort by time. */
function stamp(date: Date): string {
  return date.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
}

/** Names sort by time, so the last ones are the newest. */
function prune(folder: string): void {
  const names = readdirSync(folder).filter((name) => logName.test(name));
  const runs = [...new Set(names.map((name) => name.replace(/\.1$/, '')))].sort();
  const kept = new Set(runs.slice(-logsMax));
  for (const name of names) {
    if (!kept.has(name.replace(/\.1$/, ''))) rmSync(join(folder, name), { force: true });
  }
}
