/**
 * The receipt of a round as markdown, for the file beside the round's summary. The same receipt gives the same text, so
 * that it may be written twice. Pure.
 */
import type { Receipt, ReceiptSession } from '../protocol/receipt.ts';
import type { Usage } from '../protocol/usage.ts';
import { dollars, moneyOf } from './money.ts';
import { requestsOf } from './receipt.ts';

/** What a figure that nobody knows looks like; never a 0. */
const unknown = '?';

/** The whole file. */
export function receiptText(receipt: Receipt): string {
  const { totals, orchestration, gates } = receipt;
  const rows = receipt.sessions.map((session) => [
    session.role,
    session.kind === 'repair' ? `${session.attempt} (repair)` : String(session.attempt),
    session.model ?? session.agent,
    ...counts(session.usage),
    numberOf(requestsOf(session)),
    `${Math.round(session.ms / 1_000)} s`,
    session.source,
    money(session.usd, !session.atLeast),
    shareOf(session, totals.usd),
  ]);
  const sum = [
    '**total**',
    '',
    '',
    ...counts(totals.usage),
    numberOf(totals.requests),
    `${Math.round(totals.ms / 1_000)} s`,
    '',
    `**${money(totals.usd, totals.complete)}**`,
    '',
  ];
  return [
    `# Receipt of round ${receipt.round}`,
    '',
    `Written by next-role when the round ended, at the prices of ${receipt.prices}. Made again, also with corrected prices, by \`next-role cost ${receipt.round}\`.`,
    '',
    row(columns),
    row(columns.map((_, at) => (at < 3 ? '---' : '--:'))),
    ...[...rows, sum].map(row),
    '',
    `- Reported by the agents themselves: ${money(totals.reportedUsd, true)}; difference ${
      totals.differenceUsd === null ? unknown : signed(totals.differenceUsd)
    }`,
    ...(totals.unknown > 0
      ? [
          `- **Unknown:** ${totals.unknown} of ${totals.sessions} sessions left no count of tokens and are in no total.`,
        ]
      : []),
    ...(totals.unpriced.length > 0 ? [`- **Unpriced:** ${totals.unpriced.join(', ')}`] : []),
    ...sides(receipt),
    `- **Orchestration tokens: ${orchestration.tokens}.** ${orchestration.ordered} sessions ordered by the machine, ${orchestration.inReceipt} in this receipt. ${orchestration.because}`,
    `- Gates run by the engine: ${gates.runs}, of which ${gates.failed} were red, with ${gates.findings} findings.`,
    '',
  ].join('\n');
}

const columns = [
  'role',
  'attempt',
  'model',
  'input',
  'write 5 min',
  'write 1 h',
  'read',
  'output',
  'requests',
  'time',
  'source',
  'cost',
  'share',
];

/** A bar in a name a model or a person chose would open a column. */
function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replace(/[|\r\n]/g, ' ')).join(' | ')} |`;
}

function counts(usage: Usage | null): readonly string[] {
  if (usage === null) return Array.from({ length: 5 }, () => unknown);
  return [usage.input, usage.cacheWrite5m, usage.cacheWrite1h, usage.cacheRead, usage.output].map(String);
}

function numberOf(count: number | null): string {
  return count === null ? unknown : String(count);
}

function money(usd: number | null, complete: boolean): string {
  if (usd === null) return unknown;
  return `${complete ? '' : '≥ '}${dollars(moneyOf(usd))}`;
}

function signed(usd: number): string {
  return `${usd < 0 ? '-' : '+'}${dollars(moneyOf(Math.abs(usd)))}`;
}

function shareOf(session: ReceiptSession, total: number | null): string {
  if (session.usd === null || total === null || total === 0) return '';
  return `${Math.round((100 * session.usd) / total)} %`;
}

function sides(receipt: Receipt): readonly string[] {
  return receipt.sessions.flatMap((session) =>
    session.models
      .filter(({ side }) => side)
      .map(
        (each) =>
          `- ${session.role} includes ${each.model ?? 'a model without a name'} beside its own: ${money(each.usd, true)}`,
      ),
  );
}
