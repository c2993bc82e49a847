/**
 * The one time the machine waits for, as a TICK event. Relies on the wall clock for what it is told, and on the monotonic
 * one for how long that is at most; it decides nothing.
 */
import type { MachineEvent } from '../protocol/event.ts';

export type WakeOptions = { readonly push: (event: MachineEvent) => void; readonly now: () => number };

/** Longest single timer, in ms: a sleeping laptop and a stepped clock are noticed after that. */
const timerMsMax = 20_000;

export type Wakes = { at(time: number): void; close(): void };

/**
 * One pending wake; a later wish replaces it, as only the present state's wish counts. It comes when the wall clock says so,
 * or when as much time has really passed as was left at first, whichever is earlier: a clock that is set back an hour
 * must not make a pause an hour longer, and a machine that slept must not sleep through a deadline.
 */
export function createWakes(options: WakeOptions): Wakes {
  let timer: NodeJS.Timeout | null = null;
  const arm = (time: number, passedAtMs: number): void => {
    if (timer !== null) clearTimeout(timer);
    const rest = Math.max(0, Math.min(time - options.now(), passedAtMs - performance.now()));
    timer = setTimeout(
      () => {
        if (options.now() < time && performance.now() < passedAtMs) arm(time, passedAtMs);
        else options.push({ type: 'TICK', at: Math.max(time, options.now()) });
      },
      Math.min(rest, timerMsMax),
    );
  };
  return {
    at: (time) => arm(time, performance.now() + Math.max(0, time - options.now())),
    close: () => {
      if (timer !== null) clearTimeout(timer);
    },
  };
}
