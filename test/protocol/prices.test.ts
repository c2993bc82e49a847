import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/effects/catalog.ts';
import { readPrices } from '../../src/protocol/prices.ts';

const read = (...texts: readonly string[]) =>
  readPrices(texts.map((text, at) => ({ path: `${at}/state/prices.yaml`, text })));
const messages = (text: string): readonly string[] =>
  read(text).problems.flatMap(({ diagnostics }) =>
    diagnostics.map(({ line, message }) => `${line}: ${message}`),
  );
const rows = (...lines: readonly string[]): string =>
  `models:\n  m:\n    prices:\n${lines.map((line) => `      - { ${line} }\n`).join('')}`;

describe('readPrices()', () => {
  it('reads the shipped sheet without a complaint, and every price in it is positive', () => {
    const text = readFileSync(join(packageRoot, 'state/prices.yaml'), 'utf8');
    const { sheet, problems } = read(text);
    expect(problems).toEqual([]);
    expect(sheet.version).toBe('2026-11-27');
    const rates = [...sheet.models.values()].flatMap((model) =>
      model.rows.flatMap((row) => [row.rates, ...row.over.map((tier) => tier.rates)]),
    );
    expect(rates.length).toBeGreaterThan(25);
    for (const rate of rates) {
      for (const each of Object.values(rate)) expect(each === null || each > 0n).toBe(true);
    }
  });

  it('keeps prices as whole pico-dollars per token', () => {
    const [row] =
      read(rows('input: 0.125, cacheRead: 0.000001, output: 25')).sheet.models.get('m')?.rows ?? [];
    expect(row?.rates).toEqual({
      input: 125_000n,
      cacheWrite5m: null,
      cacheWrite1h: null,
      cacheRead: 1n,
      output: 25_000_000n,
    });
  });

  it('replaces single models by those of a later sheet and says so in the version', () => {
    const { sheet } = read(
      `version: v1\n${rows('input: 1')}  n:\n    prices: [{ input: 2 }]\n`,
      rows('input: 9'),
    );
    expect(sheet.version).toBe('v1+project');
    expect(sheet.models.get('m')?.rows[0]?.rates.input).toBe(9_000_000n);
    expect(sheet.models.get('m')?.file).toBe('1/state/prices.yaml');
    expect(sheet.models.get('n')?.rows[0]?.rates.input).toBe(2_000_000n);
  });

  it.each([
    [
      rows("from: '2026-01-01', input: 1", "from: '2026-01-01', input: 2"),
      '5: Two prices of "m" overlap from 2026-01-01 on.',
    ],
    [rows('input: 1', 'input: 2'), '5: Two prices of "m" overlap from ever on.'],
    [
      rows("until: '2026-03-01', input: 1", "from: '2026-02-01', input: 2"),
      '5: Two prices of "m" overlap from 2026-02-01 on.',
    ],
    [
      rows("until: '2026-01-01', input: 1", "from: '2026-02-01', input: 2"),
      '5: "m" has no price from 2026-01-01 until 2026-02-01.',
    ],
    [
      rows("from: '2026-02-01', until: '2026-01-01', input: 1"),
      '4: The price of "m" ends on 2026-01-01, before it begins.',
    ],
    [rows('input: -1'), '4: "models.m.prices[0].input" is "-1".'],
    [rows('input: 0.0000001'), '4: "models.m.prices[0].input" is "1e-7".'],
    [rows('inptu: 1'), '4: "inptu" is no key under "models.m.prices[0]".'],
    [rows("from: '1 May', input: 1"), '4: "models.m.prices[0].from" is "1 May".'],
    [
      'models:\n  m: { aliases: [x], prices: [{ input: 1 }] }\n  n: { aliases: [x], prices: [{ input: 1 }] }\n',
      '3: "x" names both "m" and "n".',
    ],
  ])('refuses %j', (text, message) => {
    expect(messages(text)).toEqual([message]);
    expect(read(text).sheet.models.size).toBe(0);
  });
});
