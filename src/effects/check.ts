/**
 * Runs a check of the project's own (its tests, its acceptance check) to an end that is always bounded: in a group of
 * its own, its output in a file, stopped with everything it started when its time is over. What it printed is read back
 * from both ends of the file. It never throws for what the command does.
 */
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { markVariables } from './environment.ts';
import { errorCode, explain } from './files.ts';
import { reap, reapGroup } from './processes.ts';

export type Check = {
  /** A shell command line, as the project's settings have it. */
  readonly line: string;
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Absent: 256 MiB. */
  readonly outputBytesMax?: number;
  /** Both streams are kept here. */
  readonly output: string;
  /** Marks every process of the check, so that one left over by a crash is found and ended. */
  readonly mark: { readonly order: string; readonly project: string };
};

export type CheckEnd =
  | { readonly type: 'exited'; readonly code: number }
  | { readonly type: 'signalled'; readonly signal: string }
  | { readonly type: 'timed-out' }
  /** It printed more than may be kept. */
  | { readonly type: 'flooded' }
  | { readonly type: 'not-started'; readonly message: string };

export type Checked = {
  readonly end: CheckEnd;
  readonly ms: number;
  /** Head and tail. */ readonly output: string;
};

const graceMs = 2_000;
/** Printed by one check; what prints more would fill the disk before its time is over. */
const outputBytesMax = 256 * 1024 * 1024;
const lookMs = 250;
/** Read back of each end of the output, in bytes. */
const endBytes = 64 * 1024;

/** Runs one check. */
export async function runCheck(check: Check): Promise<Checked> {
  await mkdir(dirname(check.output), { recursive: true });
  await writeFile(check.output, '');
  const trail = { mark: check.mark, sinceTicks: 0, group: null };
  // The same check of a runner that was killed may still be at it.
  await reap(trail, graceMs);
  const startedAt = performance.now();
  const end = await ended(check);
  const ms = Math.round(performance.now() - startedAt);
  await reap(trail, graceMs);
  return { end, ms, output: await endsOf(check.output) };
}

function ended(check: Check): Promise<CheckEnd> {
  const file = openSync(check.output, 'a');
  return new Promise<CheckEnd>((resolve) => {
    const child = spawn('/bin/sh', ['-c', check.line], {
      cwd: check.cwd,
      env: { ...process.env, CI: '1', ...check.env, ...markVariables(check.mark) },
      stdio: ['ignore', file, file],
      detached: true,
    });
    let stopped: CheckEnd | null = null;
    const stop = (why: CheckEnd): void => {
      if (stopped === null && child.pid !== undefined) void reapGroup(child.pid, graceMs);
      stopped ??= why;
    };
    const timer = setTimeout(() => stop({ type: 'timed-out' }), check.timeoutMs);
    const look = setInterval(() => {
      if (fstatSync(file).size > (check.outputBytesMax ?? outputBytesMax)) stop({ type: 'flooded' });
    }, lookMs);
    const finish = (end: CheckEnd): void => {
      clearTimeout(timer);
      clearInterval(look);
      resolve(stopped ?? end);
    };
    child.on('error', (error) => finish({ type: 'not-started', message: explain(error) }));
    child.on('exit', (code, signal) =>
      finish(code === null ? { type: 'signalled', signal: signal ?? '' } : { type: 'exited', code }),
    );
  }).finally(() => closeSync(file));
}

/** What is read back of the output that a check left; empty when it left none. */
export async function keptOutput(path: string): Promise<string> {
  try {
    return await endsOf(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  }
}

/** The beginning and the end of a file; all of it when it is short. */
async function endsOf(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const head = Buffer.alloc(Math.min(size, endBytes));
    await file.read(head, 0, head.length, 0);
    const rest = Math.min(size - head.length, endBytes);
    const tail = Buffer.alloc(rest);
    await file.read(tail, 0, rest, size - rest);
    const gap = size > head.length + rest ? '\n…\n' : '';
    return `${head.toString('utf8')}${gap}${tail.toString('utf8')}`;
  } finally {
    await file.close();
  }
}

/** Removes what a check left behind. */
export async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 100 });
}
