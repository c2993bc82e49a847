/**
 * What each recorded stream of the real program (2.1.330 and 2.1.197) says it used. The figures in the table are those
 * that the model on loopback answered with; the recorded money is the program's own.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { claude } from '../../src/agents/claude.ts';
import { claudeUsage, messageUsage } from '../../src/agents/claudeusage.ts';
import { emptyTally, fold } from '../../src/agents/tally.ts';
import { usageOf } from '../../src/agents/usage.ts';
import type { SessionUsage } from '../../src/protocol/usage.ts';
import { shippedFacts } from './facts.ts';

const cassettes = new URL('../cassettes/', import.meta.url);

function linesOf(cassette: string): readonly string[] {
  return readFileSync(new URL(`${cassette}.stdout`, cassettes), 'utf8')
    .split('\n')
    .filter(Boolean);
}

function read(lines: readonly string[]): { usage: SessionUsage | null; costUsd: number | null } {
  const tally = lines.map((line) => claude.read(line, shippedFacts.claude)).reduce(fold, emptyTally());
  return { usage: usageOf(tally, null), costUsd: tally.costUsd };
}

const opus = 'claude-opus-5-5';
const opus197 = 'claude-opus-4-8[1m]';
const two = [201, 4000, 0, 3000, 101] as const;

type Row = readonly [model: string | null, classes: readonly number[], usd: number | null];
/** Cassette, its rows (input, 5 min write, 1 h write, read, output), the program's own figure. */
const recorded: readonly (readonly [string, readonly Row[], number | null])[] = [
  ['claude-330/json', [[opus, two, 0.023424]], 0.023424],
  ['claude-330/session-id', [[opus, two, 0.023424]], 0.023424],
  ['claude-330/schema', [[opus, [100, 2000, 0, 0, 50], 0.0114]], 0.0114],
  ['claude-330/schema-never', [[opus, [200, 4000, 0, 0, 100], 0.0228]], 0.0228],
  ['claude-330/schema-bad', [[opus, [510, 10000, 0, 30000, 260], 0.06324]], 0.06324],
  ['claude-330/429-2', [[opus, two, 0.023424]], 0.023424],
  // The attempt whose stream was cut counts, as the provider counts it.
  ['claude-330/cut-mid', [[opus, [301, 6000, 0, 3000, 107], 0.033944]], 0.033944],
  ['claude-330/oauth-warn', [['claude-sonnet-5-5', two, 0.011712]], 0.011712],
  ['claude-330/529-fallback', [['claude-haiku-5-5', two, 0.0006006]], 0.0006006],
  // `usage` of this result is 201/4000/3000/101: the main loop without its subagent.
  ['claude-330/subagent', [[opus, [402, 8000, 0, 6000, 202], 0.046848]], 0.046848],
  ['claude-330/partial', [[opus, two, 0.023424]], 0.023424],
  // Two result lines: the second one's totals hold the first one's, and are not added to them.
  ['claude-330/bg-bash', [[opus, [302, 6000, 0, 6000, 152], 0.035448]], 0.035448],
  ['claude-330/bg-forever', [[opus, two, 0.023424]], 0.023424],
  ['claude-330/denied', [[opus, two, 0.023424]], 0.023424],
  ['claude-330/denied-none', [[opus, two, 0.023424]], 0.023424],
  ['claude-330/dontask', [[opus, [303, 6000, 0, 9000, 153], 0.036072]], 0.036072],
  ['claude-330/maxturns', [[opus, two, 0.023424]], 0.023424],
  ['claude-330/maxturns-json', [[opus, two, 0.023424]], 0.023424],
  // `usage` of this result lacks the request that went over the budget.
  ['claude-330/budget', [[opus, [510, 10000, 0, 30000, 260], 0.06324]], 0.06324],
  ['claude-330/stop-maxtokens', [[opus, [400, 8000, 0, 0, 200], 0.0456]], 0.0456],
  ['claude-330/stop-refusal', [[opus, [200, 4000, 0, 0, 100], 0.0228]], 0.0228],
  ['claude-330/sigint-bash', [[opus, [100, 2000, 0, 0, 50], 0.0114]], 0.0114],
  // A stream that broke for ever: the program counts nothing, the provider was sent this.
  ['claude-330/err-mid-forever', [[opus, [100, 2000, 0, 0, 1], null]], null],
  ['claude-197/json', [[opus197, two, 0.03003]], 0.03003],
  ['claude-197/session-id', [[opus197, two, 0.03003]], 0.03003],
  ['claude-197/denied', [[opus197, two, 0.03003]], 0.03003],
  ['claude-197/bg-bash', [[opus197, two, 0.03003]], 0.03003],
  ['claude-197/maxturns', [[opus197, two, 0.03003]], 0.03003],
  ['claude-197/budget', [[opus197, [406, 8000, 0, 18000, 206], 0.06618]], 0.06618],
  ['claude-197/sigint-bash', [[opus197, [100, 2000, 0, 0, 50], 0.01425]], 0.01425],
];

describe('usage of recorded streams of Claude Code', () => {
  it.each(recorded)('%s', (cassette, rows, costUsd) => {
    const { usage, costUsd: reported } = read(linesOf(cassette));
    expect(
      usage?.models.map(({ model, usage: used, reportedUsd }) => [model, Object.values(used), reportedUsd]),
    ).toEqual(rows.map(([model, classes, usd]) => [model, [...classes], usd]));
    expect(reported).toBe(costUsd);
    expect(usage?.models.every(({ side }) => !side)).toBe(true);
  });

  it.each(['401-r0', 'nokey', '400-credit', '404', '429-oauth', '529-forever-r2', 'refused'])(
    'claude-330/%s was refused before it used anything: known, and nothing',
    (name) => {
      expect(read(linesOf(`claude-330/${name}`)).usage).toEqual({
        source: 'result',
        models: [],
        requests: [],
        isOpen: false,
      });
    },
  );

  it.each(['sigterm-bash', 'sigterm-hang', 'sigint-hang'])(
    'claude-330/%s was killed before it gave a result: unknown, not nothing',
    (name) => {
      expect(read(linesOf(`claude-330/${name}`))).toEqual({ usage: null, costUsd: null });
    },
  );

  it('counts a resumed session from its own start, although its totals go on (2.1.330)', () => {
    const [line = ''] = linesOf('claude-330/denied').slice(-1);
    const result = JSON.parse(line) as Record<string, unknown>;
    const earlier = result['modelUsage'] as Record<string, Record<string, number>>;
    const doubled = Object.fromEntries(
      Object.entries(earlier[opus] ?? {}).map(([key, value]) => [
        key,
        typeof value === 'number' ? value * 2 : value,
      ]),
    );
    const resumed = JSON.stringify({ ...result, modelUsage: { [opus]: doubled }, total_cost_usd: 0.046848 });
    const { usage, costUsd } = read([resumed]);
    expect(Object.values(usage?.models[0]?.usage ?? {})).toEqual([...two]);
    expect(costUsd).toBe(0.023424);
  });

  it('tells a side model from the one that works, and sums both', () => {
    const row = { inputTokens: 10, outputTokens: 2, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 };
    const modelUsage = { [opus]: { ...row, costUSD: 0.1 }, 'claude-haiku-5-5': { ...row, costUSD: 0.2 } };
    const { usage, costUsd } = read([
      JSON.stringify({ type: 'system', subtype: 'init', session_id: 's', model: opus }),
      JSON.stringify({
        type: 'result',
        subtype: 'success',
        is_error: false,
        result: '',
        modelUsage,
        total_cost_usd: 9,
      }),
    ]);
    expect(usage?.models.map(({ model, side }) => [model, side])).toEqual([
      [opus, false],
      ['claude-haiku-5-5', true],
    ]);
    expect(costUsd).toBe(0.3);
  });
});

describe('claudeUsage()', () => {
  const row = { inputTokens: 5, outputTokens: 2, cacheReadInputTokens: 1, cacheCreationInputTokens: 80 };
  const message = (h1: number, m5: number) => ({
    input_tokens: 5,
    cache_creation_input_tokens: h1 + m5,
    cache_creation: { ephemeral_1h_input_tokens: h1, ephemeral_5m_input_tokens: m5 },
  });

  it.each([
    ['all for an hour, also the request that `usage` lacks', message(60, 0), 0, 80],
    ['both', message(50, 30), 30, 50],
    ['all for five minutes', message(0, 80), 80, 0],
    ['a model that wrote less than the main loop: five minutes', message(200, 0), 80, 0],
  ])('splits cache writes that have no split of their own by the main loop: %s', (_, usage, m5, h1) => {
    const [found] = claudeUsage({ modelUsage: { m: row }, usage })?.models ?? [];
    expect(found?.usage).toEqual({ input: 5, cacheWrite5m: m5, cacheWrite1h: h1, cacheRead: 1, output: 2 });
  });

  it('knows nothing of a line that says nothing', () => {
    expect(claudeUsage({})).toBeNull();
    expect(messageUsage(null)).toBeNull();
    expect(messageUsage({ output_tokens: 3 })).toBeNull();
  });

  it('reads writes without a split as the short kind', () => {
    expect(messageUsage({ input_tokens: 1, cache_creation_input_tokens: 7 })).toMatchObject({
      cacheWrite5m: 7,
      cacheWrite1h: 0,
    });
  });
});
