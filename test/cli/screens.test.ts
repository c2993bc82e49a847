import { describe, expect, it } from 'vitest';
import { endScreen, filesWords } from '../../src/cli/screens/end.ts';
import { questionScreen } from '../../src/cli/screens/question.ts';
import { statusScreen } from '../../src/cli/screens/status.ts';
import { tree } from '../../src/cli/screens/tree.ts';
import { leftOf, whyScreen } from '../../src/cli/screens/why.ts';
import { liveLine, pulseLine } from '../../src/cli/pulse.ts';
import { byRole } from '../../src/cli/receipt.ts';
import { plainOf, width } from '../../src/cli/text.ts';
import type { Text } from '../../src/cli/text.ts';
import { describe as situationOf, following } from '../../src/domain/situation.ts';
import { receiptOf } from '../../src/domain/receipt.ts';
import { priced, pricedUsage } from '../rig/cost.ts';
import { testPolicy } from '../rig/policy.ts';
import { asking, contextWith, lookWith, noon, order, question } from './values.ts';

const command = (line: string): string => line;
const shown = (text: Text): string => text.map(plainOf).join('\n');

describe('questionScreen()', () => {
  const options = { now: noon, handoff: 'coordination/NEXT-ROLE.md', command, defaultAt: null };

  it('shows the question, its options, what follows from each, and three ways to answer', () => {
    expect(shown(questionScreen(question, { ...options, columns: 80 }))).toBe(
      `implementer asks  R07-implementer-1

  The spec says tokens expire after 1 h, the API returns 24 h. Which one rules?

  A  Follow the spec
     → clients must refresh hourly
  B  Follow the API  recommended
     → the spec's AC-4 changes

  Deadline 13:00:00 (in 1 h): nobody answers for you
  The evidence: coordination/diagnostics/DIAGNOSTIC-R07-expiry.md

Answer in one of three ways:
  · in the header of coordination/NEXT-ROLE.md, add the line  answer: B
  · next-role resume --choose B
  · in your own words: a section ## Operator decision, and status: READY`,
    );
  });

  it('says that the default will be taken where the settings allow it', () => {
    const text = shown(questionScreen(question, { ...options, columns: 80, defaultAt: noon + 3_600_000 }));
    expect(text).toContain('then B is taken');
  });

  it('asks for words when there is no option', () => {
    const bare = { ...question, options: [], recommended: null };
    expect(shown(questionScreen(bare, { ...options, columns: 80 }))).toContain('next-role resume --note "…"');
  });
});

describe('endScreen()', () => {
  const work = [
    {
      order: { ...order, role: 'architect', id: 'a' },
      ms: 61_000,
      files: ['coordination/specs/Q-R07-SPEC.md'],
    },
    {
      order,
      ms: 600_000,
      files: ['src/a.ts', 'src/b.ts', 'src/c.ts', 'src/d.ts', 'test/a.test.ts', 'test/b.test.ts'],
    },
  ].map(({ order: each, ms, files }) => ({
    files,
    decision: {
      order: each,
      ended: {
        type: 'ENDED',
        at: noon,
        order: each.id,
        outcome: { type: 'done' },
        ms,
        tools: 3,
        denied: [],
        model: null,
        costUsd: 0.5,
        usage: pricedUsage(500_000),
        promptBytes: 0,
        priced: { microUsd: null, prices: 'test' },
        sessionId: null,
        said: null,
        leftovers: 0,
      },
    } as const,
  }));
  const ledger = {
    round: 'R07',
    work: work.map(({ decision }) => decision),
    ordered: 2,
    gates: { runs: 2, failed: 0, findings: 0 },
  };
  const files = new Map(work.map(({ decision, files: names }) => [decision.order.id, names]));
  const summed = receiptOf(ledger, priced);
  const receipt = { receipt: summed, roles: byRole(summed, files) };
  const finished = situationOf(testPolicy(), {
    value: 'finished',
    context: contextWith({ verdict: { type: 'finish', why: 'ROUND-COMPLETE' } }),
  });

  it.each([
    [
      80,
      `✓ Round R07 is finished  1 min

ROLE         SESSIONS  TIME       MODEL   COST     FILES WRITTEN
architect    1         1 min 1 s  sonnet  $0.5000  Q-R07-SPEC.md
implementer  1         10 min     sonnet  $0.5000  a.ts, b.ts, c.ts, d.ts +2
2 sessions, 11 min 1 s of agent time, 1.00M tokens, $1.00. Orchestration tokens: 0
Next: next-role set round=R08 next-role=architect status=READY`,
    ],
    [
      120,
      `✓ Round R07 is finished  1 min

ROLE         SESSIONS  TIME       MODEL   COST     FILES WRITTEN
architect    1         1 min 1 s  sonnet  $0.5000  Q-R07-SPEC.md
implementer  1         10 min     sonnet  $0.5000  a.ts, b.ts, c.ts, d.ts, a.test.ts +1
2 sessions, 11 min 1 s of agent time, 1.00M tokens, $1.00. Orchestration tokens: 0
Next: next-role set round=R08 next-role=architect status=READY`,
    ],
  ])(
    'tells at %i columns what came of the round, what each role took, and what to type next',
    (columns, text) => {
      expect(shown(endScreen(finished, receipt, false, { columns, command, ms: 60_000 }))).toBe(text);
    },
  );

  it('says of a stopped run that its work is kept and how to go on', () => {
    const working = situationOf(testPolicy(), { value: 'reading', context: contextWith({}) });
    const text = shown(endScreen(working, null, true, { columns: 80, command, ms: 5_000 }));
    expect(text).toBe('■ Stopped. What was done is kept  5.0 s\nNext: next-role run');
  });

  it('leaves a round name alone that it cannot count on', () => {
    expect(following('R09')).toBe('R10');
    expect(following('spring')).toBe('<next>');
  });

  it('names as many files as fit and counts the rest', () => {
    expect(filesWords([], 20)).toBe('–');
    expect(filesWords(['a/one.md', 'b/two.md'], 20)).toBe('one.md, two.md');
    expect(filesWords(['a/one.md', 'b/two.md'], 12)).toBe('one.md +1');
  });
});

describe('whyScreen()', () => {
  it('shows the open question with everything that is known about the wait', () => {
    const seen = lookWith({ value: 'parked', context: asking });
    const text = shown(whyScreen(seen, null, { columns: 80, now: noon + 60_000, command }));
    expect(text).toMatch(/^\? implementer asks: The spec says/);
    expect(text).toContain('waits for     you');
    expect(text).toContain('since         12:00:00 (1 min ago)');
    expect(text).toContain('left          10 sessions in this round, 4 of implementer');
    expect(text).toContain('  B  Follow the API  recommended');
    expect(text).toMatch(/next {10}next-role resume --choose B$/);
  });

  it('shows the last sign of life of a session, and that nobody is there to take up its result', () => {
    const seen = lookWith({ value: 'working', context: contextWith({ order }) });
    const life = { folder: '/x', pid: 4711, alive: true, exit: null, bytes: 12_400, lastAt: noon };
    const text = shown(whyScreen(seen, life, { columns: 80, now: noon + 5_000, command }));
    expect(text).toContain('life          process 4711 is alive; 12 kB of output, last 12:00:00 (5.0 s ago)');
    expect(text).toContain('waits for     its session, but no runner is there to take up the result');
    expect(text).toMatch(/next-role run$/);
  });

  it('lists the problems of files with line and hint', () => {
    const problem = {
      code: 'data-invalid',
      line: 4,
      severity: 'error',
      message: '"x" is no key',
      hint: 'Remove it',
    } as const;
    const seen = lookWith(undefined, {
      problems: [{ file: 'coordination/next-role.yaml', diagnostics: [problem] }],
    });
    const text = shown(whyScreen(seen, null, { columns: 80, now: noon, command }));
    expect(text).toContain('coordination/next-role.yaml\n  line 4: "x" is no key (data-invalid) → Remove it');
  });

  it('never goes beyond its width, and counts down to nothing', () => {
    const seen = lookWith({ value: 'parked', context: asking });
    for (const columns of [80, 120]) {
      for (const each of whyScreen(seen, null, { columns, now: noon, command })) {
        expect(width(plainOf(each))).toBeLessThanOrEqual(columns);
      }
    }
    const spent = contextWith({
      order,
      round: { ...contextWith({}).round!, sessions: 99, visits: { implementer: 9 }, attempts: { d1: 5 } },
    });
    expect(leftOf(lookWith({ value: 'working', context: spent }))).toEqual({
      sessions: 0,
      role: { role: 'implementer', sessions: 0 },
      attempts: 0,
    });
  });
});

describe('statusScreen()', () => {
  it('has one row per project, also for one that cannot be looked at', () => {
    const seen = [
      { type: 'seen', name: 'shop', look: lookWith({ value: 'parked', context: asking }) },
      { type: 'failed', name: 'site', message: 'damaged' },
    ] as const;
    expect(shown(statusScreen(seen, { columns: 80, now: noon + 60_000 }))).toBe(
      `PROJECT  ROUND  TIER  STATE     ROLE         SINCE  WAITS FOR
shop     R07    full  asking    implementer  1 min  you
site     –      –     unusable  –            –      you

shop: implementer asks: The spec says tokens expire after 1 h, the API returns
  24 h. Which one rules?
site: damaged`,
    );
  });
});

describe('statusScreen() with a long sentence', () => {
  it('cuts it after three lines', () => {
    const seen = [{ type: 'failed', name: 'site', message: 'word '.repeat(200) }] as const;
    const lines = statusScreen(seen, { columns: 80, now: noon }).map(plainOf);
    expect(lines).toHaveLength(2 + 1 + 3);
    expect(lines.at(-1)).toMatch(/ …$/);
    expect(Math.max(...lines.map(width))).toBeLessThanOrEqual(80);
  });
});

describe('the live line', () => {
  const pulse = {
    order,
    name: 'shop',
    startedAt: noon,
    lastAt: noon + 80_000,
    bytes: 12_400,
    last: 'Write src/compare-semver.ts',
  };

  it.each([
    [80, '◐ shop  implementer (claude sonnet)  1:23  Write src/compare-semver.ts  12 kB'],
    [64, '◐ shop  implementer (claude sonnet)  1:23  Write src/com…  12 kB'],
    [48, '◐ shop  implementer (claude sonnet)  1:23  12 kB'],
  ])('fits %i columns', (columns, text) => {
    expect(plainOf(liveLine(pulse, columns, noon + 83_000))).toBe(text);
    expect(width(text)).toBeLessThanOrEqual(columns);
  });

  it('says when a session has been silent for long, and which attempt it is', () => {
    const silent = { ...pulse, name: null, lastAt: noon, order: { ...order, attempt: 2 } };
    const text = plainOf(liveLine(silent, 120, noon + 60_000));
    expect(text).toContain('attempt 2');
    expect(text).toContain('silent 1 min');
  });

  it('is a sentence in a log', () => {
    expect(plainOf(pulseLine(pulse, noon + 83_000))).toBe(
      '12:01:23  shop: implementer (claude sonnet) works, 1 min 23 s, 12 kB, last: Write src/compare-semver.ts',
    );
  });
});

describe('tree()', () => {
  it('draws folders once and marks what is new', () => {
    expect(shown(tree(['a/b/c.md', 'a/d.md', 'e.md'], new Set(['a/d.md'])))).toBe(
      '  a/\n    b/\n      c.md\n    d.md  new\n  e.md',
    );
  });
});
