/**
 * One self-contained page about what was spent: a round's receipt in pictures and figures, or arms side by side with the
 * receipt of each. No script, no resource from outside (its own policy forbids both), every text escaped. Pure.
 */
import type { Arm, Comparison } from '../../domain/compare.ts';
import { requestsOf } from '../../domain/receipt.ts';
import type { PriceSheet } from '../../protocol/prices.ts';
import type { Receipt } from '../../protocol/receipt.ts';
import { usageClasses } from '../../protocol/usage.ts';
import { counted, duration } from '../quantity.ts';
import { figure, product, times, titleOf } from '../screens/compare.ts';
import { tokens, unknown, usdWords } from '../screens/cost.ts';
import { classNames, contextGrowth, costByRole, nameOf, percent, timeline } from './charts.ts';
import { html } from './markup.ts';
import type { Markup } from './markup.ts';
import { style } from './style.ts';

/** How every page of ours begins; a file that begins otherwise is somebody else's and is not written over. */
export const pageStart = '<!doctype html>\n<!-- next-role cost -->\n';

/** The page of one round. */
export function costPage(receipt: Receipt, sheet: PriceSheet): string {
  return whole(`Round ${receipt.round}`, `prices of ${receipt.prices}`, sections(receipt, sheet));
}

/** The page of a comparison; below it the first run of each arm. */
export function comparePage(comparison: Comparison, arms: readonly Arm[], sheet: PriceSheet): string {
  const each = arms.flatMap(({ name, runs: [{ receipt }] }) => [
    html`<h1>${name}</h1>`,
    ...sections(receipt, sheet),
  ]);
  const n = comparison.arms.map(({ name, n: count }) => `${name} ${count}`).join(', ');
  return whole(comparison.arms.map(({ name }) => name).join(' / '), `runs: ${n}`, [
    armsSection(comparison),
    ...each,
  ]);
}

function whole(title: string, under: string, parts: readonly Markup[]): string {
  const { markup } = html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
      <title>${title}</title>
      <style>
        ${{ markup: style }}
      </style>
    </head>
    <body>
      <main>
        <h1>${title}</h1>
        <p class="soft">${under}</p>
        ${parts}
      </main>
    </body>
  </html> `;
  return `${pageStart}${markup}`;
}

function sections(receipt: Receipt, sheet: PriceSheet): readonly Markup[] {
  if (receipt.sessions.length === 0)
    return [html`<section><p>Round ${receipt.round} has no session that has ended.</p></section>`];
  return [
    figures(receipt),
    timeline(receipt),
    costByRole(receipt, sheet),
    contextGrowth(receipt),
    sessionsTable(receipt),
    proof(receipt),
  ];
}

function figures({ totals }: Receipt): Markup {
  const { usage } = totals;
  const reads = usage === null ? unknown : tokens(usage.cacheRead);
  const cells = [
    [usdWords(totals), 'cost'],
    [duration(totals.ms), `in ${counted(totals.sessions, 'session')}`],
    [totals.requests === null ? unknown : String(totals.requests), 'requests'],
    [reads, 'tokens read from a cache'],
    ['0', 'orchestration tokens'],
  ] as const;
  return html`<div class="figures">
    ${cells.map(([value, name]) => html`<div><b>${value}</b><span>${name}</span></div>`)}
  </div>`;
}

function sessionsTable({ sessions, totals }: Receipt): Markup {
  const head = [
    'session',
    'model',
    ...usageClasses.map((each) => classNames[each].replace('cache ', '').replace(/[()]/g, '')),
    'requests',
    'cost',
    'agent says',
  ];
  const rows = sessions.map((session) => [
    nameOf(session),
    session.model ?? session.agent,
    ...usageClasses.map((each) => (session.usage === null ? unknown : tokens(session.usage[each]))),
    String(requestsOf(session) ?? unknown),
    usdWords({ usd: session.usd, complete: !session.atLeast }),
    usdWords({ usd: session.reportedUsd, complete: true }),
  ]);
  const total = [
    'total',
    '',
    ...usageClasses.map((each) => (totals.usage === null ? unknown : tokens(totals.usage[each]))),
    String(totals.requests ?? unknown),
    usdWords(totals),
    usdWords({ usd: totals.reportedUsd, complete: true }),
  ];
  return html`<section class="sessions">
    <h2>Every session</h2>
    ${tableOf(head, [...rows, total])}
  </section>`;
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): Markup {
  return html`<div class="wide">
    <table>
      <tr>
        ${head.map((cell) => html`<th>${cell}</th>`)}
      </tr>
      ${rows.map(
        (row) =>
          html`<tr>
            ${row.map((cell) => html`<td>${cell}</td>`)}
          </tr>`,
      )}
    </table>
  </div>`;
}

function proof({ totals, orchestration, gates }: Receipt): Markup {
  const lacks = [
    ...(totals.unknown > 0
      ? [`Unknown: ${counted(totals.unknown, 'session')} left no count of tokens, and is in no total.`]
      : []),
    ...(totals.unpriced.length > 0 ? [`Unpriced: ${totals.unpriced.join(', ')}.`] : []),
  ];
  return html`<section class="proof">
    <h2>Orchestration tokens: 0</h2>
    <p class="soft">${orchestration.because}</p>
    <p class="soft">
      ${counted(orchestration.ordered, 'session')} ordered by the machine, ${orchestration.inReceipt} in this
      receipt. Gates run by the engine: ${gates.runs}, ${gates.failed} red.
    </p>
    ${lacks.map((line) => html`<p class="bad">${line}</p>`)}
  </section>`;
}

function armsSection(comparison: Comparison): Markup {
  const { arms, base, rows, confounded, decomposition } = comparison;
  const banner =
    confounded.length === 0
      ? html`<p class="good">The arms had the same inputs.</p>`
      : html`<section class="banner">
          <b class="bad">CONFOUNDED</b> more than the way of working differs:
          <ul>
            ${confounded.map(({ what, why }) => html`<li>${what} ${why}</li>`)}
          </ul>
        </section>`;
  const bars = rows.flatMap(({ row, arms: spreads, ratios }) => {
    const most = Math.max(...spreads.map((spread) => spread?.median ?? 0));
    if (most === 0) return [];
    const lines = spreads.map((spread, at) => {
      const ratio = ratios[at] ?? null;
      const value = spread === null ? unknown : figure(row, spread.median);
      const range =
        spread === null || spread.min === spread.max
          ? ''
          : ` (${figure(row, spread.min)} to ${figure(row, spread.max)})`;
      return html`<div class="row">
        <p>
          <span>${arms[at]?.name ?? ''}</span
          ><span>${value}${range}${ratio === null ? '' : ` · ${times(ratio)}`}</span>
        </p>
        <div class="track">
          <i class="c${at % 5}" style="width:${percent(spread?.median ?? 0, most)}"></i>
        </div>
      </div>`;
    });
    return [
      html`<h2>${titleOf(row)}</h2>
        ${lines}`,
    ];
  });
  const made = arms.flatMap(({ name }, at) => {
    const factors = decomposition[at] ?? null;
    const ratio = rows.find(({ row }) => row === 'cost')?.ratios[at] ?? null;
    if (factors === null || ratio === null) return [];
    return [html`<p>${name} / ${base}: ${times(ratio)} = ${product(factors)}</p>`];
  });
  return html`${banner}
    <section class="arms">${bars}${made}</section>`;
}
