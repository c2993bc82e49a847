/** Handoffs and events for tests of the pure floors, with everything that is not named left at rest. */
import type { Escalation } from '../../src/protocol/escalation.ts';
import type { MachineEvent } from '../../src/protocol/event.ts';
import type { Finding } from '../../src/protocol/finding.ts';
import type { HandoffFacts } from '../../src/protocol/handoff.ts';
import type { SessionUsage } from '../../src/protocol/usage.ts';
import type { Outcome } from '../../src/protocol/session.ts';

export function facts(more: Partial<HandoffFacts> = {}): HandoffFacts {
  const role = more.role === undefined ? 'architect' : more.role;
  const status = more.status === undefined ? 'READY' : more.status;
  return {
    dialect: 'front-matter',
    round: 'R01',
    role,
    roleText: role,
    roleNote: null,
    status,
    statusText: status,
    statusNote: null,
    tier: 'full',
    preset: null,
    models: {},
    inputs: [],
    escalation: null,
    answer: null,
    note: null,
    operatorDecision: null,
    by: null,
    since: null,
    dispatch: null,
    ...more,
  };
}

export const question: Escalation = {
  id: null,
  question: 'Which one rules?',
  options: [
    { letter: 'A', do: 'Follow the spec', then: 'hourly refresh' },
    { letter: 'B', do: 'Follow the API', then: 'AC-4 changes' },
  ],
  recommended: 'B',
  default: null,
  deadline: null,
  diagnostic: null,
};

type Of<Type extends MachineEvent['type']> = Extract<MachineEvent, { type: Type }>;

export function read(handoff: HandoffFacts | null, more: Partial<Of<'READ'>> = {}): Of<'READ'> {
  return {
    type: 'READ',
    at: 1_000,
    digest: 'd1',
    handoff,
    problems: [],
    dispatchId: handoff === null ? null : `inputs-of-${handoff.role ?? 'nobody'}`,
    question: handoff?.escalation === null || handoff === null ? null : 'q1',
    words: handoff?.operatorDecision ?? null,
    routing: null,
    ...more,
  };
}

export function settled(handoff: HandoffFacts | null, more: Partial<Of<'SETTLED'>> = {}): Of<'SETTLED'> {
  return {
    type: 'SETTLED',
    at: 5_000,
    digest: 'd3',
    handoff,
    problems: [],
    artifacts: [],
    question: handoff?.escalation === null || handoff === null ? null : 'q1',
    words: handoff?.operatorDecision ?? null,
    ...more,
  };
}

const tokens = { input: 20, cacheWrite5m: 300, cacheWrite1h: 0, cacheRead: 4_000, output: 50 };
export const someUsage: SessionUsage = {
  source: 'result',
  models: [{ model: 'some-model', side: false, usage: tokens, requests: 1, reportedUsd: 0.01 }],
  requests: [{ model: 'some-model', side: false, at: 3_500, usage: tokens }],
  isOpen: false,
};
/** What the gates came to, as if one gate had found all of it. */
export function gated(findings: readonly Finding[] = [], at = 6_000): Of<'GATED'> {
  const pass = findings.every(({ severity }) => severity === 'MINOR' || severity === 'OBS');
  return { type: 'GATED', at, gates: [{ gate: 'artifact-contract', pass, ms: 1, findings, note: null }] };
}

export function ended(
  order: string,
  outcome: Outcome = { type: 'done' },
  more: Partial<Of<'ENDED'>> = {},
): Of<'ENDED'> {
  return {
    type: 'ENDED',
    at: 4_000,
    order,
    outcome,
    ms: 3_000,
    tools: 1,
    denied: [],
    model: null,
    costUsd: null,
    usage: someUsage,
    promptBytes: 1_200,
    priced: { microUsd: 10_000, prices: 'test' },
    sessionId: null,
    said: null,
    leftovers: 0,
    ...more,
  };
}
