/**
 * The cost screen: a row for each session of a round with its tokens by class, its cost and its share; the totals, what
 * the agents say themselves, and what is not known. Pure; also the few words about money that other screens share.
 */
import { dollars, moneyOf } from '../../domain/money.ts';
import { requestsOf } from '../../domain/receipt.ts';
import type { Receipt, ReceiptSession, ReceiptTotals } from '../../protocol/receipt.ts';
import type { Usage } from '../../protocol/usage.ts';
import { counted, duration } from '../quantity.ts';
import { good, quiet, strong, table, warn, wrap } from '../text.ts';
import type { Line, Span, Text } from '../text.ts';

/** What a figure that nobody knows looks like; never a 0. */
export const unknown = '?';

/**
 * Money of something that may be known in part.
 *
 * @example usdWords({ usd: 0.5, complete: false }) // '≥ $0.5000'
 */
export function usdWords({
  usd,
  complete,
}: {
  readonly usd: number | null;
  readonly complete: boolean;
}): string {
  if (usd === null) return unknown;
  return `${complete ? '' : '≥ '}${dollars(moneyOf(usd))}`;
}

/**
 * A count of tokens in few characters.
 *
 * @example tokens(12_400) // '12.4k'
 */
export function tokens(count: number): string {
  if (count < 1_000) return String(count);
  if (count < 999_950) return `${(count / 1_000).toFixed(count < 99_950 ? 1 : 0)}k`;
  return `${(count / 1_000_000).toFixed(2)}M`;
}

/** What a total lacks, one line each; empty when it lacks nothing. */
export function lacking(totals: ReceiptTotals, columns: number): Text {
  const lines = [
    ...(totals.unknown > 0
      ? [`Unknown: ${counted(totals.unknown, 'session')} left no count of tokens, and is in no total.`]
      : []),
    ...(totals.unpriced.length > 0
      ? [`Unpriced: ${totals.unpriced.join(', ')}. Add prices in coordination/state/prices.yaml.`]
      : []),
    ...(!totals.complete && totals.unknown === 0 && totals.unpriced.length === 0
      ? ['At least: a price depends on prompt lengths that are not known.']
      : []),
  ];
  return lines.flatMap((line) => wrap(line, columns, 2)).map((line): Line => [warn(line)]);
}

const classColumns = [
  ['INPUT', (usage: Usage) => usage.input],
  ['WRITE', (usage: Usage) => usage.cacheWrite5m + usage.cacheWrite1h],
  ['READ', (usage: Usage) => usage.cacheRead],
  ['OUTPUT', (usage: Usage) => usage.output],
] as const;

/** The whole receipt. With room for it, cache writes are shown by their lifetime. */
export function costScreen(receipt: Receipt, columns: number): Text {
  const { totals, orchestration } = receipt;
  if (receipt.sessions.length === 0) return [`Round ${receipt.round} has no session that has ended.`];
  const wide = columns >= 110;
  const row = (session: ReceiptSession): readonly (string | Span)[] => [
    session.attempt === 1 && session.kind === 'work' ? session.role : `${session.role} ${mark(session)}`,
    session.model ?? session.agent,
    ...cells(session.usage, wide),
    ...(wide ? [countOf(requestsOf(session)), duration(session.ms), session.source] : []),
    usdWords({ usd: session.usd, complete: !session.atLeast }),
    share(session, totals),
  ];
  const head = [
    'ROLE',
    'MODEL',
    ...(wide ? ['INPUT', 'WRITE 5M', 'WRITE 1H', 'READ', 'OUTPUT'] : classColumns.map(([title]) => title)),
    ...(wide ? ['REQUESTS', 'TIME', 'SOURCE'] : []),
    'COST',
    'SHARE',
  ];
  const total: readonly (string | Span)[] = [
    strong('total'),
    counted(totals.sessions, 'session'),
    ...cells(totals.usage, wide),
    ...(wide ? [countOf(totals.requests), duration(totals.ms), ''] : []),
    strong(usdWords(totals)),
    '',
  ];
  return [
    [strong(`Round ${receipt.round}`), quiet(`  prices of ${receipt.prices}`)],
    '',
    ...table(head, [...receipt.sessions.map(row), total], { columns, flexible: 1 }),
    '',
    ...sideLines(receipt),
    ...reportedLines(totals),
    ...lacking(totals, columns),
    [good('✓ '), strong('Orchestration tokens: 0')],
    ...wrap(
      `${counted(orchestration.ordered, 'session')} ordered by the machine, ${orchestration.inReceipt} in this receipt${
        orchestration.running > 0 ? `, ${orchestration.running} still running` : ''
      }. ${orchestration.because}`,
      columns - 2,
    ).map((line): Line => ['  ', quiet(line)]),
    [
      quiet(
        `Gates run by the engine: ${receipt.gates.runs}, ${receipt.gates.failed} red, ${counted(receipt.gates.findings, 'finding')}`,
      ),
    ],
  ];
}

function cells(usage: Usage | null, wide: boolean): readonly string[] {
  if (usage === null) return (wide ? [0, 1, 2, 3, 4] : classColumns).map(() => unknown);
  if (!wide) return classColumns.map(([, of]) => tokens(of(usage)));
  return [usage.input, usage.cacheWrite5m, usage.cacheWrite1h, usage.cacheRead, usage.output].map(tokens);
}

function countOf(count: number | null): string {
  return count === null ? unknown : String(count);
}

/** A retry by its attempt, a repair by its name. */
function mark({ attempt, kind }: ReceiptSession): string {
  return kind === 'work' ? `(attempt ${attempt})` : `(${kind})`;
}

function share(session: ReceiptSession, totals: ReceiptTotals): string {
  if (session.usd === null || totals.usd === null || totals.usd === 0) return '';
  return `${Math.round((100 * session.usd) / totals.usd)} %`;
}

/** Models beside the sessions' own, which the rows above hold in their sums. */
function sideLines(receipt: Receipt): Text {
  return receipt.sessions.flatMap((session) =>
    session.models
      .filter(({ side }) => side)
      .map((each): Line => [
        quiet(
          `${session.role} includes ${each.model ?? 'a model without a name'} beside its own: ${usdWords({ usd: each.usd, complete: true })}`,
        ),
      ]),
  );
}

function reportedLines(totals: ReceiptTotals): Text {
  if (totals.reportedUsd === null) return [[quiet('No agent of this round says what it cost.')]];
  const difference = totals.differenceUsd ?? 0;
  const words =
    difference === 0
      ? 'no difference'
      : `${difference < 0 ? '-' : '+'}${dollars(moneyOf(Math.abs(difference)))} by our prices`;
  return [`Reported by the agents: ${dollars(moneyOf(totals.reportedUsd))}, ${words}`];
}
