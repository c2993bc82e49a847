/**
 * The few verdicts that more than one decision comes to. Each takes the memory and gives it back with the verdict set.
 */
import type { Diagnostic } from '../protocol/diagnostic.ts';
import { nearest } from '../protocol/nearest.ts';
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

/** A value of the header that nobody knows: the names there are, and the command that sets the nearest, or else `otherwise`. */
export function unknownValue(
  context: Context,
  {
    key,
    value,
    known,
    otherwise,
  }: {
    readonly key: string;
    readonly value: string;
    readonly known: readonly string[];
    readonly otherwise: string;
  },
  problems: readonly Diagnostic[],
): Context {
  const near = nearest(value, known);
  const guess = near === null ? '' : `; did you mean "${near}"?`;
  const why = `the ${key} "${value}" is not known (${known.join(', ')})${guess}`;
  const remedy = `next-role set ${near === null ? otherwise : `${key}=${near}`}`;
  return { ...context, order: null, verdict: { type: 'park', kind: 'illegal', why, problems, remedy } };
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
