import { describe, expect, it } from 'vitest';
import { compare, spreadOf, valueOf, type Arm } from '../../src/domain/compare.ts';
import { totalsOf } from '../../src/domain/receipt.ts';
import { readPrices } from '../../src/protocol/prices.ts';
import type { Receipt } from '../../src/protocol/receipt.ts';
import { misfits, openSchema } from '../docs/schema.ts';
import { textOf } from '../docs/page.ts';
import { multichat, receiptOfShape, sameInputs, workflow } from '../rig/shapes.ts';

const shipped = readPrices([{ path: 'state/prices.yaml', text: textOf('state/prices.yaml') }]).sheet;
const armOf = (name: string, ...receipts: readonly [Receipt, ...Receipt[]]): Arm => {
  const [first, ...rest] = receipts.map((receipt) => ({ receipt, acceptance: null }));
  if (first === undefined) throw new Error('no run');
  return { name, runs: [first, ...rest] };
};
const threaded = receiptOfShape(workflow, shipped);
const separate = receiptOfShape(multichat, shipped);
const options = { base: 'separate', tierIsTheArm: false };
const both = compare([armOf('threaded', threaded), armOf('separate', separate)], options);
const ratio = (row: string): number => both.rows.find((each) => each.row === row)?.ratios[0] ?? 0;

describe("the article's table", () => {
  it('is reproduced from the session shapes, at the shipped price of its model', () => {
    expect(threaded.totals.usd?.toFixed(2)).toBe('8.81');
    expect(separate.totals.usd?.toFixed(2)).toBe('3.89');
    expect(threaded.totals.usage).toMatchObject({ output: 19_478, cacheWrite5m: 233_744 });
    expect(separate.totals.usage).toMatchObject({ output: 9_432, cacheWrite5m: 107_816 });
    expect(
      [ratio('cost'), ratio('completion'), ratio('cacheCreation')].map((each) => each.toFixed(2)),
    ).toEqual(['2.26', '2.07', '2.17']);
    // The article's own counts of cache writes are 233,727 and 107,819.
    expect(Math.abs((threaded.totals.usage?.cacheWrite5m ?? 0) - 233_727)).toBeLessThan(20);
    expect(both.confounded).toEqual([]);
  });

  it('comes from more requests and a larger context, not from the price', () => {
    const [factors] = both.decomposition;
    expect(factors?.requests.toFixed(2)).toBe('1.57');
    expect(factors?.meanContext.toFixed(2)).toBe('1.60');
    expect((factors?.price ?? 0) < 1).toBe(true);
    const product = (factors?.requests ?? 0) * (factors?.meanContext ?? 0) * (factors?.price ?? 0);
    expect(product).toBeCloseTo(ratio('cost'), 12);
  });

  it('makes receipts that fit their schema', () => {
    const { fits } = openSchema('state/receipt.schema.json');
    expect(misfits(fits, threaded)).toEqual([]);
  });
});

describe('compare()', () => {
  const against = (inputs: Partial<typeof sameInputs>, tierIsTheArm = false) =>
    compare(
      [
        armOf('other', receiptOfShape(workflow, shipped, { ...sameInputs, ...inputs })),
        armOf('separate', separate),
      ],
      { ...options, tierIsTheArm },
    ).confounded;

  it.each([
    ['tier', { tier: 'audit' }],
    ['PRD', { prd: 'd'.repeat(64) }],
    ['spec', { spec: 'd'.repeat(64) }],
    ['prompts', { prompts: 'd'.repeat(64) }],
  ] as const)('is confounded by another %s, and says so', (what, inputs) => {
    expect(against(inputs)).toMatchObject([{ what, why: expect.stringContaining('differs') as string }]);
  });

  it('is confounded by what is not known, also in a receipt of an earlier version', () => {
    expect(against({ spec: null })).toEqual([{ what: 'spec', why: 'not known for other' }]);
    const { inputs: _, ...old } = threaded;
    const confounded = compare([armOf('old', old), armOf('separate', separate)], options).confounded;
    expect(confounded.map(({ what }) => what)).toEqual(['tier', 'PRD', 'spec', 'prompts']);
  });

  it('takes the tier, and a spec that a tier never has, for a part of the way of working where it is', () => {
    expect(against({ tier: 'solo', spec: 'none' }, true)).toEqual([]);
    expect(against({ tier: 'solo', spec: 'none' }).map(({ what }) => what)).toEqual(['tier', 'spec']);
  });

  it('is confounded by other models and by another price sheet', () => {
    const sessions = threaded.sessions.map((each) =>
      each.role === 'reviewer' ? { ...each, model: 'claude-opus-5' } : each,
    );
    const other = { ...threaded, sessions, prices: 'other' };
    const { confounded } = compare([armOf('other', other), armOf('separate', separate)], options);
    expect(confounded.map(({ what }) => what)).toEqual(['models', 'prices']);
    expect(confounded[0]?.why).toContain('reviewer=claude/claude-opus-5');
  });

  it('gives the least, the median and the greatest of several runs', () => {
    const { arms, rows } = compare([armOf('a', threaded, separate), armOf('separate', separate)], options);
    expect(arms).toEqual([
      { name: 'a', n: 2 },
      { name: 'separate', n: 1 },
    ]);
    expect(rows.find(({ row }) => row === 'requests')?.arms[0]).toEqual({ min: 28, median: 36, max: 44 });
  });

  it('knows no ratio of what is not known', () => {
    const sessions = threaded.sessions.map((each, at) =>
      at === 0 ? { ...each, usage: null, usd: null, requests: [] } : each,
    );
    const lacking = { ...threaded, sessions, totals: totalsOf(sessions) };
    const result = compare([armOf('a', lacking), armOf('separate', separate)], options);
    expect(result.rows.filter(({ arms }) => arms[0] !== null).map(({ row }) => row)).toEqual([
      'sessionMs',
      'wallMs',
    ]);
    expect(result.decomposition).toEqual([null, null]);
  });

  it('scores an acceptance by what passed', () => {
    expect(valueOf('acceptance', { receipt: threaded, acceptance: { passed: 3, total: 4 } })).toBe(0.75);
    expect(valueOf('acceptance', { receipt: threaded, acceptance: null })).toBeNull();
    expect(spreadOf([])).toBeNull();
  });
});
