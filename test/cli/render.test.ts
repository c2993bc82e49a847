import { describe, expect, it } from 'vitest';
import { render } from '../../src/cli/render.ts';
import { plainOf, width } from '../../src/cli/text.ts';
import type { Notice } from '../../src/protocol/notice.ts';
import { asking, contextWith, decided, escalation, noon, order } from './values.ts';

const ended = {
  type: 'ENDED',
  at: noon,
  order: order.id,
  outcome: { type: 'done' },
  ms: 83_000,
  tools: 12,
  denied: ['Read coordination/logs/R07.log'],
  model: 'sonnet',
  costUsd: 0.42,
  usage: null,
  promptBytes: 0,
  priced: { microUsd: null, prices: 'test' },
  sessionId: null,
  said: null,
  leftovers: 0,
} as const;
const written = { type: 'WRITTEN', at: noon, digest: 'd', commit: '67e31ce0aa' } as const;
const readEvent = {
  type: 'READ',
  at: noon,
  digest: 'd',
  handoff: null,
  problems: [],
  dispatchId: null,
  question: null,
  words: null,
  routing: null,
} as const;

function lines(notice: Notice, columns = 80, name: string | null = null): readonly string[] {
  return render(notice, { columns, name }).map(plainOf);
}

describe('render()', () => {
  it('says who starts, with agent, model and attempt, before anything runs', () => {
    const again = { ...order, attempt: 2, feedback: ['coordination/specs/Q-R07-SPEC.md is missing'] };
    const claiming = contextWith({
      order: again,
      verdict: { type: 'dispatch', order: again, since: noon, insist: false },
    });
    expect(lines(decided(readEvent, 'claiming', claiming))).toEqual([
      '12:00:00  ▶ implementer (claude sonnet) starts: round R07, session 1, attempt 2',
      '            coordination/specs/Q-R07-SPEC.md is missing',
    ]);
  });

  it('says how a session ended, what it cost and what was refused', () => {
    expect(lines(decided(ended, 'settling', contextWith({ order })))).toEqual([
      '12:00:00  ■ implementer ended after 1 min 23 s: done, 12 tool calls, $0.42',
      '            refused: Read coordination/logs/R07.log',
    ]);
  });

  it('does not count tools of an agent that names none', () => {
    const silent = { ...ended, tools: 0, denied: [], costUsd: null } as const;
    expect(lines(decided(silent, 'settling', contextWith({ order })))).toEqual([
      '12:00:00  ■ implementer ended after 1 min 23 s: done',
    ]);
  });

  it('gives a failure its class and its words', () => {
    const outcome = {
      type: 'failed',
      class: 'rate-limited',
      message: 'come back later',
      resetsAt: null,
    } as const;
    const [first] = lines(
      decided({ ...ended, outcome, denied: [], costUsd: null }, 'settling', contextWith({ order })),
      120,
    );
    expect(first).toBe(
      '12:00:00  ■ implementer ended after 1 min 23 s: rate-limited (come back later), 12 tool calls',
    );
  });

  it('says where a write led, with its commit, and keeps a question for its own screen', () => {
    const write = (status: string) =>
      contextWith({
        verdict: {
          type: 'write',
          change: { status, 'next-role': 'reviewer' },
          escalation: null,
          question: null,
          round: null,
          decision: null,
          commit: 'x',
          why: 'implementer is done; reviewer is next',
        },
      });
    expect(lines(decided(written, 'reading', write('READY')))).toEqual([
      '12:00:00  → implementer is done; reviewer is next, commit 67e31ce0',
    ]);
    expect(lines(decided(written, 'reading', write('ESCALATE')))).toEqual([
      '12:00:00  → ESCALATE, commit 67e31ce0',
    ]);
    expect(lines(decided(written, 'reading', write('BLOCKED')))).toEqual([
      '12:00:00  → BLOCKED, commit 67e31ce0',
    ]);
    expect(lines(decided(readEvent, 'parked', asking))).toEqual([
      '12:00:00  ? implementer asks, and waits for your answer',
    ]);
  });

  it('puts the name of the project in front when several share the screen, and wraps under the words', () => {
    const outcome = { type: 'failed', class: 'failed', message: 'word '.repeat(30), resetsAt: null } as const;
    const text = lines(decided({ ...ended, outcome }, 'settling', contextWith({ order })), 80, 'shop');
    expect(text[0]).toMatch(/^12:00:00 {2}shop {2}■ implementer ended/);
    expect(text.length).toBeGreaterThan(2);
    for (const each of text) expect(width(each)).toBeLessThanOrEqual(80);
    expect(text[1]).toMatch(/^ {18}\S/);
  });

  it('shows the diagnostics of a file that cannot be read', () => {
    const problem = {
      code: 'header-yaml',
      line: 3,
      severity: 'error',
      message: 'Broken "x"',
      hint: 'Mend it',
    } as const;
    const context = contextWith({ verdict: { type: 'unreadable', problems: [problem] } });
    expect(lines(decided(readEvent, 'unreadable', context))).toEqual([
      '12:00:00  ✗ The handoff cannot be read; it is left alone',
      '            line 3: Broken "x" (header-yaml) → Mend it',
    ]);
  });

  it.each([
    [
      'a claim',
      decided({ type: 'CLAIMED', at: noon, digest: 'd', baseline: {} }, 'working', contextWith({ order })),
    ],
    [
      'a pulse',
      {
        type: 'session-pulse',
        at: noon,
        project: '/p',
        order,
        elapsedMs: 1,
        idleMs: 1,
        bytes: 1,
        last: null,
      },
    ],
    ['watching by events', { type: 'watching', at: noon, project: '/p', mode: 'events', reason: null }],
    [
      'a state of another version',
      {
        ...decided(ended, 'settling', contextWith({ order })),
        state: { version: 'x', value: 'y', context: null },
      },
    ],
  ] as const)('says nothing of %s', (_what, notice) => {
    expect(lines(notice)).toEqual([]);
  });

  it('prints no control character of a model', () => {
    const evil = { ...order, model: '\u001b[2Jsonnet\u0007' };
    const notice = decided(readEvent, 'claiming', contextWith({ order: evil }));
    expect(lines(notice).join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    expect(escalation.id).toBe('R07-implementer-1');
  });
});
