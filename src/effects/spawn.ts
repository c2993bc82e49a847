/**
 * Works orders as processes of this machine. All that matters about a session is in its folder and in the process
 * table, so a runner that was killed is replaced by a new one that finds the session living (and adopts it), ended
 * (and reports how), or gone (and says so). Relies on the shim to claim a session once and to write its exit. A
 * session that ran is never run again by this file, and none of its processes outlives its end.
 */
import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Runner, SessionEnd, SessionWatch } from '../protocol/journal.ts';
import type { Limits } from '../protocol/policy.ts';
import type { Command, Exit, Order } from '../protocol/session.ts';
import { bootId } from './boot.ts';
import type { ProcessIdentity } from './boot.ts';
import { startClocks } from './clocks.ts';
import { findProgram, sessionEnvironment } from './environment.ts';
import { openSessionFolder, ranForMs, sessionFolder, sizeOf, writeSession } from './sessionfolder.ts';
import { adopt, explainStart, launch } from './launch.ts';
import type { RunningShim } from './launch.ts';
import { createCpuMeter, findProcesses, isRunning, reap, signal, waitUntilGone } from './processes.ts';
import type { Trail } from './processes.ts';
import {
  clearHalfWritten,
  decodeStatus,
  readClaim,
  readExit,
  readStop,
  requestStop,
  shimRefusals,
  withdrawStop,
} from './shim.ts';
import type { StopReason } from './shim.ts';
import { openTail } from './tail.ts';
import type { Tail } from './tail.ts';

export type RunnerOptions = {
  readonly project: string;
  /** The folder .next-role/sessions. */
  readonly sessions: string;
  limitsOf(order: Order): Limits;
  /** Whether a line is the agent's terminal event: a process that stays after it is ended. */
  isDone(line: string, order: Order): boolean;
  /** What the session's environment is chosen from; our own unless said. */
  readonly inheritEnv?: NodeJS.ProcessEnv;
  /** Between two looks at a session: output, clocks, and for an adopted one its life; 100 unless said. */
  readonly lookEveryMs?: number;
};

/** Output read before the clocks are looked at again, while it flows faster than that. */
const readBytesMax = 256 * 1024;
/** Between the creation of a claim and its text lies one write of a shell. */
const claimSettleMs = 2_000;
const claimLookEveryMs = 10;
/** A process cannot outlast SIGKILL by more unless the kernel holds it; nor a shim its exit file. */
const goneMs = 1_000;
/** For a session that no runner follows, so that nobody knows its role's limits. */
const strangerGraceMs = 10_000;
/** What is left after an end is given less time than the session itself. */
const sweepGraceMsMax = 1_000;

/** A session this runner follows. */
type Followed = {
  readonly claim: ProcessIdentity;
  readonly graceMs: number;
  stopped: StopReason | null;
  /** Keys of the processes reaped after it, by whoever reaped them. */
  readonly reaped: Set<string>;
};

type Context = {
  readonly options: Required<RunnerOptions>;
  /** Without symbolic links: it is part of the mark by which processes are found again. */
  readonly project: string;
  readonly followed: Map<string, Followed>;
  readonly stops: Map<string, Promise<void>>;
};

/** One order on its way through this runner. */
type Work = { readonly order: Order; readonly folder: string; readonly watch: SessionWatch };

/**
 * A runner for sessions on this machine. Any number of sessions may run at once. It never throws for what a session
 * does; a `prepare` that throws is passed on.
 *
 * @example
 * const runner = localRunner({ project: '/p', sessions: '/p/.next-role/sessions', limitsOf: () => limits, isDone: () => false });
 * await runner.ensure(order, async () => command, { line: console.log, bytes: () => undefined });
 */
export function localRunner(options: RunnerOptions): Runner {
  const context: Context = {
    options: { inheritEnv: process.env, lookEveryMs: 100, ...options },
    project: existsSync(options.project) ? realpathSync(options.project) : options.project,
    followed: new Map(),
    stops: new Map(),
  };
  return {
    ensure: (order, prepare, watch) => {
      const folder = sessionFolder(context.options.sessions, order.id);
      return ensure(context, { order, folder, watch }, prepare);
    },
    stop: (orderId, why) => stop(context, orderId, why),
  };
}

async function ensure(context: Context, work: Work, prepare: () => Promise<Command>): Promise<SessionEnd> {
  const claim = await settledClaim(work.folder);
  if (claim === null) return start(context, work, prepare);
  if (claim !== 'half' && readExit(work.folder) === null && isRunning(claim, true)) {
    return follow(context, work, adopt(claim, work.folder));
  }
  return replay(context, work, claim === 'half' ? null : claim);
}

async function start(context: Context, work: Work, prepare: () => Promise<Command>): Promise<SessionEnd> {
  const { order, folder } = work;
  try {
    // Before anything slow, so that a stop in the meantime has a place to leave its word.
    openSessionFolder(folder);
    // Nothing was claimed, so nobody is writing.
    clearHalfWritten(folder);
  } catch (error) {
    return unstarted({ type: 'not-started', message: explainFolder(folder, error) });
  }
  const command = await prepare();
  const stopped = readStop(folder);
  if (stopped !== null) return unstarted({ type: 'stopped', why: stopped });
  const env = sessionEnvironment(order, command, context.project, context.options.inheritEnv);
  const [name, ...args] = command.argv;
  const program = findProgram(name, env['PATH'], context.project);
  if (program === null) return unstarted({ type: 'not-started', message: explainMissing(name, order.agent) });
  try {
    writeSession(folder, order, command);
  } catch (error) {
    return unstarted({ type: 'not-started', message: explainFolder(folder, error) });
  }
  const settings = { folder, program, args, cwd: command.cwd ?? context.project, env };
  const shim = await launch(settings);
  if (shim instanceof Error) return unstarted({ type: 'not-started', message: explainStart(shim, settings) });
  return follow(context, work, shim);
}

/** From a running shim to the end of everything it started. */
async function follow(context: Context, work: Work, first: RunningShim): Promise<SessionEnd> {
  const { order, folder, watch } = work;
  let done = false;
  const tail = openTail(join(folder, 'stdout'), (line) => {
    done ||= context.options.isDone(line, order);
    watch.line(line);
  });
  try {
    let shim = first;
    await attend(context, work, shim, tail, () => done);
    const owner = await otherOwner(folder, shim);
    if (owner !== null) {
      shim = adopt(owner, folder);
      await attend(context, work, shim, tail, () => done);
    }
    const followed = context.followed.get(order.id) ?? follows(shim, context.options.limitsOf(order));
    await sweep(context, order.id, { claim: shim.claim, withGroup: true });
    await tail.finish();
    watch.bytes(tail.bytes());
    return {
      exit: followed.stopped === null ? endOf(folder, shim) : { type: 'stopped', why: followed.stopped },
      ms: Math.round(performance.now() - shim.startedAtMs),
      leftovers: followed.reaped.size,
      adopted: shim.adopted,
      begun: true,
    };
  } finally {
    context.followed.delete(order.id);
    tail.close();
  }
}

/** Passes output on and minds the clocks until the shim has ended, and until any stop on its way is through. */
async function attend(
  context: Context,
  work: Work,
  shim: RunningShim,
  tail: Tail,
  done: () => boolean,
): Promise<void> {
  const { order, folder, watch } = work;
  const limits = context.options.limitsOf(order);
  const { startedAtMs } = shim;
  const clocks = startClocks({ limits, startedAtMs, nowMs: performance.now() });
  const cpuMs = cpuOf(trailOf(context, order.id, { claim: shim.claim, withGroup: true }));
  context.followed.set(order.id, follows(shim, limits));
  let bytes = 0;
  let expired: Promise<void> | null = null;
  while (!shim.ended()) {
    const more = await tail.read(readBytesMax);
    if (tail.bytes() > bytes) watch.bytes((bytes = tail.bytes()));
    // As it is on disk: reading may lag behind what is printed.
    const outputBytes = sizeOf(join(folder, 'stdout')) + sizeOf(join(folder, 'stderr'));
    const why = clocks.check(performance.now(), { outputBytes, done: done(), cpuMs });
    if (why !== null) expired ??= stop(context, order.id, why);
    if (!more) await shim.wait(context.options.lookEveryMs);
  }
  await expired;
  await context.stops.get(order.id);
}

/** Reports a session that had ended before we looked, and sweeps what it left, in case nobody did. */
async function replay(context: Context, work: Work, claim: ProcessIdentity | null): Promise<SessionEnd> {
  const { order, folder, watch } = work;
  if (claim !== null) await waitUntilGone(claim, goneMs);
  const leftovers = await sweep(context, order.id, { claim, withGroup: false });
  const tail = openTail(join(folder, 'stdout'), (line) => watch.line(line));
  try {
    await tail.finish();
  } finally {
    tail.close();
  }
  watch.bytes(tail.bytes());
  return { exit: endOf(folder, null), ms: ranForMs(folder), leftovers, adopted: false, begun: true };
}

function stop(context: Context, orderId: string, why: StopReason): Promise<void> {
  const underWay = context.stops.get(orderId);
  if (underWay !== undefined) return underWay;
  const ending = end(context, orderId, why).finally(() => context.stops.delete(orderId));
  context.stops.set(orderId, ending);
  return ending;
}

/** TERM to the group, KILL after the grace, then whatever had left the group. */
async function end(context: Context, orderId: string, why: StopReason): Promise<void> {
  const folder = sessionFolder(context.options.sessions, orderId);
  const followed = context.followed.get(orderId);
  const claim = followed?.claim ?? (await claimAfterRequest(folder, why));
  if (claim === null) return;
  // A number is signalled only while it is certain whose it is.
  const running = isRunning(claim, followed !== undefined);
  if (running && readExit(folder) === null) {
    const first = requestStop(folder, why);
    if (followed !== undefined) followed.stopped ??= readStop(folder) ?? why;
    if (signal(-claim.pid, 'SIGTERM')) {
      if (!(await waitUntilGone(claim, graceOf(followed, why)))) signal(-claim.pid, 'SIGKILL');
      await waitUntilGone(claim, goneMs);
    } else if (first) {
      // It had ended by itself between two looks: its own exit stands.
      withdrawStop(folder);
      if (followed !== undefined) followed.stopped = null;
    }
  }
  await sweep(context, orderId, { claim, withGroup: running });
}

/** Every moment of grace would let a session that floods its output fill the disk further. */
function graceOf(followed: Followed | undefined, why: StopReason): number {
  return why === 'output' ? 0 : (followed?.graceMs ?? strangerGraceMs);
}

/**
 * The claim of a session that is not followed here. Where there is none yet, the request is left for the shim: it
 * claims first and looks for a request second, we the other way round, so one of us sees the other.
 */
async function claimAfterRequest(folder: string, why: StopReason): Promise<ProcessIdentity | null> {
  let claim = await settledClaim(folder);
  if (claim === null && existsSync(folder)) {
    requestStop(folder, why);
    claim = await settledClaim(folder);
  }
  return claim === 'half' ? null : claim;
}

async function settledClaim(folder: string): Promise<ProcessIdentity | 'half' | null> {
  const until = performance.now() + claimSettleMs;
  let claim = readClaim(folder);
  while (claim === 'half' && performance.now() < until) {
    await delay(claimLookEveryMs);
    claim = readClaim(folder);
  }
  return claim;
}

/** Who runs the session, when our own shim found it claimed. The exit code alone may be the agent's. */
async function otherOwner(folder: string, shim: RunningShim): Promise<ProcessIdentity | null> {
  if (shim.status() !== shimRefusals.claimed) return null;
  const claim = await settledClaim(folder);
  if (claim === null || claim === 'half') return null;
  const own = claim.pid === shim.claim.pid && claim.startTime === shim.claim.startTime;
  return own ? null : claim;
}

/** How it ended, from what is on disk; from the shim itself where a session destroyed its own folder. */
function endOf(folder: string, shim: RunningShim | null): Exit {
  const why = readStop(folder);
  if (why !== null) return { type: 'stopped', why };
  const exit = readExit(folder);
  if (exit !== null) return exit;
  const status = shim?.status() ?? null;
  const claim = readClaim(folder);
  if (status === null || claim === 'half') return { type: 'lost' };
  if (status === shimRefusals.unwritable && claim === null && existsSync(folder)) {
    return { type: 'not-started', message: explainFolder(folder, new Error('the claim was refused')) };
  }
  return decodeStatus(status);
}

type Whose = { readonly claim: ProcessIdentity | null; readonly withGroup: boolean };

function trailOf(context: Context, orderId: string, { claim, withGroup }: Whose): Trail {
  const known = claim !== null && claim.bootId === bootId();
  return {
    mark: { order: orderId, project: context.project },
    sinceTicks: (known && Number(claim.startTime)) || 0,
    group: known && withGroup ? claim.pid : null,
  };
}

async function sweep(context: Context, orderId: string, whose: Whose): Promise<number> {
  const followed = context.followed.get(orderId);
  const graceMs = Math.min(followed?.graceMs ?? strangerGraceMs, sweepGraceMsMax);
  const keys = await reap(trailOf(context, orderId, whose), graceMs);
  clearHalfWritten(sessionFolder(context.options.sessions, orderId));
  for (const key of keys) followed?.reaped.add(key);
  return keys.length;
}

function cpuOf(trail: Trail): () => number | null {
  const meter = createCpuMeter();
  return () => {
    try {
      return meter.read(findProcesses(trail));
    } catch {
      return null;
    }
  };
}

function follows(shim: RunningShim, { graceMs }: Limits): Followed {
  return { claim: shim.claim, graceMs, stopped: null, reaped: new Set() };
}

function unstarted(exit: Exit): SessionEnd {
  return { exit, ms: 0, leftovers: 0, adopted: false, begun: false };
}

function explainMissing(name: string, agent: string): string {
  return `The program "${name}" of the agent "${agent}" was not found, or is not executable. Install it, or name it with "run" in coordination/next-role.yaml; "next-role doctor" shows what is there.`;
}

function explainFolder(folder: string, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return `The session's folder "${folder}" could not be written: ${reason}. Make room or give yourself the right to write there.`;
}
