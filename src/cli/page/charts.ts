/**
 * The pictures of one receipt: when its sessions ran, what each role cost by class of token, and how the context grew
 * from request to request. Bars are blocks with widths in percent, so that texts keep their size on a phone. Pure.
 */
import { classCosts } from '../../domain/classcost.ts';
import { sumUsd } from '../../domain/receipt.ts';
import type { PriceSheet } from '../../protocol/prices.ts';
import type { Receipt, ReceiptSession } from '../../protocol/receipt.ts';
import { promptTokensOf, usageClasses } from '../../protocol/usage.ts';
import type { Usage } from '../../protocol/usage.ts';
import { duration } from '../quantity.ts';
import { tokens, usdWords } from '../screens/cost.ts';
import { html } from './markup.ts';
import type { Markup } from './markup.ts';

export const classNames: Readonly<Record<keyof Usage, string>> = {
  input: 'input',
  cacheWrite5m: 'cache write (5 min)',
  cacheWrite1h: 'cache write (1 h)',
  cacheRead: 'cache read',
  output: 'output',
};
const seriesMax = 5;

/** A percentage that fits into a style. */
export const percent = (part: number, whole: number): string =>
  whole <= 0 ? '0%' : `${((100 * part) / whole).toFixed(2)}%`;

/** Role, with what tells its sessions apart. */
export function nameOf({ role, attempt, kind, visit }: ReceiptSession): string {
  if (kind === 'repair') return `${role} (repair)`;
  if (attempt > 1) return `${role} (attempt ${attempt})`;
  return visit > 1 ? `${role} (visit ${visit})` : role;
}

/** When each session ran, on one scale from the first start to the last end. */
export function timeline({ sessions }: Receipt): Markup {
  const from = Math.min(...sessions.map(({ endedAt, ms }) => endedAt - ms));
  const whole = Math.max(...sessions.map(({ endedAt }) => endedAt)) - from;
  const rows = sessions.map((session) => {
    const left = percent(session.endedAt - session.ms - from, whole);
    const bar = html`<i
      class="${session.outcome === 'done' ? 'c0' : 'plain'}"
      style="left:${left};width:${percent(session.ms, whole)}"
    ></i>`;
    const ending = session.outcome === 'done' ? '' : ` · ${session.outcome}`;
    const cost = usdWords({ usd: session.usd, complete: !session.atLeast });
    return html`<div class="row">
      <p><span>${nameOf(session)}</span><span>${duration(session.ms)} · ${cost}${ending}</span></p>
      <div class="track time">${bar}</div>
    </div>`;
  });
  return html`<section class="timeline">
    <h2>Sessions in time</h2>
    ${rows}
    <p class="axis">
      <span>${new Date(from).toISOString().slice(0, 16).replace('T', ' ')} UTC</span
      ><span>+${duration(whole)}</span>
    </p>
  </section>`;
}

/** What each role cost, a part of the bar for each class; a role whose parts are not known is one plain bar. */
export function costByRole({ sessions }: Receipt, sheet: PriceSheet): Markup {
  const roles = [...new Set(sessions.map(({ role }) => role))].map((role) => {
    const mine = sessions.filter((session) => session.role === role);
    const parts = mine.map((session) => classCosts(session, sheet));
    const isSplit = parts.every((part) => part !== null);
    return {
      role,
      usd: sumUsd(mine.map(({ usd }) => usd)),
      complete: mine.every(({ usd, atLeast }) => usd !== null && !atLeast),
      parts: isSplit ? usageClasses.map((each) => sumUsd(parts.map((part) => part[each])) ?? 0) : null,
    };
  });
  const most = Math.max(...roles.map(({ usd }) => usd ?? 0));
  const used = new Set(roles.flatMap(({ parts }) => usageClasses.filter((_, at) => (parts?.[at] ?? 0) > 0)));
  const rows = roles.map(({ role, usd, complete, parts }) => {
    const segments = (parts ?? []).flatMap((part, at) => {
      const name = classNames[usageClasses[at] ?? 'input'];
      const words = `${name}: ${usdWords({ usd: part, complete: true })}`;
      return part > 0
        ? [html`<i class="c${at}" style="width:${percent(part, most)}" title="${words}"></i>`]
        : [];
    });
    const whole = html`<i class="plain" style="width:${percent(usd ?? 0, most)}"></i>`;
    return html`<div class="row">
      <p><span>${role}</span><span>${usdWords({ usd, complete })}</span></p>
      <div class="track">${parts === null ? (usd === null ? [] : whole) : segments}</div>
    </div>`;
  });
  const plain = roles.some(({ parts, usd }) => parts === null && usd !== null)
    ? [html`<li><i class="plain"></i>not split: priced by another sheet</li>`]
    : [];
  const legend = usageClasses.flatMap((each, at) =>
    used.has(each) ? [html`<li><i class="c${at}"></i>${classNames[each]}</li>`] : [],
  );
  return html`<section class="cost">
    <h2>Cost by role and class of token</h2>
    <ul class="legend">
      ${[...legend, ...plain]}
    </ul>
    ${rows}
  </section>`;
}

/** Tokens sent with each request, a line for each session; says so where no agent kept a record. */
export function contextGrowth({ sessions }: Receipt): Markup {
  const lines = sessions
    .map((session) => ({
      session,
      sizes: session.requests.filter(({ side }) => !side).map(({ usage }) => promptTokensOf(usage)),
    }))
    .filter(({ sizes }) => sizes.length > 0);
  const title = html`<h2>Context from request to request</h2>`;
  if (lines.length === 0)
    return html`<section class="context">
      ${title}
      <p class="soft">No agent of this round kept a record of its requests.</p>
    </section>`;
  const most = Math.max(...lines.flatMap(({ sizes }) => sizes));
  const count = lines.reduce((sum, { sizes }) => sum + sizes.length, 0);
  let before = 0;
  const drawn = lines.map(({ sizes }, at) => {
    const points = sizes.map((size, turn) => {
      const x = (1000 * (before + turn + 0.5)) / count;
      return [x, 300 - (290 * size) / most] as const;
    });
    before += sizes.length;
    // One request is a point, and a line needs two.
    const [x = 0, y = 0] = points.length === 1 ? (points[0] ?? []) : [];
    const ends = points.length === 1 ? [[x - 4, y] as const, [x + 4, y] as const] : points;
    const path = ends.map((point) => point.map((each) => each.toFixed(1)).join(',')).join(' ');
    return html`<polyline class="s${at % seriesMax}" points="${path}" />`;
  });
  const legend = lines.map(({ session, sizes }, at) => {
    const range = `${tokens(sizes[0] ?? 0)} → ${tokens(sizes.at(-1) ?? 0)}, ${sizes.length} requests`;
    return html`<li><i class="c${at % seriesMax}"></i>${nameOf(session)}: ${range}</li>`;
  });
  return html`<section class="context">
    ${title}
    <ul class="legend">
      ${legend}
    </ul>
    <p class="axis"><span>${tokens(most)} tokens</span></p>
    <svg
      viewBox="0 0 1000 300"
      preserveAspectRatio="none"
      role="img"
      aria-label="Tokens sent with each request"
    >
      <line class="grid" x1="0" x2="1000" y1="10" y2="10" />
      <line class="grid" x1="0" x2="1000" y1="155" y2="155" />
      ${drawn}
    </svg>
    <p class="axis"><span>request 1</span><span>request ${count}</span></p>
  </section>`;
}
