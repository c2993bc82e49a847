/** One conversation for a whole round: who goes on with what, with which tools, and that no file can ask for it. */
import { describe, expect, it } from 'vitest';
import { compose, type BriefFiles } from '../../src/domain/brief.ts';
import { newRound, type RoundMemory } from '../../src/domain/round.ts';
import { orderFor } from '../../src/domain/route.ts';
import { readSettings } from '../../src/protocol/settings.ts';
import { isOneThread } from '../../src/domain/thread.ts';
import type { Policy } from '../../src/protocol/policy.ts';
import type { Order } from '../../src/protocol/session.ts';
import { contract, testPolicy } from '../rig/policy.ts';

const roles = {
  ...testPolicy().roles,
  implementer: contract('implementer', { tools: ['Read', 'Write', 'Bash'] }),
};
const separate = testPolicy({ roles });
const thread = testPolicy({ roles, oneThread: true });
const worked = (agent = 'scripted'): RoundMemory => ({
  ...newRound('R01', 'full'),
  threads: { architect: { agent, sessionId: 's-1' } },
});
const orderOf = (policy: Policy, round: RoundMemory, role: string): Order =>
  orderFor(policy, round, { role, dispatchId: 'in', at: 1, kind: 'work', feedback: [], because: '' });
const files: BriefFiles = {
  offered: [],
  reinforcements: [],
  directive: null,
  decisions: [],
  changed: null,
  handoff: 'coordination/NEXT-ROLE.md',
  headerLines: null,
  dialect: 'front-matter',
};

describe('a round that is one conversation', () => {
  it('begins with a fresh session, and every role after it goes on with that', () => {
    expect(orderOf(thread, newRound('R01', 'full'), 'architect')).not.toHaveProperty('resumeOf');
    for (const role of ['implementer', 'reviewer', 'memorial'])
      expect(orderOf(thread, worked(), role).resumeOf).toBe('s-1');
  });

  it('does not go on with the conversation of another agent', () => {
    expect(orderOf(thread, worked('other'), 'implementer')).not.toHaveProperty('resumeOf');
  });

  it('gives all its sessions the tools of all its roles, in one order, so that the cache of the prompt stays', () => {
    const tools = ['architect', 'implementer', 'reviewer', 'memorial'].map(
      (role) => compose(thread, orderOf(thread, worked(), role), files).tools,
    );
    expect(tools).toEqual(Array(4).fill(['Bash', 'Read', 'Write']));
    expect(compose(thread, orderOf(thread, worked(), 'reviewer'), files).manifest.tools).toEqual(tools[0]);
  });

  it('never lets a second opinion go on with it, which is worked at the same time', () => {
    const both = {
      ...thread,
      secondOpinion: 'always',
      roles: { ...roles, 'second-reviewer': contract('x') },
    };
    const order = orderOf(both as Policy, worked(), 'reviewer');
    expect(order.resumeOf).toBe('s-1');
    expect(order.companion?.role).toBe('second-reviewer');
    expect(order.companion).not.toHaveProperty('resumeOf');
  });
});

describe('isOneThread()', () => {
  it('holds where each session after the first goes on with an earlier one, but for opinions beside them', () => {
    const went = { kind: 'work', resumeOf: 's-1' } as const;
    expect(isOneThread([{ kind: 'work' }, went, { kind: 'opinion' }, went])).toBe(true);
    expect(isOneThread([{ kind: 'work' }, went, { kind: 'work' }])).toBe(false);
    expect(isOneThread([])).toBe(true);
  });
});

describe('a round as everybody runs it', () => {
  it('starts each role afresh, with its own tools', () => {
    const order = orderOf(separate, worked(), 'reviewer');
    expect(order).not.toHaveProperty('resumeOf');
    expect(compose(separate, order, files).tools).toEqual(['Read', 'Write']);
  });

  it('cannot be made one conversation by the settings', () => {
    const { settings, diagnostics } = readSettings('oneThread: true\n', { roles: [], tiers: [] });
    expect(settings).toEqual({});
    expect(diagnostics).toHaveLength(1);
  });
});
