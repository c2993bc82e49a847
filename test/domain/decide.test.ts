import { describe, expect, it } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import { emptyContext, newRound, type Context } from '../../src/domain/round.ts';
import type { HandoffFacts } from '../../src/protocol/handoff.ts';
import { facts, question, read } from '../rig/facts.ts';
import { testPolicy } from '../rig/policy.ts';

const policy = testPolicy();

function decided(handoff: HandoffFacts | null, context: Context = emptyContext, more = {}): Context {
  return decide(policy, context, read(handoff, more));
}

/** A round that is parked on an open question of the implementer. */
const asking: Context = {
  ...emptyContext,
  digest: 'd0',
  round: newRound('R01', 'full'),
  question: {
    id: 'R01-implementer-1',
    role: 'implementer',
    fingerprint: 'q1',
    escalation: question,
    moves: null,
    refused: null,
    budget: false,
  },
  verdict: { type: 'park', kind: 'escalation', why: 'asked', problems: [] },
};

describe('decide()', () => {
  it.each([
    ['READY', 'architect', 'dispatch'],
    ['READY', 'human', 'park'],
    ['MERGE-READY', 'reviewer', 'dispatch'],
    ['ESCALATE', 'implementer', 'park'],
    ['BLOCKED', 'implementer', 'park'],
    ['PAUSED', 'implementer', 'park'],
    ['WAVE-PLAN-READY', 'human', 'park'],
    ['WAVE-GATE-READY', 'human', 'park'],
    ['ROUND-COMPLETE', 'human', 'finish'],
    ['WAVE-COMPLETE', 'human', 'finish'],
    ['WORKING', 'implementer', 'stall'],
  ] as const)('reads %s for %s as "%s"', (status, role, verdict) => {
    expect(decided(facts({ status, role, roleText: role })).verdict.type).toBe(verdict);
  });

  it('parks on an unknown status, keeps its text and lists the valid ones', () => {
    const { verdict } = decided(facts({ status: null, statusText: 'PHASE-1-CLOSED — all done; HARD STOP' }));
    expect(verdict).toMatchObject({ type: 'park', kind: 'unknown-status' });
    expect(JSON.stringify(verdict)).toContain('HARD STOP');
    expect(JSON.stringify(verdict)).toContain('ROUND-COMPLETE');
  });

  it('waits for a file it cannot read, with the problems', () => {
    const problem = { code: 'header-yaml', line: 3, severity: 'error', message: 'm', hint: 'h' } as const;
    expect(decided(null, emptyContext, { problems: [problem] }).verdict).toEqual({
      type: 'unreadable',
      problems: [problem],
    });
  });

  it('sends MERGE-READY to the role after the reviewer, and finishes where there is none', () => {
    expect(decided(facts({ status: 'MERGE-READY', role: 'memorial' })).verdict).toMatchObject({
      order: { role: 'memorial' },
    });
    expect(decided(facts({ status: 'MERGE-READY', role: 'human' })).verdict).toMatchObject({
      order: { role: 'memorial' },
    });
    expect(decided(facts({ status: 'MERGE-READY', role: 'human', tier: 'solo' })).verdict.type).toBe(
      'finish',
    );
  });

  it('dispatches only roles of the tier, and says which they are', () => {
    const { verdict } = decided(facts({ role: 'architect', tier: 'audit' }));
    expect(verdict).toMatchObject({ type: 'park', kind: 'illegal' });
    expect(JSON.stringify(verdict)).toContain('implementer → reviewer → memorial');
  });

  it('uses the project’s tier where the handoff names none', () => {
    expect(decided(facts({ tier: null })).round?.tier).toBe('full');
  });

  it('gives every order its reasons', () => {
    const { verdict } = decided(facts());
    expect(verdict).toMatchObject({
      order: {
        because: [
          'the handoff says READY for architect',
          'test',
          'architect is class balanced, for which this agent is given no model',
        ],
      },
    });
  });

  it('starts a new memory when a human opens another round, and forgets the old question', () => {
    const context = decided(facts({ round: 'R02' }), {
      ...asking,
      round: { ...newRound('R01', 'full'), sessions: 9 },
    });
    expect(context.round).toMatchObject({ id: 'R02', sessions: 0 });
    expect(context.question).toBeNull();
    expect(context.verdict.type).toBe('dispatch');
  });

  it('gives up at the cap of a role, writes the reason, and grants a new allowance to a human edit', () => {
    const spent = { ...newRound('R01', 'full'), visits: { architect: 4 }, sessions: 4 };
    const capped = decided(facts(), { ...emptyContext, round: spent });
    expect(capped.verdict).toMatchObject({
      type: 'write',
      change: { status: 'BLOCKED', reason: expect.stringContaining('architect has had 4') as string },
    });
    const parked = decide(
      policy,
      { ...capped, digest: 'd1' },
      read(facts({ status: 'BLOCKED' }), { digest: 'd2' }),
    );
    expect(parked.verdict).toMatchObject({
      type: 'park',
      kind: 'blocked',
      why: expect.stringContaining('its cap') as string,
    });
    const raised = decide(policy, parked, read(facts(), { digest: 'd3' }));
    expect(raised.verdict).toMatchObject({ type: 'dispatch', order: { visit: 5 } });
    expect(raised.round?.granted.visits['architect']).toBe(8);
  });

  it('refuses the same inputs again beyond the cap for unchanged inputs', () => {
    const spent = { ...newRound('R01', 'full'), attempts: { 'inputs-of-architect': 2 } };
    expect(decided(facts(), { ...emptyContext, round: spent }).verdict).toMatchObject({
      change: { status: 'BLOCKED' },
    });
  });
});

describe('an escalation', () => {
  const escalate = (more: Partial<HandoffFacts> = {}): HandoffFacts =>
    facts({
      status: 'ESCALATE',
      role: 'implementer',
      roleText: 'implementer',
      escalation: question,
      ...more,
    });

  it('gets an id of its own and remembers who asked', () => {
    const { question: open } = decided(escalate());
    expect(open).toMatchObject({ id: 'R01-implementer-1', role: 'implementer', fingerprint: 'q1' });
  });

  it('keeps the id that the role wrote', () => {
    const named = { ...question, id: 'R01-implementer-7' };
    expect(decided(escalate({ escalation: named, role: null })).question).toMatchObject({
      id: 'R01-implementer-7',
      role: 'implementer',
    });
  });

  it('is answered by a letter, whatever its case: one write releases the role that asked', () => {
    const { verdict } = decided(escalate({ answer: ' b ', note: 'with care' }), asking);
    expect(verdict).toMatchObject({
      type: 'write',
      change: { status: 'READY', 'next-role': 'implementer', escalation: null, answer: null, note: null },
      decision: {
        path: 'coordination/decisions/D-R01-implementer-1.md',
        chosen: 'Follow the API',
        answer: { choice: 'B', words: 'with care', via: 'header' },
      },
    });
  });

  it('refuses a letter that is none of its options, and stays open', () => {
    const context = decided(escalate({ answer: 'Q' }), asking);
    expect(context.verdict).toMatchObject({
      type: 'park',
      kind: 'escalation',
      problems: [{ code: 'answer-unknown' }],
    });
    expect(context.question?.id).toBe('R01-implementer-1');
  });

  it('refuses an answer beside a question that has changed since', () => {
    const context = decided(escalate({ answer: 'A' }), asking, { question: 'another' });
    expect(context.verdict).toMatchObject({ type: 'park', problems: [{ code: 'answer-stale' }] });
    const next = (answer: string, note: string | null = null) =>
      decide(policy, context, read(escalate({ answer, note }), { digest: 'd9', question: 'another' }))
        .verdict;
    // The same answer again is no new one, whatever else was saved; another letter or other words are.
    expect(next('A').type).toBe('park');
    expect(next('B').type).toBe('write');
    expect(next('A', 'yes, still')).toMatchObject({ type: 'write', decision: { answer: { choice: 'A' } } });
  });

  it('is answered by READY with an operator decision, word for word', () => {
    const { verdict } = decided(
      facts({ role: 'human', operatorDecision: 'Take the second, but log it.' }),
      asking,
    );
    expect(verdict).toMatchObject({
      change: { 'next-role': 'implementer' },
      decision: { answer: { choice: null, words: 'Take the second, but log it.', via: 'section' } },
    });
  });

  it('resumes on READY without an answer too, and says so', () => {
    const { verdict } = decided(facts({ role: 'implementer' }), asking);
    expect(verdict).toMatchObject({
      decision: { answer: { via: 'ready-without-answer', words: null, choice: null } },
    });
    expect(JSON.stringify(verdict)).toContain('without an answer');
  });

  it('without options takes any words as its answer', () => {
    const open = { ...asking, question: { ...asking.question!, escalation: { ...question, options: [] } } };
    const { verdict } = decided(
      escalate({ answer: 'just do it', escalation: { ...question, options: [] } }),
      open,
    );
    expect(verdict).toMatchObject({ decision: { answer: { choice: null, words: 'just do it' } } });
  });

  it('stays open while the human only edits around it', () => {
    expect(decided(escalate(), asking, { digest: 'd5' }).question).toEqual(asking.question);
  });

  it('gets an id of its own when an earlier question of the round had the written one', () => {
    const round = {
      ...newRound('R01', 'full'),
      escalations: 1,
      decisions: [{ id: 'Q1', role: 'implementer', path: 'p' }],
    };
    const again = decided(escalate({ escalation: { ...question, id: 'Q1' } }), { ...emptyContext, round });
    expect(again.question?.id).toBe('R01-implementer-2');
    expect(again.round?.escalations).toBe(2);
  });

  it('is not answered by words that stood there before it was asked', () => {
    const round = { ...newRound('R01', 'full'), wordsSeen: 'old words' };
    const ready = facts({ role: 'implementer', operatorDecision: 'old words' });
    const { verdict } = decided(ready, { ...asking, round });
    expect(verdict).toMatchObject({ decision: { answer: { via: 'ready-without-answer', words: null } } });
  });

  it('is answered by MERGE-READY too: no session starts over an open question', () => {
    expect(decided(facts({ status: 'MERGE-READY', role: 'memorial' }), asking).verdict.type).toBe('write');
  });

  it('resumes at another role where the human names one with READY', () => {
    expect(decided(facts({ role: 'architect', answer: 'A' }), asking).verdict).toMatchObject({
      change: { 'next-role': 'architect' },
      decision: { role: 'implementer' },
    });
  });

  it('waits for its answer also in a tier nobody knows', () => {
    expect(decided(escalate({ tier: 'turbo' })).verdict).toMatchObject({ kind: 'escalation' });
    expect(decided(facts({ tier: 'turbo' })).verdict).toMatchObject({
      kind: 'illegal',
      why: expect.stringContaining('audit') as string,
    });
    expect(decided(facts({ tier: 'turbo', status: 'ROUND-COMPLETE' })).verdict.type).toBe('finish');
  });

  it('of the runner itself leads where its letter says, or gives up', () => {
    const moves = { A: 'implementer', B: 'reviewer', C: null };
    const options = ['A', 'B', 'C'].map((letter) => ({ letter, do: letter, then: '' }));
    const open: Context = {
      ...asking,
      question: { ...asking.question!, moves, escalation: { ...question, options } },
    };
    const choose = (answer: string) =>
      decided(escalate({ answer, escalation: { ...question, options } }), open);
    expect(choose('B').verdict).toMatchObject({ change: { 'next-role': 'reviewer', status: 'READY' } });
    expect(choose('C').verdict).toMatchObject({ change: { status: 'BLOCKED' } });
    expect(choose('A').verdict).toMatchObject({ round: { granted: { sessions: 10 } } });
  });
});
