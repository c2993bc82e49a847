/**
 * Finds and ends everything one session started. A session's processes are those that carry its marks in the
 * environment they were started with, and those in the group its shim leads; the first finds what left the group
 * (`setsid`, double forks), the second what dropped its environment. Relies on /proc; without it only the group is
 * known. It never signals the process it runs in, nor a number it has not just seen belong to the session.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, startTimeOf } from './boot.ts';
import type { ProcessIdentity } from './boot.ts';
import { markVariables } from './environment.ts';
import type { SessionMark } from './environment.ts';

/** Where to look for a session's processes. */
export type Trail = {
  readonly mark: SessionMark;
  /** Clock ticks after this boot: older processes cannot belong to it and are not looked into. 0 when unknown. */
  readonly sinceTicks: number;
  /** The group, only if its leader was just seen alive: a number left alone is given to strangers. */
  readonly group: number | null;
};

/** One living process of a session. */
export type SessionProcess = {
  readonly pid: number;
  /** Names it together with the pid: pids are reused. */
  readonly key: string;
  /** Used by itself and by the children it has waited for. */
  readonly cpuMs: number;
};

/** USER_HZ is 100 on every Linux that Node runs on (time(7)). */
export const clockTickMs = 10;

/** Between two looks while processes are asked to end. */
const lookEveryMs = 20;
/** Rounds of SIGKILL against something that forks faster than we look; then it is left, and the next end sweeps again. */
const killRoundsMax = 50;
/** execve accepts at most this much environment with the usual 8 MiB stack: a quarter of it. */
const environBytesMax = 2 * 1024 * 1024;
/** Passes over the process table while new processes keep appearing. */
const passesMax = 8;
/** Passes of one look in which a process without environment is looked at again; some have none by choice. */
const blankLooksMax = 4;
/** So long it must be seen without one until that is believed: an execve on a busy machine takes its time. */
const blankMs = 100;

const hasProc = existsSync('/proc/self/stat');

/**
 * The living processes of a session. Zombies are not among them, and never the caller. Throws only when we are out of
 * descriptors, because an empty answer would be a wrong one.
 *
 * @example findProcesses({ mark: { order: 'R07.1-implementer', project: '/p' }, sinceTicks: 0, group: null })
 */
export function findProcesses(trail: Trail): readonly SessionProcess[] {
  const found: SessionProcess[] = [];
  meetProcesses(trail, new Map(), (seen) => found.push(seen));
  return found;
}

/** When each process without environment was first seen so, by its number. */
type Blanks = Map<string, number>;

/**
 * Meets each while the look goes on: between its end and the first it saw, that one may have been replaced. False when
 * the table never held still, or somebody has had no environment for too short a time to tell whose he is.
 */
function meetProcesses(trail: Trail, blanks: Blanks, meet: (seen: SessionProcess) => void): boolean {
  if (!hasProc) return true;
  const marks = Object.entries(markVariables(trail.mark)).map(([name, value]) =>
    Buffer.from(`\0${name}=${value}\0`),
  );
  const looked = new Set<string>();
  const blankLooks = new Map<string, number>();
  let isSure = true;
  for (let pass = 0; pass < passesMax; pass += 1) {
    const newest = newestPid();
    let unclear = false;
    for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each) && !looked.has(each))) {
      const seen = lookAt(Number(name), trail, marks);
      if (seen === 'blank') {
        const looks = (blankLooks.get(name) ?? 0) + 1;
        blankLooks.set(name, looks);
        if (looks < blankLooksMax) {
          unclear = true;
          continue;
        }
        const since = blanks.get(name) ?? performance.now();
        blanks.set(name, since);
        if (performance.now() - since < blankMs) isSure = false;
      }
      looked.add(name);
      if (seen === 'gone') unclear = true;
      else if (seen !== null && seen !== 'blank') meet(seen);
    }
    // A process that forks and ends while we look hides its child, which may have had its number before and come into the
    // table after; then somebody is new or gone, and we look again.
    if (!unclear && newestPid() === newest) return isSure;
  }
  return false;
}

export type MarkedProcess = { readonly pid: number; readonly order: string };

/**
 * Every living process that a session of a project started, whichever session, with the order it was marked with. Zombies
 * are not among them, and never the caller.
 *
 * @example findMarked('/p') // [{ pid: 4711, order: 'R07.1-implementer' }]
 */
export function findMarked(project: string): readonly MarkedProcess[] {
  if (!hasProc) return [];
  const marks = Object.keys(markVariables({ order: '', project }));
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid || readStat(pid)?.kernel !== false) return [];
    const words = readEnviron(pid).toString('utf8').split('\0');
    const [order, home] = marks.map((mark) => words.find((word) => word.startsWith(`${mark}=`)));
    return home?.endsWith(`=${project}`) === true && order !== undefined
      ? [{ pid, order: order.slice(order.indexOf('=') + 1) }]
      : [];
  });
}

/**
 * Ends what a session left running: asks, waits up to `graceMs`, then kills. Returns the keys of all it found. Bounded,
 * whatever the processes do; nothing to end is the usual case and costs one look.
 *
 * @example await reap({ mark, sinceTicks: 0, group: null }, 1000) // ['4711:815']
 */
export async function reap(trail: Trail, graceMs: number): Promise<readonly string[]> {
  if (!hasProc) return trail.group !== null && (await reapGroup(trail.group, graceMs)) ? ['group'] : [];
  const asked = new Set<string>();
  const blanks: Blanks = new Map();
  const killAt = performance.now() + graceMs;
  let killRounds = 0;
  for (;;) {
    const grace = performance.now() < killAt;
    const met = new Set<string>();
    const isSure = tryToMeet(trail, blanks, ({ pid, key }) => {
      met.add(key);
      if (!grace) signal(pid, 'SIGKILL');
      else if (!asked.has(key)) signal(pid, 'SIGTERM');
      asked.add(key);
    });
    if ((isSure && met.size === 0) || killRounds === killRoundsMax) return [...asked];
    if (!grace) killRounds += 1;
    await delay(lookEveryMs);
  }
}

/**
 * Ends a process group by its number alone, for systems without /proc. Returns whether there was one.
 *
 * @example await reapGroup(4711, 1000) // true
 */
export async function reapGroup(group: number, graceMs: number): Promise<boolean> {
  if (!signal(-group, 'SIGTERM')) return false;
  const killAt = performance.now() + graceMs;
  while (performance.now() < killAt) {
    await delay(lookEveryMs);
    if (!signal(-group, 0)) return true;
  }
  signal(-group, 'SIGKILL');
  return true;
}

/**
 * Sends a signal to a process, or to a group by its negative number. Returns false if nobody was there to get it.
 *
 * @example signal(-4711, 'SIGTERM') // true
 */
export function signal(target: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(target, name);
  } catch {
    // ESRCH: gone. EPERM: it changed its user; not ours to end any more.
    return false;
  }
}

/**
 * Whether exactly this process still runs. `ifUnknown` is the answer when the system cannot say just now (no
 * descriptors left): a waiting caller assumes that it does, one about to kill that it does not.
 */
export function isRunning(claim: ProcessIdentity, ifUnknown: boolean): boolean {
  try {
    return hasProc ? isAlive(claim) : claim.startTime !== '' && startByPs(claim.pid) === claim.startTime;
  } catch {
    return ifUnknown;
  }
}

/** Waits until a process is gone, at most this long. Returns whether it is. */
export async function waitUntilGone(claim: ProcessIdentity, waitMs: number): Promise<boolean> {
  const until = performance.now() + waitMs;
  while (isRunning(claim, true)) {
    if (performance.now() >= until) return false;
    await delay(lookEveryMs);
  }
  return true;
}

/** When a process started, spelled as the shim spells it; `null` when it is gone. */
export function startOf(pid: number): string | null {
  return hasProc ? startTimeOf(pid) : startByPs(pid);
}

/**
 * Adds up the processor time of a session so that it only grows: what a process had used stays counted when it ends.
 *
 * @example
 * const meter = createCpuMeter();
 * meter.read(findProcesses(trail)) // 130
 */
export function createCpuMeter(): { read(found: readonly SessionProcess[]): number } {
  let seen = new Map<string, number>();
  let endedMs = 0;
  return {
    read(found) {
      const now = new Map(found.map(({ key, cpuMs }) => [key, Math.max(cpuMs, seen.get(key) ?? 0)]));
      for (const [key, cpuMs] of seen) if (!now.has(key)) endedMs += cpuMs;
      seen = now;
      return [...now.values()].reduce((sum, cpuMs) => sum + cpuMs, endedMs);
    },
  };
}

/** False when the system cannot say just now who is there; the next round asks again. */
function tryToMeet(trail: Trail, blanks: Blanks, meet: (seen: SessionProcess) => void): boolean {
  try {
    return meetProcesses(trail, blanks, meet);
  } catch {
    return false;
  }
}

/** `blank`: without any environment, as every process is for a moment inside execve. `gone`: it has ended since. */
function lookAt(
  pid: number,
  trail: Trail,
  marks: readonly Buffer[],
): SessionProcess | 'blank' | 'gone' | null {
  if (pid === process.pid) return null;
  const stat = readStat(pid);
  if (stat === null) return 'gone';
  if (stat.kernel || stat.startTicks < trail.sinceTicks) return null;
  if (stat.group !== trail.group) {
    const environment = readEnviron(pid);
    if (environment.length === emptyLength) return 'blank';
    if (!marks.every((mark) => environment.includes(mark))) return null;
  }
  return { pid, key: `${pid}:${stat.startTicks}`, cpuMs: stat.cpuMs };
}

/** Longer than any stat line: its name has at most 64 bytes, its numbers at most 20 digits (proc(5)). */
const line = Buffer.alloc(2048);

/** The number given out last, the last word of /proc/loadavg (proc(5)). */
function newestPid(): string {
  return readProc('/proc/loadavg')?.trim().split(' ').at(-1) ?? '';
}

type Stat = {
  readonly group: number;
  readonly kernel: boolean;
  readonly startTicks: number;
  readonly cpuMs: number;
};

/** Fields of /proc/<pid>/stat counted behind the name in parentheses, which may hold anything (proc(5)). */
const field = { state: 0, group: 2, flags: 6, firstCpu: 11, afterCpu: 15, start: 19 } as const;

/** PF_KTHREAD in linux/sched.h: such threads have no environment, ever. */
const kernelThread = 0x00200000;

function readStat(pid: number): Stat | null {
  const text = readProc(`/proc/${pid}/stat`);
  if (text === null) return null;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const state = fields[field.state] ?? 'X';
  if ('ZXx'.includes(state)) return null;
  // utime, stime, cutime, cstime: the last two hold what short-lived children used between two looks.
  const ticks = fields.slice(field.firstCpu, field.afterCpu).reduce((sum, part) => sum + Number(part), 0);
  return {
    group: Number(fields[field.group]),
    kernel: (Number(fields[field.flags]) & kernelThread) !== 0,
    startTicks: Number(fields[field.start]),
    cpuMs: ticks * clockTickMs,
  };
}

/** One buffer for all, made when first needed: it starts with a zero byte, so that every variable stands between two. */
let environ: Buffer | null = null;
const emptyLength = 1;

/** A view into the buffer, good until the next call. Another user's process reads as empty. */
function readEnviron(pid: number): Buffer {
  const whole = (environ ??= Buffer.alloc(1 + environBytesMax));
  let end = emptyLength;
  try {
    const file = openSync(`/proc/${pid}/environ`, 'r');
    try {
      while (end < whole.length) {
        const count = readSync(file, whole, end, whole.length - end, null);
        if (count === 0) break;
        end += count;
      }
    } finally {
      closeSync(file);
    }
  } catch (error) {
    rethrowShortage(error);
    // Gone meanwhile, or not ours to read.
  }
  return whole.subarray(0, end);
}

/** A file of /proc that is one short line. By hand, because every look reads one for each process there is. */
function readProc(path: string): string | null {
  try {
    const file = openSync(path, 'r');
    try {
      return line.toString('latin1', 0, readSync(file, line, 0, line.length, 0));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    rethrowShortage(error);
    return null;
  }
}

function rethrowShortage(error: unknown): void {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code === 'EMFILE' || code === 'ENFILE') throw error;
}

function startByPs(pid: number): string | null {
  // Language and time zone change how ps spells a date; the shim asks in the same ones.
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
  const { status, stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', env });
  return status === 0 && stdout.trim() !== '' ? stdout.trim() : null;
}
