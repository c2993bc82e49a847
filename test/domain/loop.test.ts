/** The loop of finding and fixing: it converges, or ends in one question with both positions, within its bounds. */
import { describe, expect, it } from 'vitest';
import { wordsFor } from '../../src/domain/loop.ts';
import { initialState, step, type MachineState } from '../../src/domain/machine.ts';
import type { MachineEvent } from '../../src/protocol/event.ts';
import type { Finding } from '../../src/protocol/finding.ts';
import type { Policy } from '../../src/protocol/policy.ts';
import { ended, facts, gated, read, settled } from '../rig/facts.ts';
import { testPolicy } from '../rig/policy.ts';

const finding = (id: string, severity: Finding['severity'] = 'CRITICAL', gate = 'review'): Finding => ({
  id,
  gate,
  severity,
  file: 'src/a.ts',
  line: 3,
  text: `${id} is wrong`,
});

type Said = Parameters<typeof ended>[2];
/** A round whose sessions are played one by one; the file says what the machine wrote last. */
function play(policy: Policy) {
  let state: MachineState = initialState();
  let header = facts({ role: 'implementer', tier: 'full' });
  let at = 0;
  const sessions: { role: string; feedback: readonly string[]; resumeOf: string | null; kind: string }[] = [];
  const send = (event: MachineEvent): void => {
    state = step(policy, state, event).state;
  };
  const write = (): void => {
    const { verdict } = state.context;
    if (verdict.type !== 'write') return;
    const { change, escalation } = verdict;
    const role = change['next-role'] ?? header.role;
    const status = (change['status'] ?? 'READY') as 'READY';
    header = {
      ...header,
      role,
      roleText: role,
      status,
      statusText: status,
      escalation: escalation ?? header.escalation,
    };
    send({ type: 'WRITTEN', at, digest: `w${at}`, commit: null });
    send({ ...read(header, { digest: `r${at}` }), dispatchId: `in-${role ?? ''}-${at}` });
  };
  send({ ...read(header), dispatchId: 'in-0' });
  return {
    /** One session to its gates; `next` is what the role proposes, null when it says nothing. */
    session(next: string | null, found: readonly Finding[], said: Said = {}): void {
      at += 1_000;
      if (state.value === 'cooling') send({ type: 'TICK', at: 10_000_000 + at });
      const { order } = state.context;
      if (order === null || state.value !== 'claiming') throw new Error(`no session in "${state.value}"`);
      sessions.push({
        role: order.role,
        feedback: order.feedback,
        resumeOf: order.resumeOf ?? null,
        kind: order.kind,
      });
      send({ type: 'CLAIMED', at, digest: `c${at}`, baseline: {} });
      send(
        ended(
          order.id,
          { type: 'done' },
          { sessionId: `s-${order.role}`, said: `${order.role} is right`, ...said },
        ),
      );
      const proposed =
        next === 'MERGE-READY'
          ? ({ role: 'memorial', status: 'MERGE-READY' } as const)
          : ({ role: next, status: 'READY' } as const);
      send(
        settled(
          { ...header, ...proposed, roleText: proposed.role, statusText: proposed.status },
          { digest: `s${at}` },
        ),
      );
      const gate = found[0]?.gate ?? 'review';
      const event = gated(found);
      send({ ...event, gates: event.gates.map((each) => ({ ...each, gate })) });
      write();
    },
    get state() {
      return state;
    },
    get order() {
      return state.context.order;
    },
    sessions,
  };
}

describe('a report with a CRITICAL finding', () => {
  it('goes back to the implementer although the reviewer says MERGE-READY, with its words, as a continued session', () => {
    const round = play(testPolicy());
    round.session('reviewer', []);
    round.session('MERGE-READY', [finding('f-1')]);
    expect(round.order).toMatchObject({
      role: 'implementer',
      kind: 'repair',
      feedback: ['review in src/a.ts:3: f-1 is wrong'],
      resumeOf: 's-implementer',
    });
    round.session('reviewer', []);
    // A cold review is a fresh session.
    expect(round.order).toMatchObject({ role: 'reviewer', kind: 'work', feedback: [] });
    expect(round.order).not.toHaveProperty('resumeOf');
    round.session('MERGE-READY', []);
    expect(round.order).toMatchObject({ role: 'memorial', feedback: [] });
  });

  it('lets everything milder go on', () => {
    const round = play(testPolicy());
    round.session('reviewer', []);
    round.session('MERGE-READY', [finding('f-1', 'MAJOR')]);
    expect(round.order?.role).toBe('memorial');
  });

  it('is a question where the tier has no way back', () => {
    const tiers = testPolicy().tiers;
    const full = { ...tiers['full']!, edges: [] };
    const round = play(testPolicy({ digest: 'no-back', tiers: { ...tiers, full } }));
    round.session('reviewer', []);
    round.session('MERGE-READY', [finding('f-1')]);
    expect(round.state.value).toBe('parked');
    expect(round.state.context.question?.moves).toEqual({ A: 'reviewer', B: 'memorial', C: null });
  });
});

describe('a reviewer and an implementer that never agree', () => {
  const never = (policy: Policy) => {
    const round = play(policy);
    for (let n = 0; round.state.value === 'claiming' && n < 40; n += 1) {
      if (round.order?.role === 'reviewer') round.session('implementer', [finding(`f-${n}`)]);
      else round.session('reviewer', []);
    }
    return round;
  };

  it('end in one question with both positions, within the cap, whatever new findings each fix brings', () => {
    const policy = testPolicy({
      digest: 'never',
      caps: { ...testPolicy().caps, perRole: 9, perRound: 40, fixes: 2 },
    });
    const round = never(policy);
    expect(round.state.value).toBe('parked');
    expect(round.sessions.map(({ role }) => role[0]).join('')).toBe('iririr');
    const { question } = round.state.context;
    expect(question?.escalation.question).toBe(
      'reviewer and implementer do not agree: reviewer still finds: review in src/a.ts:3: f-5 is wrong; ' +
        'implementer says: "implementer is right" (work was sent back 2 times in round R01, its cap). What now?',
    );
    expect(question?.moves).toEqual({ A: 'implementer', B: 'memorial', C: null });
    expect(round.state.context.round?.escalations).toBe(1);
  });

  it('also end at the cap of sessions, with the same question', () => {
    const policy = testPolicy({
      digest: 'visits',
      caps: { ...testPolicy().caps, perRole: 2, perRound: 40, fixes: 20 },
    });
    expect(never(policy).state.context.question?.escalation.question).toContain('do not agree');
  });

  it('also end when fixing has cost too much', () => {
    const policy = testPolicy({
      digest: 'usd',
      caps: { ...testPolicy().caps, perRole: 9, perRound: 40, fixes: 20, fixUsd: 5 },
    });
    const round = play(policy);
    round.session('reviewer', [], { costUsd: 100 });
    round.session('implementer', [finding('f-1')], { costUsd: 100 });
    round.session('reviewer', [], { costUsd: 3 });
    round.session('implementer', [finding('f-2')], { costUsd: 3 });
    expect(round.state.context.question?.escalation.question).toContain(
      'sessions cost 6.00 USD since work was first sent back',
    );
  });

  it('get one more allowance when the human answers A', () => {
    const policy = testPolicy({
      digest: 'grant',
      caps: { ...testPolicy().caps, perRole: 9, perRound: 40, fixes: 1 },
    });
    const round = never(policy);
    const answered = read(
      facts({
        role: 'implementer',
        status: 'ESCALATE',
        escalation: round.state.context.question?.escalation ?? null,
        answer: 'A',
      }),
      { digest: 'answered' },
    );
    const { state } = step(policy, round.state, answered);
    expect(state.context.verdict).toMatchObject({
      type: 'write',
      change: { status: 'READY', 'next-role': 'implementer' },
    });
    expect(state.context.verdict.type === 'write' && state.context.verdict.round?.granted.fixes).toBe(2);
  });
});

describe('a red gate', () => {
  it('sends the role back to its own session with the real output, and asks at the cap with both positions', () => {
    const round = play(testPolicy());
    const red = {
      ...finding('tests:red', 'CRITICAL', 'tests'),
      file: null,
      line: null,
      text: '`npm test` ended with exit code 1. Its output:\n1 failed',
    };
    round.session('reviewer', [red]);
    round.session('reviewer', [red]);
    expect(round.sessions[1]).toEqual({
      role: 'implementer',
      kind: 'repair',
      resumeOf: 's-implementer',
      feedback: ['tests: `npm test` ended with exit code 1. Its output:\n1 failed'],
    });
    const asked = round.state.context.question?.escalation.question;
    expect(asked).toContain('the gates still find: tests: `npm test` ended with exit code 1');
    expect(asked).toContain('implementer says: "implementer is right"');
  });
});

describe('wordsFor()', () => {
  it('marks what a fix introduced', () => {
    const loop = { fixes: 1, usd: 0, known: ['f-1'], sentBack: null };
    expect(wordsFor(loop, [finding('f-1'), finding('f-2')])).toEqual([
      'review in src/a.ts:3: f-1 is wrong',
      '(new since the last fix) review in src/a.ts:3: f-2 is wrong',
    ]);
    expect(wordsFor({ ...loop, fixes: 0, known: [] }, [finding('f-1')])[0]).not.toContain('new');
  });
});
