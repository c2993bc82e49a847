import { describe, expect, it } from 'vitest';
import { estimate, median } from '../../src/domain/estimate.ts';
import { receiptOf } from '../../src/domain/receipt.ts';
import type { SessionUsage } from '../../src/protocol/usage.ts';
import { order } from '../cli/values.ts';
import { priced, pricedUsage } from '../rig/cost.ts';
import { ended } from '../rig/facts.ts';

const receipt = (...sessions: readonly (readonly [role: string, usage: SessionUsage | null])[]) =>
  receiptOf(
    {
      round: 'R',
      work: sessions.map(([role, usage], n) => ({
        order: { ...order, role, id: `o${n}` },
        ended: { ...ended(`o${n}`), usage },
      })),
      ordered: sessions.length,
      gates: { runs: 0, failed: 0, findings: 0 },
    },
    priced,
  );

describe('estimate()', () => {
  it('is the median per role, its sessions of a round together, and the sum of them', () => {
    const history = [
      receipt(
        ['architect', pricedUsage(10)],
        ['implementer', pricedUsage(100)],
        ['implementer', pricedUsage(50)],
      ),
      receipt(['architect', pricedUsage(20)], ['implementer', pricedUsage(1_000)]),
      receipt(['architect', pricedUsage(90)], ['implementer', null]),
    ];
    expect(estimate(history, ['architect', 'implementer'])).toEqual({
      roles: [
        { role: 'architect', rounds: 3, usd: 0.00002, tokens: 20 },
        { role: 'implementer', rounds: 2, usd: 0.00015, tokens: 150 },
      ],
      usd: 0.00017,
      tokens: 170,
    });
  });

  it('has no opinion about a role without history, nor about the round then', () => {
    expect(estimate([], ['reviewer'])).toEqual({
      roles: [{ role: 'reviewer', rounds: 0, usd: null, tokens: null }],
      usd: null,
      tokens: null,
    });
  });
});

describe('median()', () => {
  it.each([
    [[], null],
    [[4], 4],
    [[9, 1], 1],
    [[5, 1, 3], 3],
  ])('of %j is %j', (values, middle) => {
    expect(median(values)).toBe(middle);
  });
});
