/**
 * Prices of recorded sessions must come to what the program itself reported, to the micro-dollar; and what cannot be
 * known must never look like a figure.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { claude } from '../../src/agents/claude.ts';
import { emptyTally, fold } from '../../src/agents/tally.ts';
import { usageOf } from '../../src/agents/usage.ts';
import { costOf, modelIn, priceOf } from '../../src/domain/cost.ts';
import { moneyOf } from '../../src/domain/money.ts';
import { packageRoot } from '../../src/effects/catalog.ts';
import { readPrices } from '../../src/protocol/prices.ts';
import { shippedFacts } from '../agents/facts.ts';
import { zeroUsage } from '../../src/protocol/usage.ts';
import type { ModelUsage, SessionUsage, Usage } from '../../src/protocol/usage.ts';

const shipped = readPrices([
  { path: 'state/prices.yaml', text: readFileSync(join(packageRoot, 'state/prices.yaml'), 'utf8') },
]).sheet;
/** The day the recordings were made. */
const recordedAt = Date.parse('2026-11-22T15:00:00Z');

const row = (model: string | null, usage: Partial<Usage>): ModelUsage => ({
  model,
  side: false,
  usage: { ...zeroUsage, ...usage },
  requests: null,
  reportedUsd: null,
});
const session = (models: readonly ModelUsage[], requests: readonly Partial<Usage>[] = []): SessionUsage => ({
  source: 'result',
  isOpen: false,
  models,
  requests: requests.map((usage) => ({
    model: models[0]?.model ?? null,
    side: false,
    at: null,
    usage: { ...zeroUsage, ...usage },
  })),
});

describe('costOf()', () => {
  const cassettes = new URL('../cassettes/', import.meta.url);
  it.each([
    ['claude-330/json', 0.023424],
    ['claude-330/529-fallback', 0.0006006],
    ['claude-330/oauth-warn', 0.011712],
    ['claude-330/subagent', 0.046848],
    ['claude-330/bg-bash', 0.035448],
    ['claude-330/budget', 0.06324],
    ['claude-330/cut-mid', 0.033944],
    ['claude-330/stop-maxtokens', 0.0456],
    ['claude-197/json', 0.03003],
    ['claude-197/budget', 0.06618],
    ['claude-197/sigint-bash', 0.01425],
  ])('%s costs what the program says: %d', (cassette, usd) => {
    const lines = readFileSync(new URL(`${cassette}.stdout`, cassettes), 'utf8')
      .split('\n')
      .filter(Boolean);
    const tally = lines.map((line) => claude.read(line, shippedFacts.claude)).reduce(fold, emptyTally());
    const usage = usageOf(tally, null);
    expect(tally.costUsd).toBe(usd);
    expect(usage === null ? null : costOf(usage, shipped, recordedAt)).toEqual({
      usd: moneyOf(usd),
      atLeast: false,
      unpriced: [],
    });
  });

  it('prices each class of token on its own', () => {
    const usage = { input: 1, cacheWrite5m: 1, cacheWrite1h: 1, cacheRead: 1, output: 1 };
    expect(costOf(session([row('claude-opus-5-5', usage)]), shipped, recordedAt).usd).toBe(
      moneyOf((4 + 5 + 8 + 0.2 + 20) / 1e6),
    );
  });

  it('takes the price of the day', () => {
    const used = session([row('claude-sonnet-5-5', { cacheRead: 1_000_000 })]);
    const on = (day: string) => costOf(used, shipped, Date.parse(`${day}T12:00:00Z`)).usd;
    expect(on('2026-10-06')).toBe(moneyOf(0.2));
    expect(on('2026-10-07')).toBe(moneyOf(0.1));
  });

  it('prices a whole request by the length of its own prompt', () => {
    const long = { input: 100_001, output: 1_000 };
    const short = { input: 100_000, output: 1_000 };
    const haiku = 'claude-haiku-5-5';
    const cost = (usage: Partial<Usage>) =>
      costOf(session([row(haiku, usage)], [usage]), shipped, recordedAt);
    expect(cost(short)).toEqual({ usd: moneyOf(0.0105), atLeast: false, unpriced: [] });
    expect(cost(long)).toEqual({ usd: moneyOf(0.0525005), atLeast: false, unpriced: [] });
    // 150k tokens of input and 1k of output cost 0.0775 in the program's own table (2.1.330).
    expect(cost({ input: 150_000, output: 1_000 }).usd).toBe(moneyOf(0.0775));
  });

  it('says "at least" where only the total is known and a request may have been long', () => {
    const two = { input: 150_000, output: 1_000 };
    const haiku = (requests: readonly Partial<Usage>[]) =>
      costOf(session([row('claude-haiku-5-5', two)], requests), shipped, recordedAt);
    expect(haiku([])).toMatchObject({ usd: moneyOf(0.0155), atLeast: true });
    expect(haiku([{ input: 75_000 }, { input: 75_000, output: 1_000 }])).toMatchObject({ atLeast: false });
  });

  it('counts what the total has beyond its requests, and the total alone where they do not fit into it', () => {
    const total = row('claude-opus-5-5', { input: 300, output: 10 });
    const cost = (input: number) => costOf(session([total], [{ input }]), shipped, recordedAt).usd;
    expect(cost(100)).toBe(moneyOf(0.0014));
    expect(cost(999)).toBe(moneyOf(0.0014));
  });

  it.each([
    ['a model that nobody knows', row('some-model', { input: 1 }), ['some-model']],
    ['a model without a name', row(null, { output: 1 }), ['a model without a name']],
    ['a day before the first price', row('gpt-6.2-sol', { input: 1 }), ['gpt-6.2-sol on 2026-11-16']],
    ['a class without a price', row('gemini-2.5-pro', { input: 1, output: 1 }), ['output of gemini-2.5-pro']],
  ])('is null, and names it, for %s', (_, model, unpriced) => {
    const at = Date.parse('2026-11-16T00:00:00Z');
    const known = row('claude-opus-5-5', { input: 10 });
    expect(costOf(session([known, model]), shipped, at)).toEqual({ usd: null, atLeast: false, unpriced });
  });

  it('needs no price for a model that used nothing', () => {
    expect(costOf(session([row('some-model', {})]), shipped, recordedAt).usd).toBe(0n);
    expect(costOf(session([]), shipped, recordedAt).usd).toBe(0n);
  });
});

describe('modelIn()', () => {
  it.each([
    ['claude-opus-5-5', 'claude-opus-5-5'],
    ['opus', 'claude-opus-5-5'],
    ['claude-opus-4-8[1m]', 'claude-opus-4-8'],
    ['claude-haiku-4-5-20251001', 'claude-haiku-4-5'],
    ['opus[1m]', 'claude-opus-5-5'],
    ['anthropic/claude-haiku-4-5-20251001', 'claude-haiku-4-5'],
    ['openrouter/anthropic/claude-opus-4-8', undefined],
    ['claude-opus', undefined],
    ['', undefined],
  ])('%s is %s', (id, model) => {
    expect(modelIn(shipped, id)?.id).toBe(model);
  });
});

describe('priceOf()', () => {
  it('has none in a time that a price has left open at its end', () => {
    const { sheet } = readPrices([
      {
        path: 'p',
        text: "models: { m: { prices: [{ from: '2026-01-01', until: '2026-02-01', input: 1 }] } }",
      },
    ]);
    const model = sheet.models.get('m');
    const has = (day: string) => model !== undefined && priceOf(model, Date.parse(day)) !== null;
    expect(['2025-12-31', '2026-01-01', '2026-01-31', '2026-02-01'].map(has)).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});
