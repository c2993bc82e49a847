/**
 * The verdict: what an exit and a folded stream mean together, the same for every agent that has a terminal event.
 * The exit code alone never proves success, and neither does a text: done needs the terminal event. Artifacts and
 * handoff have the last word elsewhere.
 */
import type { Exit, FailureClass, Outcome, Tally } from '../protocol/session.ts';

/** A shell's own exit codes for "cannot be run" and "not found" (POSIX, 2.8.2). */
const notRunCodes: readonly number[] = [126, 127];
/** Above this an exit code is 128 + the number of the signal that the program caught. */
const signalCodeBase = 128;

type Stop = Extract<Exit, { type: 'stopped' }>['why'];

/**
 * Judges a session of the agent `program`.
 *
 * @example verdict({ type: 'exited', code: 0 }, emptyTally(), 'claude') // failed, class crashed: no terminal event
 */
export function verdict(exit: Exit, tally: Tally, program: string): Outcome {
  switch (exit.type) {
    case 'not-started':
      return failed('not-started', exit.message);
    case 'stopped':
      return judgeStop(exit.why, tally, program);
    case 'exited':
      return gaveReason(tally) ?? judgeCode(exit.code, tally, program);
    case 'signalled':
      // After the terminal event it is a process with nothing left to do that was killed.
      return said(tally) ?? failed('crashed', `${program} was ended by ${exit.signal}`);
    case 'lost':
      return said(tally) ?? { type: 'lost' };
    default:
      return exit satisfies never;
  }
}

function judgeStop(why: Stop, tally: Tally, program: string): Outcome {
  switch (why) {
    case 'paused':
    case 'interrupted':
      return { type: 'stopped', why };
    case 'lingered':
      return said(tally) ?? failed('crashed', `${program} had to be ended and never said it was done`);
    case 'first-byte':
      return said(tally) ?? failed('stalled', `${program} printed nothing within its first-byte limit`);
    case 'idle':
      return said(tally) ?? failed('stalled', `${program} showed no sign of life within its idle limit`);
    case 'output':
      return said(tally) ?? failed('stalled', `${program} printed more than its output limit`);
    case 'total':
      return said(tally) ?? failed('stalled', `${program} ran into its total limit`);
    default:
      return why satisfies never;
  }
}

/** What the agent itself said about its end, else null. It says more than the way the process ended afterwards. */
function said(tally: Tally): Outcome | null {
  return gaveReason(tally) ?? (tally.done ? { type: 'done' } : null);
}

function gaveReason(tally: Tally): Outcome | null {
  if (tally.failure === null) return null;
  const { class: kind, message, resetsAt } = tally.failure;
  return { type: 'failed', class: kind, message, resetsAt };
}

function judgeCode(code: number, tally: Tally, program: string): Outcome {
  if (code === 0) {
    if (tally.done) return { type: 'done' };
    return failed('crashed', `${program} ended with exit code 0 but never said it was done`);
  }
  if (notRunCodes.includes(code) && tally.sessionId === null && !tally.done) {
    return failed(
      'not-started',
      `${program} could not be run (exit code ${code}); is it installed and executable?`,
    );
  }
  if (tally.done) return failed('crashed', `${program} said it was done, then ended with exit code ${code}`);
  const signal = code > signalCodeBase ? ` (signal ${code - signalCodeBase})` : '';
  return failed('crashed', `${program} ended with exit code ${code}${signal} and never said it was done`);
}

function failed(kind: FailureClass, message: string): Outcome {
  return { type: 'failed', class: kind, message, resetsAt: null };
}
