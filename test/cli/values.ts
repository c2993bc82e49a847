/** Values that the screens are tested with: an order, a question, a situation, a look. */
import { initialState, store } from '../../src/domain/machine.ts';
import { emptyContext, newRound, type Context } from '../../src/domain/round.ts';
import type { MachineState, StateName } from '../../src/domain/machine.ts';
import { describe as situationOf } from '../../src/domain/situation.ts';
import type { MachineEvent } from '../../src/protocol/event.ts';
import { noPrices } from '../../src/protocol/prices.ts';
import type { Notice } from '../../src/protocol/notice.ts';
import type { Order } from '../../src/protocol/session.ts';
import type { Look } from '../../src/runner/look.ts';
import { testPolicy } from '../rig/policy.ts';

/** Noon of some day, local time, so that clocks read the same everywhere. */
export const noon = new Date(2026, 10, 22, 12, 0, 0).getTime();

export const order: Order = {
  id: 'R07.2-implementer-x',
  dispatchId: 'd1',
  round: 'R07',
  tier: 'full',
  role: 'implementer',
  agent: 'claude',
  model: 'sonnet',
  fallbacks: [],
  visit: 1,
  attempt: 1,
  kind: 'work',
  feedback: [],
  because: ['the handoff says READY for implementer', 'claude is installed'],
};

export const escalation = {
  id: 'R07-implementer-1',
  question: 'The spec says tokens expire after 1 h, the API returns 24 h. Which one rules?',
  options: [
    { letter: 'A', do: 'Follow the spec', then: 'clients must refresh hourly' },
    { letter: 'B', do: 'Follow the API', then: "the spec's AC-4 changes" },
  ],
  recommended: 'B',
  default: 'B',
  deadline: new Date(noon + 3_600_000).toISOString(),
  diagnostic: 'coordination/diagnostics/DIAGNOSTIC-R07-expiry.md',
};

export const question = { ...escalation, askedBy: 'implementer' };

export function contextWith(more: Partial<Context>): Context {
  return { ...emptyContext, at: noon, digest: 'd', round: newRound('R07', 'full'), ...more };
}

export const asking = contextWith({
  question: {
    id: escalation.id,
    role: 'implementer',
    fingerprint: 'f',
    escalation,
    moves: null,
    refused: null,
    budget: false,
  },
  verdict: { type: 'park', kind: 'escalation', why: escalation.question, problems: [] },
});

/** A notice of a decision that led to this state. */
export function decided(event: MachineEvent, value: StateName, context: Context): Notice {
  const state = store({ value, context });
  return { type: 'decided', at: noon, project: '/home/ada/shop', seq: 3, event, state, effects: [] };
}

export function lookWith(state: MachineState = initialState(), more: Partial<Look> = {}): Look {
  const policy = testPolicy();
  const root = '/home/ada/shop';
  return {
    project: {
      root,
      handoff: `${root}/coordination/NEXT-ROLE.md`,
      handoffName: 'coordination/NEXT-ROLE.md',
      own: `${root}/.next-role`,
    },
    policy,
    prices: noPrices,
    state,
    situation: situationOf(policy, state),
    remarks: [],
    last: null,
    runner: null,
    edited: false,
    problems: [],
    ...more,
  };
}
