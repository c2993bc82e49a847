/**
 * The clocks of one session: first byte, idle, total, and lingering after the agent said it was done; and the bound of
 * what it prints. Time comes in
 * from the caller, from a monotonic clock; nothing here waits or kills. A session is silent only if neither its output
 * grew nor its processes used the processor: agents run tools that print nothing for minutes.
 */
import type { Limits } from '../protocol/policy.ts';
import type { StopReason } from './shim.ts';

/** What is seen of a session at one moment. */
export type Sighting = {
  /** Of stdout and stderr together. */
  readonly outputBytes: number;
  /** Whether the agent's terminal event was seen. */
  readonly done: boolean;
  /**
   * Processor time its processes used so far, `null` when that cannot be told just now. Asked for rarely, because it
   * looks through the process table.
   */
  readonly cpuMs: () => number | null;
};

export type ClockSettings = {
  readonly limits: Pick<Limits, 'firstByteMs' | 'idleMs' | 'totalMs' | 'lingerMs' | 'outputBytes'>;
  /** On the same clock as `nowMs`; before the present for an adopted session. */
  readonly startedAtMs: number;
  readonly nowMs: number;
};

/**
 * Less processor time than this share of the idle limit is the ticking of a hung program: healthy agents were seen at
 * 2 s per minute, frozen ones below 1 s in 5 minutes.
 */
const busyShare = 1 / 300;
/** The kernel counts in steps of 10 ms, so less cannot be seen. */
const busyMsMin = 10;
/** Looks at the process table per idle limit, at most one each 50 ms. */
const cpuLooksPerIdle = 8;
const cpuLookEveryMsMin = 50;

/**
 * Starts the clocks. `check` says which one has run out, if any; the first byte before the others.
 *
 * @example
 * const clocks = startClocks({ limits, startedAtMs: performance.now(), nowMs: performance.now() });
 * clocks.check(performance.now(), { outputBytes: 0, done: false, cpuMs: () => 0 }) // null
 */
export function startClocks(settings: ClockSettings): {
  check(nowMs: number, sighting: Sighting): StopReason | null;
} {
  const { limits, startedAtMs } = settings;
  const busyMs = Math.max(busyMsMin, limits.idleMs * busyShare);
  const lookEveryMs = (): number => {
    const patienceMs = outputBytes === 0 ? Math.min(limits.firstByteMs, limits.idleMs) : limits.idleMs;
    return Math.max(cpuLookEveryMsMin, patienceMs / cpuLooksPerIdle);
  };
  let activeAtMs = settings.nowMs;
  let outputBytes = 0;
  let busyAtMs = startedAtMs;
  let cpuAtActivityMs: number | null = 0;
  let lookAtMs = settings.nowMs + lookEveryMs();
  let doneAtMs: number | null = null;

  function markActive(nowMs: number, cpuMs: number | null): void {
    activeAtMs = nowMs;
    busyAtMs = nowMs;
    cpuAtActivityMs = cpuMs;
  }

  function lookAtCpu(nowMs: number, cpuMs: number | null): void {
    lookAtMs = nowMs + lookEveryMs();
    // Not knowing is no ground to end a session; the total limit still holds.
    if (cpuMs === null) markActive(nowMs, null);
    else if (cpuAtActivityMs === null) cpuAtActivityMs = cpuMs;
    else if (cpuMs - cpuAtActivityMs >= busyMs) markActive(nowMs, cpuMs);
  }

  return {
    check(nowMs, sighting) {
      if (sighting.outputBytes > outputBytes) {
        const first = outputBytes === 0;
        outputBytes = sighting.outputBytes;
        if (first) lookAtMs = nowMs + lookEveryMs();
        markActive(nowMs, null);
      }
      if (sighting.outputBytes > limits.outputBytes) return 'output';
      if (sighting.done) doneAtMs ??= nowMs;
      if (doneAtMs !== null && nowMs - doneAtMs >= limits.lingerMs) return 'lingered';
      if (nowMs >= lookAtMs || nowMs - activeAtMs >= limits.idleMs) lookAtCpu(nowMs, sighting.cpuMs());
      if (outputBytes === 0 && nowMs - busyAtMs >= limits.firstByteMs) return 'first-byte';
      if (nowMs - startedAtMs >= limits.totalMs) return 'total';
      return nowMs - activeAtMs >= limits.idleMs ? 'idle' : null;
    },
  };
}
