import { describe, expect, it } from 'vitest';
import { imagine, readWhatIf, shapeOf } from '../../src/domain/whatif.ts';
import type { WhatIf } from '../../src/domain/whatif.ts';
import { receiptOf } from '../../src/domain/receipt.ts';
import type { Ledger } from '../../src/domain/receipt.ts';
import { readPrices } from '../../src/protocol/prices.ts';
import { sumUsage, zeroUsage } from '../../src/protocol/usage.ts';
import type { SessionUsage, Usage } from '../../src/protocol/usage.ts';
import { order } from '../cli/values.ts';
import { ended } from '../rig/facts.ts';

const { sheet } = readPrices([
  {
    path: 'p',
    text: `models:
  cheap:
    prices:
      - { input: 1, cacheWrite5m: 1.25, cacheWrite1h: 2, cacheRead: 0.1, output: 5 }
      - { from: '2026-10-01', input: 2, cacheWrite5m: 2.5, cacheWrite1h: 4, cacheRead: 0.2, output: 10 }
  dear: { aliases: [best], prices: [{ input: 10, cacheWrite5m: 12.5, cacheWrite1h: 20, cacheRead: 1, output: 50 }] }
`,
  },
]);
const at = Date.parse('2026-09-01T00:00:00Z');
const request = (usage: Partial<Usage>) => ({
  model: 'cheap',
  side: false,
  at,
  usage: { ...zeroUsage, ...usage },
});
const session = (...requests: readonly ReturnType<typeof request>[]): SessionUsage => ({
  source: 'result',
  models: [
    {
      model: 'cheap',
      side: false,
      usage: sumUsage(requests.map(({ usage }) => usage)),
      requests: requests.length,
      reportedUsd: null,
    },
  ],
  requests,
  isOpen: false,
});
const ledger = (...sessions: readonly (SessionUsage | null)[]): Ledger => ({
  round: 'R07',
  work: sessions.map((usage, n) => ({
    order: { ...order, id: `o${n}` },
    ended: { ...ended(`o${n}`), at, usage, promptBytes: 16_000 },
  })),
  ordered: sessions.length,
  gates: { runs: 0, failed: 0, findings: 0 },
});
const modelOf = (word: string): string | null => ({ best: 'dear', dear: 'dear' })[word] ?? null;
const asked = (text: string): WhatIf => {
  const what = readWhatIf(text, modelOf);
  if (typeof what === 'string') throw new Error(what);
  return what;
};
const usdOf = (from: Ledger, text: string): number | null => {
  const imagined = imagine(from, asked(text));
  if (typeof imagined === 'string') throw new Error(imagined);
  return receiptOf(imagined.ledger, sheet).totals.usd;
};

describe('readWhatIf()', () => {
  it.each(['all=none', 'date=May', 'write=2h', 'session=alone', 'x', ''])(
    'refuses %j with a reason',
    (text) => {
      expect(typeof readWhatIf(text, modelOf)).toBe('string');
    },
  );
});

describe('imagine()', () => {
  const round = ledger(session(request({ input: 100_000, cacheWrite5m: 1_000_000, output: 100_000 })));

  it('prices the same tokens exactly: at another model, on another day, with writes of another life', () => {
    expect(receiptOf(round, sheet).totals.usd).toBe(1.85);
    expect(usdOf(round, 'all=best')).toBe(18.5);
    expect(usdOf(round, 'date=2026-10-02')).toBe(3.7);
    expect(usdOf(round, 'write=1h')).toBe(2.6);
    expect(usdOf(round, 'all=dear,write=1h')).toBe(26);
    expect(usdOf(round, 'write=5m')).toBe(1.85);
  });

  it('leaves a session that nobody knows unknown', () => {
    const imagined = imagine(ledger(null), asked('all=best'));
    expect(typeof imagined === 'string' ? null : receiptOf(imagined.ledger, sheet).totals).toMatchObject({
      usd: null,
      unknown: 1,
    });
  });

  const lean = session(
    request({ cacheWrite5m: 10_000, output: 100 }),
    request({ cacheRead: 10_000, cacheWrite5m: 2_000, output: 100 }),
    request({ cacheRead: 12_000, cacheWrite5m: 2_000, output: 100 }),
  );
  const warm = session(
    request({ cacheRead: 6_000, cacheWrite5m: 4_000, output: 100 }),
    request({ cacheRead: 10_000, cacheWrite5m: 1_000, output: 100 }),
  );

  it('reads the shape of a session from its requests', () => {
    const [work] = ledger(lean).work;
    expect(work === undefined ? null : shapeOf(work)).toEqual({
      role: order.role,
      requests: 3,
      firstPrompt: 10_000,
      shared: 0,
      own: 4_000,
      growth: 2_000,
      output: 300,
    });
  });

  it('models one threaded session: nothing is dropped, everything is read again', () => {
    const imagined = imagine(ledger(lean, warm), asked('session=threaded'));
    if (typeof imagined === 'string') throw new Error(imagined);
    const { totals, sessions } = receiptOf(imagined.ledger, sheet);
    expect(sessions).toHaveLength(1);
    // Contexts 10, 12, 14, then 4 of the second role's own on top, then 1 more: 18 and 19 thousand.
    expect(totals.usage).toEqual({
      ...zeroUsage,
      cacheWrite5m: 10_000 + 2_000 + 2_000 + 4_000 + 1_000,
      cacheRead: 10_000 + 12_000 + 14_000 + 18_000,
      output: 500,
    });
    expect(imagined.shapes).toHaveLength(2);
  });

  it('adds to a conversation only what a role’s brief has, also where no cache shared the rest', () => {
    const cold = session(
      request({ cacheWrite5m: 10_000 }),
      request({ cacheRead: 10_000, cacheWrite5m: 1_000 }),
    );
    const imagined = imagine(ledger(lean, cold), asked('session=threaded'));
    if (typeof imagined === 'string') throw new Error(imagined);
    expect(receiptOf(imagined.ledger, sheet).totals.usage).toMatchObject({
      cacheWrite5m: 10_000 + 2_000 + 2_000 + 4_000 + 1_000,
      cacheRead: 10_000 + 12_000 + 14_000 + 18_000,
    });
    // A journal of an earlier version knows no size of the brief: then all that was fresh counts.
    const [old] = ledger(cold).work;
    expect(old && shapeOf({ ...old, ended: { ...old.ended, promptBytes: 0 } })?.own).toBe(10_000);
  });

  it('models the whole tool list: written once a session, read by every later request', () => {
    const imagined = imagine(ledger(lean), asked('tools=all'));
    if (typeof imagined === 'string') throw new Error(imagined);
    expect(receiptOf(imagined.ledger, sheet).totals.usage).toMatchObject({
      cacheWrite5m: 14_000 + 6_875,
      cacheRead: 22_000 + 2 * 6_875,
    });
  });

  it('models nothing where requests are not recorded', () => {
    const bare = { ...lean, requests: [] };
    expect(imagine(ledger(lean, bare), asked('session=threaded'))).toMatch(
      /needs the requests of every session/,
    );
    expect(typeof imagine(ledger(bare), asked('all=best'))).toBe('object');
  });
});
