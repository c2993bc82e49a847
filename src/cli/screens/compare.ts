/**
 * The comparison screen: a row for each figure with a column for each arm, the ratios to the base, what each ratio of
 * costs is made of, how often each arm ran, and CONFOUNDED with its reasons. Pure.
 */
import type { Comparison, CompareRow, Factors, RowName, Spread } from '../../domain/compare.ts';
import { dollars, moneyOf } from '../../domain/money.ts';
import { counted, duration } from '../quantity.ts';
import { bad, good, quiet, strong, table, warn, wrap } from '../text.ts';
import type { Line, Span, Text } from '../text.ts';
import { tokens, unknown } from './cost.ts';

const titles: Readonly<Record<RowName, string>> = {
  cost: 'cost (USD)',
  completion: 'completion tokens',
  cacheCreation: 'cache-creation tokens',
  cacheReads: 'cache-read tokens',
  requests: 'requests',
  meanContext: 'mean context, tokens',
  sessionMs: 'time in sessions',
  wallMs: 'wall time',
  acceptance: 'acceptance',
};

/** A figure of a row for people. */
export function figure(row: RowName, value: number): string {
  switch (row) {
    case 'cost':
      return dollars(moneyOf(value));
    case 'completion':
    case 'cacheCreation':
      return Math.round(value).toLocaleString('en-US');
    case 'cacheReads':
    case 'meanContext':
      return tokens(Math.round(value));
    case 'requests':
      return (Math.round(10 * value) / 10).toLocaleString('en-US');
    case 'sessionMs':
    case 'wallMs':
      return duration(value);
    case 'acceptance':
      return `${Math.round(100 * value)} %`;
    default:
      return row satisfies never;
  }
}

/** `2.26×`. */
export const times = (ratio: number): string => `${ratio.toFixed(2)}×`;

/** The title of a row. */
export const titleOf = (row: RowName): string => titles[row];

export function compareScreen(comparison: Comparison, columns: number): Text {
  const { arms, base, rows } = comparison;
  const others = arms.filter(({ name }) => name !== base);
  const severalRuns = arms.some(({ n }) => n > 1);
  const head = [
    '',
    ...arms.map(({ name }) => name),
    ...others.map(({ name }) => (others.length === 1 ? 'RATIO' : `× ${name}`)),
  ];
  return [
    ...confoundedLines(comparison, columns),
    ...table(
      head,
      rows.map((row) => cellsOf(row, comparison)),
      { columns, flexible: 0 },
    ),
    '',
    ...arms.flatMap(({ name }, at) => madeOf(name, base, comparison, at, columns)),
    ...wrap(legend(comparison, severalRuns), columns).map((line): Line => [quiet(line)]),
    ...(severalRuns ? spreadLines(comparison, columns) : onceLines(columns)),
  ];
}

/** How often each arm ran, and what the columns show. */
function legend({ arms, base }: Comparison, severalRuns: boolean): string {
  const n = `n: ${arms.map(({ name, n: count }) => `${name} ${count}`).join(', ')}`;
  const median = severalRuns ? ' (medians; min to max below)' : '';
  return arms.length > 2 ? `${n}${median}; ×: ratio to ${base}` : `${n}${median}`;
}

function cellsOf(
  { row, arms, ratios }: CompareRow,
  { arms: named, base }: Comparison,
): readonly (string | Span)[] {
  return [
    titles[row],
    ...arms.map((spread) => (spread === null ? unknown : figure(row, spread.median))),
    ...ratios.flatMap((ratio, at): readonly (string | Span)[] =>
      named[at]?.name === base ? [] : [ratio === null ? unknown : strong(times(ratio))],
    ),
  ];
}

function confoundedLines({ confounded }: Comparison, columns: number): Text {
  if (confounded.length === 0) return [[good('✓ '), 'The arms had the same inputs'], ''];
  return [
    [bad('CONFOUNDED'), warn('  the arms differ in more than the way of working:')],
    ...confounded.flatMap(({ what, why }) =>
      wrap(`${what} ${why}`, columns - 4).map((line, at): Line => `${at === 0 ? '  - ' : '    '}${line}`),
    ),
    '',
  ];
}

function madeOf(name: string, base: string, comparison: Comparison, at: number, columns: number): Text {
  const factors = comparison.decomposition[at] ?? null;
  const ratio = comparison.rows.find(({ row }) => row === 'cost')?.ratios[at] ?? null;
  if (name === base) return [];
  if (factors === null || ratio === null)
    return wrap(`${name} / ${base}: not known, because a cost or a count of requests is not.`, columns);
  return wrap(`${name} / ${base}: ${times(ratio)} = ${product(factors)}`, columns, 2);
}

/** The factors in words. */
export function product({ requests, meanContext, price }: Factors): string {
  return `${times(requests)} requests, ${times(meanContext)} mean context, ${times(price)} price of a context token (reads, writes and answers together)`;
}

function spreadLines({ arms, rows }: Comparison, columns: number): Text {
  const range = (row: RowName, spread: Spread | null): string =>
    spread === null ? unknown : `${figure(row, spread.min)}–${figure(row, spread.max)}`;
  return [
    '',
    ...table(
      ['MIN TO MAX', ...arms.map(({ name }) => name)],
      rows.map(({ row, arms: spreads }) => [titles[row], ...spreads.map((spread) => range(row, spread))]),
      { columns, flexible: 0 },
    ),
  ];
}

function onceLines(columns: number): Text {
  return wrap(`${counted(1, 'run')} an arm: chance is not excluded.`, columns).map((line): Line => [
    quiet(line),
  ]);
}
