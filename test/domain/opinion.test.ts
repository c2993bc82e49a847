/** A second opinion that is due and missing: ordered again by itself, bounded, then asked about; nothing else changes hands. */
import { describe, expect, it } from 'vitest';
import { missingOpinion } from '../../src/domain/gates/review.ts';
import { initialState, step, type MachineState } from '../../src/domain/machine.ts';
import type { MachineEvent } from '../../src/protocol/event.ts';
import type { HandoffFacts } from '../../src/protocol/handoff.ts';
import type { Outcome } from '../../src/protocol/session.ts';
import { ended, facts, gated, read, settled } from '../rig/facts.ts';
import { opinionPolicy, testPolicy } from '../rig/policy.ts';

const report = 'coordination/reviews/REVIEWER-REPORT-R01.md';
const secondReport = 'coordination/reviews/REVIEWER-REPORT-R01-SECOND.md';
const shipped = testPolicy();
const policy = opinionPolicy({
  caps: { ...shipped.caps, perDispatch: 2, perRole: 6, perRound: 30 },
  failures: {
    ...shipped.failures,
    'rate-limited': {
      then: 'wait',
      says: 'the limit is used up',
      remedy: null,
      shared: false,
      wait: { firstMs: 1_000, factor: 2, maxMs: 9_000, timesMax: 5, untilMaxMs: 99_000 },
    },
  },
});
const asked = gated([missingOpinion('second-reviewer', [])]);
const missing = { ...asked, gates: asked.gates.map((each) => ({ ...each, gate: 'review' })) };
const merges = facts({ role: 'memorial', status: 'MERGE-READY' });
const working = facts({ role: 'second-reviewer', status: 'WORKING' });

function review() {
  let state: MachineState = initialState();
  let n = 0;
  const send = (event: MachineEvent): void => {
    state = step(policy, state, event).state;
  };
  send(read(facts({ role: 'reviewer' })));
  return {
    get state() {
      return state;
    },
    get order() {
      const { verdict, order } = state.context;
      return verdict.type === 'cool' ? verdict.order : order;
    },
    send,
    /** One order from its claim to its gates. */
    works(left: HandoffFacts, gates: MachineEvent | null, outcome: Outcome = { type: 'done' }): void {
      n += 1;
      if (state.value === 'cooling') send({ type: 'TICK', at: 1e12 + n });
      const { order } = state.context;
      if (order === null) throw new Error('no order');
      const baseline = order.role === 'reviewer' ? { [report]: `old-${n}` } : {};
      const beside =
        order.kind === 'opinion' || order.companion !== undefined ? { [secondReport]: `old-${n}` } : {};
      send({ type: 'CLAIMED', at: n, digest: `c${n}`, baseline: { ...baseline, ...beside } });
      send(ended(order.id, outcome));
      const artifacts =
        order.kind === 'opinion' ? [{ path: secondReport, present: false, changed: false }] : [];
      send(settled(left, { digest: `s${n}`, artifacts }));
      if (gates !== null) send(gates);
    },
  };
}

describe('a missing second opinion', () => {
  it('is ordered by itself, with what is wrong, on attempts of its own; then the review goes where it was going', () => {
    const round = review();
    expect(round.order).toMatchObject({
      role: 'reviewer',
      companion: { kind: 'opinion', visit: 1, attempt: 1 },
    });
    round.works(merges, missing);
    expect(round.order).toMatchObject({
      role: 'second-reviewer',
      kind: 'opinion',
      visit: 2,
      attempt: 2,
      feedback: ['review: The second-reviewer left no report: this review is one opinion'],
    });
    round.works(working, gated());
    expect(round.state.context.verdict).toMatchObject({
      type: 'write',
      change: { 'next-role': 'memorial', status: 'READY' },
      commit: 'reviewer is done; memorial is next',
    });
    expect(round.state.context.round).toMatchObject({
      sessions: 3,
      visits: { reviewer: 1, 'second-reviewer': 2 },
    });
    round.send({ type: 'WRITTEN', at: 9, digest: 'w', commit: null });
    // The visit is over: neither report counts as new for the next one.
    expect(round.state.context.round?.baseline).toEqual({});
  });

  it('becomes a question at the cap, in the first reviewer’s name, with the one opinion as a way on', () => {
    const round = review();
    round.works(merges, missing);
    round.works(working, missing);
    const { verdict } = round.state.context;
    if (verdict.type !== 'write') throw new Error(verdict.type);
    expect(verdict.change).toMatchObject({ status: 'ESCALATE', 'next-role': 'reviewer' });
    expect(verdict.question).toMatchObject({
      role: 'reviewer',
      moves: { A: 'reviewer', B: 'memorial', C: null },
    });
    expect(verdict.question?.escalation.question).toBe(
      'This review needs a second opinion and has only one: review: The second-reviewer left no report: this review is ' +
        'one opinion (second-reviewer has worked 2 times on the same inputs in round R01, the cap for unchanged inputs). What now?',
    );
  });

  it('does not hold up work that the first review sends back', () => {
    const round = review();
    round.works(facts({ role: 'implementer' }), missing);
    expect(round.state.context.verdict).toMatchObject({
      type: 'write',
      change: { 'next-role': 'implementer' },
    });
  });

  it('waits for a limit of its agent as itself, and spends no attempt', () => {
    const round = review();
    round.works(merges, missing);
    round.works(working, null, { type: 'failed', class: 'rate-limited', message: 'later', resetsAt: null });
    expect(round.state.value).toBe('cooling');
    expect(round.order).toMatchObject({ role: 'second-reviewer', kind: 'opinion', attempt: 2 });
    // One that crashes is judged by what it left.
    round.works(working, null, { type: 'failed', class: 'crashed', message: 'exit 1', resetsAt: null });
    expect(round.state.value).toBe('gating');
  });

  it('that is stopped gives the review back to the reviewer, never to a role outside the tier', () => {
    const round = review();
    round.works(merges, missing);
    round.works(working, null, { type: 'stopped', why: 'interrupted' });
    expect(round.state.context.verdict).toMatchObject({
      type: 'write',
      change: { 'next-role': 'reviewer', status: 'READY' },
    });
    const paused = review();
    paused.works(merges, missing);
    paused.works(facts({ role: 'second-reviewer', status: 'PAUSED' }), null, {
      type: 'stopped',
      why: 'paused',
    });
    expect(paused.state.context.verdict).toMatchObject({
      change: { 'next-role': 'reviewer', status: 'PAUSED' },
    });
  });
});

describe('the digests from before a review', () => {
  it('stay while the reviewer mends its own report, and go when another role takes over, also by way of a question', () => {
    const round = review();
    const red = gated([
      { id: 'x', gate: 'artifact-contract', severity: 'MAJOR', file: report, line: null, text: 'wrong' },
    ]);
    round.works(merges, red);
    expect(round.order).toMatchObject({ role: 'reviewer', kind: 'repair' });
    round.works(merges, red);
    expect(round.state.context.round?.baseline).toEqual({ [report]: 'old-1', [secondReport]: 'old-1' });
    // The cap is reached; the human sends the implementer instead, who never handed over to the reviewer before.
    round.send({ type: 'WRITTEN', at: 9, digest: 'w1', commit: null });
    round.send(read(facts({ role: 'implementer', note: 'build it anew' }), { digest: 'r1' }));
    round.send({ type: 'WRITTEN', at: 9, digest: 'w2', commit: null });
    round.send(read(facts({ role: 'implementer' }), { digest: 'r2' }));
    round.works(facts({ role: 'reviewer' }), null);
    expect(round.state.context.round?.baseline).toEqual({});
  });
});
