import { describe, expect, it } from 'vitest';
import { gated, owedIn } from '../../src/domain/gate.ts';
import { count, emptyContext, newRound, type Context } from '../../src/domain/round.ts';
import { orderFor } from '../../src/domain/route.ts';
import type { Finding } from '../../src/protocol/finding.ts';
import { gated as gatedEvent } from '../rig/facts.ts';
import { contract, testPolicy } from '../rig/policy.ts';

const policy = testPolicy();
const finding = (severity: Finding['severity']): Finding => ({
  id: 'artifact-contract:x',
  gate: 'artifact-contract',
  severity,
  file: 'x.md',
  line: 3,
  text: 'The section "Mechanism" is missing',
});

function gating(role: string, to: string | null, times = 1): Context {
  let round = newRound('R01', 'full');
  const order = orderFor(policy, round, {
    role,
    dispatchId: 'in',
    at: 1,
    kind: 'work',
    feedback: [],
    because: '',
  });
  for (let n = 0; n < times; n += 1) round = count(round, order);
  return {
    ...emptyContext,
    digest: 'd',
    round,
    order,
    outcome: { type: 'done' },
    verdict: { type: 'gate', to, ends: null, pause: false, remarks: [] },
  };
}

describe('gated()', () => {
  it('writes the next header when nothing blocks, minor findings included', () => {
    const { verdict, findings } = gated(
      policy,
      gating('architect', 'implementer'),
      gatedEvent([finding('MINOR'), finding('OBS')]),
    );
    expect(verdict).toMatchObject({
      type: 'write',
      change: { 'next-role': 'implementer', status: 'READY' },
      commit: 'architect is done; implementer is next',
    });
    expect(findings).toHaveLength(2);
  });

  it('ends the round with the status of its tier', () => {
    const { verdict } = gated(policy, gating('memorial', null), gatedEvent());
    expect(verdict).toMatchObject({ change: { 'next-role': 'human', status: 'ROUND-COMPLETE' } });
  });

  it('sends the role back with the finding’s own words, and at the cap asks with both positions', () => {
    const red = gatedEvent([finding('MAJOR')]);
    expect(gated(policy, gating('architect', 'implementer'), red).verdict).toMatchObject({
      type: 'cool',
      order: { feedback: ['artifact-contract in x.md:3: The section "Mechanism" is missing'] },
    });
    const asked = gated(policy, gating('architect', 'implementer', 2), red);
    const open = asked.verdict.type === 'write' ? asked.verdict.question : null;
    expect(open?.escalation.question).toContain('the gates still find');
    expect(open?.escalation.question).toContain('says it is done');
    expect(open?.moves).toEqual({ A: 'architect', B: 'implementer', C: null });
  });
});

describe('owedIn()', () => {
  it('leaves out what another tier owes', () => {
    const owes = [
      { path: 'a', tiers: ['solo'], sections: [] },
      { path: 'b', tiers: [], sections: [] },
    ];
    const narrow = testPolicy({ roles: { implementer: contract('implementer', { owes }) } });
    expect(owedIn(narrow, { role: 'implementer', tier: 'full' }).map(({ path }) => path)).toEqual(['b']);
  });
});
