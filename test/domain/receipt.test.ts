import { describe, expect, it } from 'vitest';
import { ledgersOf, receiptOf, totalsOf } from '../../src/domain/receipt.ts';
import type { Decision, Ledger } from '../../src/domain/receipt.ts';
import { readPrices } from '../../src/protocol/prices.ts';
import type { Order } from '../../src/protocol/session.ts';
import { zeroUsage } from '../../src/protocol/usage.ts';
import type { SessionUsage } from '../../src/protocol/usage.ts';
import { misfits, openSchema } from '../docs/schema.ts';
import { priced, pricedUsage, usageWith } from '../rig/cost.ts';
import { ended } from '../rig/facts.ts';

const order = (id: string, more: Partial<Order> = {}): Order => ({
  id,
  dispatchId: 'd',
  round: 'R07',
  tier: 'full',
  role: 'architect',
  agent: 'claude',
  model: 'sonnet',
  fallbacks: [],
  visit: 1,
  attempt: 1,
  kind: 'work',
  feedback: [],
  because: [],
  ...more,
});
const look: Decision['event'] = { type: 'LOOK', at: 1 };

/** The decisions of one session: ordered, then ended. */
const worked = (
  each: Order,
  usage: SessionUsage | null,
  costUsd: number | null = null,
): readonly Decision[] => [
  { event: look, effects: [{ kind: 'claim', order: each, expect: 'd', insist: false }] },
  { event: look, effects: [{ kind: 'dispatch', order: each }] },
  {
    event: ended(each.id, { type: 'done' }, { usage, costUsd, ms: 1_000 }),
    effects: [{ kind: 'settle', order: each }],
  },
];
const ledgerOf = (...decisions: readonly (readonly Decision[])[]): Ledger => {
  const [first] = ledgersOf(decisions.flat());
  if (first === undefined) throw new Error('no round');
  return first;
};
const { fits } = openSchema('state/receipt.schema.json');

describe('ledgersOf()', () => {
  it('keeps the sessions of each round apart, and each once', () => {
    const one = worked(order('a'), pricedUsage(1));
    const other = worked(order('b', { round: 'R08' }), pricedUsage(2));
    // A stop and its order of the same session twice: the machine asks again after a restart.
    const twice = [...one, ...one];
    const ledgers = ledgersOf([...twice, ...other, { event: ended('unknown'), effects: [] }]);
    expect(ledgers.map(({ round, work, ordered }) => [round, work.length, ordered])).toEqual([
      ['R07', 1, 1],
      ['R08', 1, 1],
    ]);
  });

  it('counts what is still running, and the gates that were run', () => {
    const running = order('b', { role: 'reviewer' });
    const finding = { id: 'f', gate: 'tests', severity: 'MAJOR', file: null, line: null, text: 't' } as const;
    const gate = [
      { event: look, effects: [{ kind: 'gate', order: order('a') }] },
      {
        event: {
          type: 'GATED',
          at: 1,
          gates: [
            { gate: 'contract', pass: true, ms: 1, findings: [], note: null },
            { gate: 'tests', pass: false, ms: 1, findings: [finding, finding], note: null },
          ],
        },
        effects: [],
      },
    ] as const satisfies readonly Decision[];
    const ledger = ledgerOf(worked(order('a'), pricedUsage(1)), gate, worked(running, null).slice(0, 2));
    const receipt = receiptOf(ledger, priced);
    expect(receipt.orchestration).toMatchObject({ tokens: 0, ordered: 2, inReceipt: 1, running: 1 });
    expect(receipt.gates).toEqual({ runs: 2, failed: 1, findings: 2 });
  });
});

describe('receiptOf()', () => {
  it('has a row for each attempt, with sums that are exact', () => {
    const receipt = receiptOf(
      ledgerOf(
        worked(order('a'), pricedUsage(100_000), 0.1),
        worked(order('b', { attempt: 2, visit: 2 }), pricedUsage(200_000), 0.25),
      ),
      priced,
    );
    expect(
      receipt.sessions.map(({ role, attempt, usd, reportedUsd, source }) => [
        role,
        attempt,
        usd,
        reportedUsd,
        source,
      ]),
    ).toEqual([
      ['architect', 1, 0.1, 0.1, 'result'],
      ['architect', 2, 0.2, 0.25, 'result'],
    ]);
    expect(receipt.totals).toEqual({
      sessions: 2,
      ms: 2_000,
      usage: { ...zeroUsage, input: 300_000 },
      requests: 2,
      usd: 0.3,
      reportedUsd: 0.35,
      differenceUsd: -0.05,
      complete: true,
      unknown: 0,
      unpriced: [],
    });
    expect(misfits(fits, JSON.parse(JSON.stringify(receipt)))).toEqual([]);
  });

  it('says of an unknown session that it is unknown: not 0, and the total is not complete', () => {
    const receipt = receiptOf(ledgerOf(worked(order('a'), null), worked(order('b'), pricedUsage(7))), priced);
    expect(receipt.sessions[0]).toMatchObject({ usage: null, usd: null, source: 'none', models: [] });
    expect(receipt.totals).toMatchObject({ usd: 0.000007, complete: false, unknown: 1, requests: null });
    expect(misfits(fits, JSON.parse(JSON.stringify(receipt)))).toEqual([]);
    expect(totalsOf([])).toMatchObject({ usage: null, usd: null, reportedUsd: null, differenceUsd: null });
  });

  it('says which model has no price, and what the others cost', () => {
    const side = {
      model: 'new',
      side: true,
      usage: { ...zeroUsage, output: 3 },
      requests: null,
      reportedUsd: 1,
    };
    const used = pricedUsage(10);
    const receipt = receiptOf(
      ledgerOf(worked(order('a'), { ...used, models: [...used.models, side] })),
      priced,
    );
    expect(receipt.sessions[0]).toMatchObject({
      usd: null,
      unpriced: ['new'],
      usage: { input: 10, output: 3 },
    });
    expect(receipt.sessions[0]?.models.map(({ usd, side: isSide }) => [usd, isSide])).toEqual([
      [0.00001, false],
      [null, true],
    ]);
    expect(receipt.totals).toMatchObject({ usd: null, complete: false, unpriced: ['new'] });
  });

  it('counts requests one by one where they are recorded', () => {
    const request = { model: 'sonnet', side: false, at: 5, usage: { ...zeroUsage, input: 5 } };
    const used = usageWith({ input: 10 }, { requests: [request, request] });
    expect(receiptOf(ledgerOf(worked(order('a'), used)), priced).totals.requests).toBe(2);
  });

  it('reads a session that an earlier version recorded as unknown', () => {
    const [claimed, dispatched] = worked(order('a'), null);
    const { usage: _usage, promptBytes: _bytes, ...old } = ended('a');
    const event = old as Decision['event'];
    const decisions = [claimed, dispatched, { event, effects: [] }].filter((each) => each !== undefined);
    expect(receiptOf(ledgerOf(decisions), priced).sessions[0]).toMatchObject({
      usage: null,
      source: 'none',
      promptBytes: 0,
    });
  });

  it('is made anew with a corrected sheet', () => {
    const { sheet } = readPrices([{ path: 'p', text: 'models: { sonnet: { prices: [{ input: 2 }] } }' }]);
    expect(receiptOf(ledgerOf(worked(order('a'), pricedUsage(1_000_000))), sheet).totals.usd).toBe(2);
  });
});

describe('state/receipt.schema.json', () => {
  const receipt = receiptOf(ledgerOf(worked(order('a'), pricedUsage(1))), priced);
  it.each([
    [
      'orchestration that cost tokens',
      { ...receipt, orchestration: { ...receipt.orchestration, tokens: 1 } },
    ],
    [
      'a session without its source',
      { ...receipt, sessions: [{ ...receipt.sessions[0], source: undefined }] },
    ],
    ['a member nobody knows', { ...receipt, tip: 1 }],
    ['half a token', { ...receipt, totals: { ...receipt.totals, usage: { ...zeroUsage, input: 0.5 } } }],
  ])('refuses %s', (_, value) => {
    expect(misfits(fits, JSON.parse(JSON.stringify(value)))).not.toEqual([]);
  });
});
