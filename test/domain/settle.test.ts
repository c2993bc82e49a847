import { describe, expect, it } from 'vitest';
import { settle } from '../../src/domain/settle.ts';
import { count, emptyContext, newRound, type Context } from '../../src/domain/round.ts';
import { orderFor } from '../../src/domain/route.ts';
import type { HandoffChange, HandoffFacts } from '../../src/protocol/handoff.ts';
import type { Outcome } from '../../src/protocol/session.ts';
import { facts, question, settled } from '../rig/facts.ts';
import { testPolicy } from '../rig/policy.ts';

const policy = testPolicy();
const done: Outcome = { type: 'done' };

/** A context in which a role's session has just ended. */
function after(role: string, outcome: Outcome, more: Partial<Context> = {}): Context {
  const round = newRound('R01', 'full');
  const request = { role, dispatchId: 'in', at: 1_000, kind: 'work', feedback: [], because: 'test' } as const;
  const order = orderFor(policy, round, request);
  return {
    ...emptyContext,
    round: count(round, order),
    order,
    outcome,
    verdict: { type: 'dispatch', order, since: 1, insist: false },
    ...more,
  };
}

const proposes = (role: string, status: HandoffFacts['status'] = 'READY'): HandoffFacts =>
  facts({ role, roleText: role, status });
const untouched = facts({ role: 'architect', status: 'WORKING' });
const missing = [{ path: 'coordination/specs/Q-R01-SPEC.md', present: false, changed: false }];
const failed = (
  cls: Extract<Outcome, { type: 'failed' }>['class'],
  resetsAt: number | null = null,
): Outcome => ({
  type: 'failed',
  class: cls,
  message: 'as seen',
  resetsAt,
});

/** The question that is open once the verdict's write stands in the file. */
const questionOf = ({ verdict }: Context) => (verdict.type === 'write' ? verdict.question : null);

describe('settle()', () => {
  it('accepts a legal proposal with its artifacts', () => {
    expect(settle(policy, after('architect', done), settled(proposes('implementer'))).verdict).toEqual({
      type: 'gate',
      to: 'implementer',
      ends: null,
      pause: false,
      remarks: [],
    });
  });

  it('lets the reviewer send work back, because the tier has that edge', () => {
    expect(settle(policy, after('reviewer', done), settled(proposes('implementer'))).verdict).toMatchObject({
      type: 'gate',
      to: 'implementer',
    });
  });

  it('repairs a skipped role by the tier’s order, and says so', () => {
    const { verdict } = settle(policy, after('implementer', done), settled(proposes('memorial')));
    expect(verdict).toMatchObject({ type: 'gate', to: 'reviewer' });
    expect(JSON.stringify(verdict)).toContain('does not allow');
  });

  it('goes on by the tier’s order when the handoff was left untouched but the work is there', () => {
    const { verdict } = settle(policy, after('architect', done), settled(untouched));
    expect(verdict).toMatchObject({
      type: 'gate',
      to: 'implementer',
      remarks: [expect.stringContaining('untouched')],
    });
  });

  it('reads MERGE-READY as the tier’s next role, and the last role’s ROUND-COMPLETE as the end', () => {
    expect(
      settle(policy, after('reviewer', done), settled(proposes('human', 'MERGE-READY'))).verdict,
    ).toMatchObject({ to: 'memorial' });
    expect(
      settle(policy, after('memorial', done), settled(proposes('human', 'ROUND-COMPLETE'))).verdict,
    ).toMatchObject({ to: null });
    expect(
      settle(policy, after('implementer', done), settled(proposes('human', 'ROUND-COMPLETE'))).verdict,
    ).toMatchObject({ to: 'reviewer' });
  });

  it('asks once for a missing artifact, then asks the human', () => {
    const first = settle(
      policy,
      after('architect', done),
      settled(proposes('implementer'), { artifacts: missing }),
    );
    expect(first.verdict).toMatchObject({
      type: 'cool',
      order: { kind: 'repair', feedback: [expect.stringContaining('Q-R01-SPEC.md')] },
      until: 5_000,
    });
    const twice = after('architect', done);
    const spent = { ...twice, round: count(twice.round!, twice.order!) };
    const second = settle(policy, spent, settled(proposes('implementer'), { artifacts: missing }));
    expect(second.verdict).toMatchObject({ type: 'write', change: { status: 'ESCALATE' } });
    expect(questionOf(second)?.moves).toEqual({ A: 'architect', C: null });
  });

  it('asks for an artifact that is there but was not changed', () => {
    const artifacts = [{ ...missing[0]!, present: true }];
    expect(
      settle(policy, after('architect', done), settled(proposes('implementer'), { artifacts })).verdict,
    ).toMatchObject({ type: 'cool' });
  });

  it('asks the human when a permission refused what is missing', () => {
    const context = after('architect', done, { denied: ['Write coordination/specs/Q-R01-SPEC.md'] });
    const { verdict } = settle(policy, context, settled(untouched, { artifacts: missing }));
    expect(JSON.stringify(verdict)).toContain('permission');
    expect(verdict).toMatchObject({ type: 'write', change: { status: 'ESCALATE' } });
  });

  it('parks on a role’s question, keeps who asked, and removes an answer the role gave itself', () => {
    const handoff = facts({ role: 'human', status: 'ESCALATE', escalation: question, answer: 'A' });
    const context = settle(policy, after('implementer', done), settled(handoff));
    expect(questionOf(context)).toMatchObject({ id: 'R01-implementer-1', role: 'implementer' });
    expect(context.verdict).toMatchObject({
      change: { status: 'ESCALATE', 'next-role': 'implementer', answer: null, note: null, dispatch: null },
    });
  });

  it('accepts finished work of a session that ended badly', () => {
    for (const outcome of [
      failed('crashed'),
      { type: 'lost' } as const,
      { type: 'stopped', why: 'interrupted' } as const,
    ]) {
      expect(
        settle(policy, after('architect', outcome), settled(proposes('implementer'))).verdict,
      ).toMatchObject({ type: 'gate', to: 'implementer' });
    }
  });

  it.each([
    ['crashed', 'cool'],
    ['stalled', 'cool'],
    ['failed', 'cool'],
    ['overloaded', 'cool'],
    ['network', 'cool'],
    ['rate-limited', 'cool'],
    ['auth', 'write'],
    ['quota', 'write'],
    ['denied', 'write'],
    ['capped', 'write'],
    ['context-too-long', 'write'],
    ['refused', 'write'],
    ['not-started', 'write'],
  ] as const)('answers a session that is "%s" with "%s"', (cls, verdict) => {
    expect(
      settle(policy, after('architect', failed(cls)), settled(untouched, { artifacts: missing })).verdict
        .type,
    ).toBe(verdict);
  });

  it('waits for a limit’s reset without spending an attempt, and never in a hot loop', () => {
    const reset = settle(policy, after('architect', failed('rate-limited', 3_600_000)), settled(untouched));
    expect(reset.verdict).toMatchObject({ type: 'cool', until: 3_600_000, order: { attempt: 1, visit: 1 } });
    expect(reset.round).toMatchObject({ sessions: 0, limitWaits: 1 });
    const past = settle(policy, after('architect', failed('rate-limited', 10)), settled(untouched));
    expect(past.verdict).toMatchObject({ until: 9_000 });
    const far = settle(policy, after('architect', failed('rate-limited', 10 ** 12)), settled(untouched));
    expect(far.verdict).toMatchObject({ change: { status: 'ESCALATE' } });
  });

  it('backs off longer with each attempt, then gives up with the last words', () => {
    const once = settle(policy, after('architect', failed('crashed')), settled(untouched));
    expect(once.verdict).toMatchObject({
      type: 'cool',
      until: 6_000,
      order: { attempt: 2, feedback: ['crashed: as seen'] },
    });
    const twice = after('architect', failed('crashed'));
    const spent = { ...twice, round: count(twice.round!, twice.order!) };
    expect(settle(policy, spent, settled(untouched)).verdict).toMatchObject({
      change: { status: 'BLOCKED', reason: expect.stringContaining('crashed: as seen') as string },
    });
  });

  it('asks about a session whose end nobody saw, and retries only where the settings say so', () => {
    const asked = settle(policy, after('architect', { type: 'lost' }), settled(untouched));
    expect(questionOf(asked)?.moves).toEqual({ A: 'architect', B: 'implementer', C: null });
    const retrying = testPolicy({ interrupted: 'retry' });
    expect(settle(retrying, after('architect', { type: 'lost' }), settled(untouched)).verdict.type).toBe(
      'cool',
    );
  });

  it('gives the order back after a stop, without counting it', () => {
    const paused = settle(
      policy,
      after('architect', { type: 'stopped', why: 'paused' }),
      settled(facts({ status: 'PAUSED' })),
    );
    expect(paused.verdict).toMatchObject({
      change: { status: 'PAUSED', 'next-role': 'architect', dispatch: null },
    });
    expect(paused.verdict).toMatchObject({ round: { sessions: 0 } });
  });

  it('asks a role that broke the header to mend it once, then waits for the human without writing', () => {
    const broken = settled(null, {
      problems: [{ code: 'header-yaml', line: 2, severity: 'error', message: 'bad', hint: 'mend' }],
    });
    expect(settle(policy, after('architect', done), broken).verdict).toMatchObject({
      type: 'cool',
      order: { kind: 'repair' },
    });
    const repairing = after('architect', done);
    const order = { ...repairing.order!, kind: 'repair' as const };
    expect(settle(policy, { ...repairing, order }, broken).verdict.type).toBe('unreadable');
  });

  it('keeps an end that the contract allows, and no other', () => {
    const open = testPolicy();
    const coordinator = { ...open.roles['coordinator']!, ends: ['WAVE-PLAN-READY', 'WAVE-COMPLETE'] };
    const wide = testPolicy({ roles: { ...open.roles, coordinator } });
    const context = after('coordinator', done);
    const round = { ...context.round!, tier: 'coordinator' };
    const ends = (status: HandoffFacts['status']) =>
      settle(wide, { ...context, round }, settled(proposes('human', status))).verdict;
    expect(ends('WAVE-COMPLETE')).toMatchObject({ type: 'gate', to: null, ends: 'WAVE-COMPLETE' });
    expect(ends('ROUND-COMPLETE')).toMatchObject({ type: 'gate', to: null, ends: null });
  });

  it('takes MERGE-READY only from a role whose contract has it', () => {
    const { verdict } = settle(
      policy,
      after('implementer', done),
      settled(proposes('memorial', 'MERGE-READY')),
    );
    expect(verdict).toMatchObject({
      type: 'gate',
      to: 'reviewer',
      remarks: [expect.stringContaining('not allow')],
    });
  });

  it('puts the round’s name back when a role changed it, and says so', () => {
    const handoff = { ...proposes('implementer'), round: 'R99' };
    const { verdict, mend } = settle(policy, after('architect', done), settled(handoff));
    expect(verdict).toMatchObject({ remarks: [expect.stringContaining('put back')] });
    expect(mend).toEqual({ round: 'R01' });
  });

  const owned: readonly [string, Partial<HandoffFacts>, HandoffChange][] = [
    ['the tier', { tier: 'solo' }, { tier: 'full' }],
    ['a tier nobody knows', { tier: 'huge' }, { tier: 'full' }],
    ['a tier for the router', { tier: 'auto' }, { tier: 'full' }],
    ['the preset', { preset: 'frontier' }, { preset: 'economic' }],
    ['a preset taken out', { preset: null }, { preset: 'economic' }],
    ['the model of all', { models: { '*': 'opus', reviewer: 'opus' } }, { model: null }],
    ['the model of one role', { models: { reviewer: 'haiku' } }, { models: 'reviewer=opus' }],
    ['the models taken out', { models: {} }, { models: 'reviewer=opus' }],
    ['nothing', {}, {}],
    ['a tier that the settings name as well', { tier: null }, {}],
  ];
  it.each(owned)('puts back what is not a role’s to choose: %s', (_, changed, mended) => {
    const started = after('architect', done);
    const own = { preset: 'economic', models: { reviewer: 'opus' } };
    const context = { ...started, round: started.round && { ...started.round, ...own } };
    const handoff = { ...proposes('implementer'), ...own, ...changed };
    const { verdict, mend } = settle(policy, context, settled(handoff));
    expect(mend).toEqual(mended);
    const [key] = Object.keys(mended);
    const remarks = key === undefined ? [] : [expect.stringContaining(`put back: ${key}`)];
    expect(verdict).toMatchObject({ type: 'gate', to: 'implementer', remarks });
  });

  it('leaves a word it does not know to the human, with the bookkeeping cleared', () => {
    const odd = facts({ role: 'reviewer', status: null, statusText: 'ALMOST' });
    expect(settle(policy, after('implementer', done), settled(odd)).verdict).toMatchObject({
      type: 'write',
      change: { by: null, dispatch: null },
    });
  });
});
