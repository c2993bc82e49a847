/**
 * Starts a session's shim in a process group of its own, tied to us by nothing but files, or takes up one that runs
 * already; both give the same view of a running shim. Relies on the folder being written. It never waits for pipes:
 * there are none, so a child that holds its output open delays nobody.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { uptime } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { bootId } from './boot.ts';
import type { ProcessIdentity } from './boot.ts';
import { ranForMs } from './sessionfolder.ts';
import { clockTickMs, isRunning, startOf } from './processes.ts';
import { shimScript } from './shim.ts';

/** A shim that runs, or has just ended. */
export type RunningShim = {
  readonly claim: ProcessIdentity;
  /** On the monotonic clock of this process; in its past for an adopted one. */
  readonly startedAtMs: number;
  readonly adopted: boolean;
  ended(): boolean;
  /** Waits this long, or less when the end is seen sooner. */
  wait(ms: number): Promise<void>;
  /** What it exited with; `null` when it was killed, still runs, or is not our child. */
  status(): number | null;
};

export type LaunchSettings = {
  readonly folder: string;
  /** Absolute path. */
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
};

/**
 * Starts a shim. The session lives on when we end. An error is why nothing could be started.
 *
 * @example await launch({ folder, program: '/usr/bin/git', args: ['status'], cwd: '/p', env: { PATH: '/usr/bin' } })
 */
export async function launch(settings: LaunchSettings): Promise<RunningShim | Error> {
  const { folder, program, args, cwd, env } = settings;
  const argv = ['-c', shimScript, 'next-role-session', folder, bootId(), program, ...args];
  const startedAtMs = performance.now();
  let child: ChildProcess;
  try {
    child = spawn('/bin/sh', argv, { cwd, env, detached: true, stdio: 'ignore' });
  } catch (error) {
    // E2BIG, and values no environment can hold, are thrown; the rest comes as an event.
    return error instanceof Error ? error : new Error(String(error));
  }
  const failure = new Promise<Error>((resolve) => child.once('error', resolve));
  child.unref();
  const { pid } = child;
  return pid === undefined ? await failure : watchChild(child, pid, startedAtMs);
}

/**
 * Takes up a shim that an earlier runner started.
 *
 * @example adopt({ pid: 4711, startTime: '815', bootId: bootId() }, folder).ended() // false
 */
export function adopt(claim: ProcessIdentity, folder: string): RunningShim {
  return {
    claim,
    startedAtMs: performance.now() - ageMs(claim, folder),
    adopted: true,
    ended: () => !isRunning(claim, true),
    wait: (ms) => delay(ms),
    status: () => null,
  };
}

/**
 * Why a start failed, in one plain sentence with the way forward.
 *
 * @example explainStart(new Error('spawn E2BIG'), settings)
 */
export function explainStart(error: Error, settings: LaunchSettings): string {
  const code = 'code' in error ? error.code : '';
  const { program, cwd } = settings;
  switch (code) {
    case 'E2BIG':
      return `"${program}" was given more arguments and environment than the system takes in one start (E2BIG). Shorten the agent's "args" or "env" in coordination/next-role.yaml; the prompt itself has no limit.`;
    case 'ENOENT':
      return existsSync(cwd)
        ? `"/bin/sh" is missing, and every session is started through it. Install a POSIX shell there.`
        : `The project folder "${cwd}" is gone. Put it back, or start next-role in the folder's new place.`;
    case 'EAGAIN':
      return `The system allows no more processes (EAGAIN), so "${program}" was not started. End some, or raise "ulimit -u".`;
    case 'EMFILE':
    case 'ENFILE':
      return `Too many files are open (${code}), so "${program}" was not started. Close some, or raise "ulimit -n".`;
    default:
      return `"${program}" could not be started: ${error.message}. Check the agent in coordination/next-role.yaml.`;
  }
}

function watchChild(child: ChildProcess, pid: number, startedAtMs: number): RunningShim {
  // Asked at once: a child stays in the process table until the event loop turns, so this names no other process.
  const claim = { pid, startTime: startOf(pid) ?? '', bootId: bootId() };
  let ended = false;
  let status: number | null = null;
  let wake: (() => void) | null = null;
  child.once('exit', (code) => {
    ended = true;
    status = code;
    wake?.();
  });
  return {
    claim,
    startedAtMs,
    adopted: false,
    ended: () => ended,
    wait: (ms) =>
      new Promise((resolve) => {
        if (ended) {
          resolve();
          return;
        }
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    status: () => status,
  };
}

/** The kernel's own clocks tell the age, since the wall clock may have been set; files tell it where there is no /proc. */
function ageMs(claim: ProcessIdentity, folder: string): number {
  const ticks = Number(claim.startTime);
  return Math.max(0, Number.isNaN(ticks) ? ranForMs(folder) : uptime() * 1000 - ticks * clockTickMs);
}
