/**
 * The few verdicts that more than one decision comes to. Each takes the memory and gives it back with the verdict set.
 */
import type { Diagnostic } from '../protocol/diagnostic.ts';
import { releaseKeys, type Context, type ParkKind, type Verdict } from './round.ts';

type Write = Extract<Verdict, { type: 'write' }>;

/** Waits for a human edit of the file, with the reason to show. */
export function parked(
  context: Context,
  kind: ParkKind,
  why: string,
  problems: readonly Diagnostic[],
): Context {
  return { ...context, order: null, verdict: { type: 'park', kind, why, problems } };
}

/** A write verdict with everything it does not name left out. */
export function write(parts: Partial<Omit<Write, 'type'>> & Pick<Write, 'change' | 'why'>): Verdict {
  return {
    type: 'write',
    escalation: null,
    question: null,
    round: null,
    decision: null,
    commit: null,
    ...parts,
  };
}

/** Gives up: BLOCKED is written with its reason, and only a human edit restarts the round. */
export function blocked(context: Context, reason: string): Context {
  const change = { ...releaseKeys, ...context.mend, status: 'BLOCKED', reason };
  return { ...context, verdict: write({ change, why: reason, commit: `BLOCKED: ${reason}` }) };
}
