/**
 * The state of a round as it is kept: a name and a memory. Apart from the machine, because whoever only looks at a round
 * needs no chart.
 */
import type { StoredState } from '../protocol/journal.ts';
import { emptyContext, type Context } from './round.ts';

/** Changes with every change of the chart or of the memory's shape; a journal of another version is not resumed. */
export const machineVersion = '3';

export const stateNames = [
  'reading',
  'deciding',
  'claiming',
  'working',
  'stopping',
  'settling',
  'gating',
  'writing',
  'cooling',
  'parked',
  'stalled',
  'unreadable',
  'finished',
] as const;
export type StateName = (typeof stateNames)[number];

export type MachineState = { readonly value: StateName; readonly context: Context };

/** The state of a project nothing is known about, wanting its first read. */
export function initialState(): MachineState {
  return { value: 'reading', context: emptyContext };
}

/** Narrows a stored state; null when it is another version's. */
export function restore(stored: StoredState): MachineState | null {
  if (stored.version !== machineVersion || !isStateName(stored.value)) return null;
  return { value: stored.value, context: stored.context as Context };
}

export function store(state: MachineState): StoredState {
  return { version: machineVersion, value: state.value, context: state.context };
}

export function isStateName(value: unknown): value is StateName {
  return stateNames.some((name) => name === value);
}
