/** Plays events through the machine, for the tests that hold the rules of docs/SPEC.md to the code. */
import { initialState, step } from '../../src/domain/machine.ts';
import type { MachineState } from '../../src/domain/machine.ts';
import type { MachineEvent } from '../../src/protocol/event.ts';
import type { Policy } from '../../src/protocol/policy.ts';
import { testPolicy } from '../rig/policy.ts';

export const plain = testPolicy();

/** A policy with a digest of its own: the machine keeps its chart while the digest stays. */
export function policyWith(more: Partial<Policy>): Policy {
  return testPolicy({ ...more, digest: JSON.stringify(more) });
}

/** The state after events, from the first state or a given one. */
export function play(
  events: readonly MachineEvent[],
  policy: Policy = plain,
  from: MachineState = initialState(),
): MachineState {
  return events.reduce((state, event) => step(policy, state, event).state, from);
}
