/**
 * What usage costs on a day, by a price sheet: request by request where each is known, so that prices by prompt length
 * are exact; else by totals. A model or a class of tokens without a price makes the whole unpriced; it is never taken
 * for another model and never for 0. Pure, in whole pico-dollars.
 */
import type { PriceRow, PriceSheet, PricedModel, Rates } from '../protocol/prices.ts';
import { lessUsage, promptTokensOf, sumUsage, usageClasses } from '../protocol/usage.ts';
import type { SessionUsage, Usage } from '../protocol/usage.ts';
import type { Money } from './money.ts';

/** What something costs. */
export type Cost = {
  /** Null when any part of it has no price. */
  readonly usd: Money | null;
  /** It cost this or more: prompt lengths that the price depends on are unknown, or a request was cut off. */
  readonly atLeast: boolean;
  /** What has no price, in words: a model, or a class of its tokens. */
  readonly unpriced: readonly string[];
};

const nothing: Cost = { usd: 0n, atLeast: false, unpriced: [] };

/**
 * The model of the sheet that an agent's id means: the id itself, an alias, or without what agents add: its maker, where
 * the sheet names it (`maker/claude-opus-4-8`, of opencode), a context size in brackets (`claude-opus-4-8[1m]`) and a date
 * (`claude-haiku-4-5-20251001`). A model that somebody else sells has prices of its own.
 */
export function modelIn(sheet: PriceSheet, id: string): PricedModel | null {
  const maker = sheet.makers.find((name) => id.startsWith(`${name}/`));
  const bare = id.slice(maker === undefined ? 0 : maker.length + 1).replace(/\[[^\]]*\]$/, '');
  for (const name of [id, bare, bare.replace(/-(?:\d{8}|\d{4}-\d{2}-\d{2})$/, '')]) {
    const found =
      sheet.models.get(name) ?? [...sheet.models.values()].findLast(({ aliases }) => aliases.includes(name));
    if (found !== undefined) return found;
  }
  return null;
}

/** The price of a model on a day; null when it has none then. `at` is epoch ms, days are UTC. */
export function priceOf(model: PricedModel, at: number): PriceRow | null {
  const today = new Date(at).toISOString().slice(0, 10);
  const row = model.rows.findLast(({ from }) => from === null || from <= today);
  return row === undefined || (row.until !== null && row.until <= today) ? null : row;
}

/** What a session costs at the prices of a moment. Each request is priced by the length of its own prompt. */
export function costOf(session: SessionUsage, sheet: PriceSheet, at: number): Cost {
  const models = [...new Set(session.models.map(({ model }) => model))];
  const cost = sumCost(models.map((model) => modelCost(session, model, sheet, at)));
  return { ...cost, atLeast: cost.atLeast || session.isOpen };
}

/** What one model of a session costs: its requests, and what its totals have beyond them. */
export function modelCost(session: SessionUsage, model: string | null, sheet: PriceSheet, at: number): Cost {
  const totals = sumUsage(session.models.filter((row) => row.model === model).map(({ usage }) => usage));
  const known = session.requests.filter((row) => row.model === model);
  const priced = model === null ? null : modelIn(sheet, model);
  if (priced === null)
    return usageClasses.every((each) => totals[each] === 0)
      ? nothing
      : noPrice(model ?? 'a model without a name');
  const sum = sumUsage(known.map(({ usage }) => usage));
  // Requests that come to more than the agent's own total are no part of it; then the total alone counts.
  const isPart = usageClasses.every((each) => sum[each] <= totals[each]);
  const rest = isPart ? lessUsage(totals, sum) : totals;
  return sumCost([
    ...(isPart ? known : []).map((each) =>
      onDay(priced, each.at ?? at, (row) => requestCost(priced.id, each.usage, row)),
    ),
    onDay(priced, at, (row) => restCost(priced.id, rest, row)),
  ]);
}

function onDay(model: PricedModel, at: number, cost: (row: PriceRow) => Cost): Cost {
  const row = priceOf(model, at);
  return row === null ? noPrice(`${model.id} on ${new Date(at).toISOString().slice(0, 10)}`) : cost(row);
}

/** One request, at the tier of its prompt's length. */
export function requestCost(model: string, usage: Usage, row: PriceRow): Cost {
  const tier = row.over.findLast(({ promptTokens }) => promptTokensOf(usage) > promptTokens);
  return atRates(model, usage, tier?.rates ?? row.rates);
}

/** Tokens of which the requests are unknown: exact only where no request can have been long enough for another tier. */
function restCost(model: string, usage: Usage, row: PriceRow): Cost {
  const [lowest] = row.over;
  const atLeast = lowest !== undefined && promptTokensOf(usage) > lowest.promptTokens;
  return { ...atRates(model, usage, row.rates), atLeast };
}

function atRates(model: string, usage: Usage, rates: Rates): Cost {
  let usd: Money = 0n;
  for (const each of usageClasses) {
    if (usage[each] === 0) continue;
    const rate = rates[each];
    if (rate === null) return noPrice(`${each} of ${model}`);
    usd += BigInt(usage[each]) * rate;
  }
  return { ...nothing, usd };
}

function noPrice(what: string): Cost {
  return { usd: null, atLeast: false, unpriced: [what] };
}

/** A sum with an unpriced part is unpriced, and names every such part once. */
export function sumCost(parts: readonly Cost[]): Cost {
  return parts.reduce<Cost>(
    (total, part) => ({
      usd: total.usd === null || part.usd === null ? null : total.usd + part.usd,
      atLeast: total.atLeast || part.atLeast,
      unpriced: [...new Set([...total.unpriced, ...part.unpriced])],
    }),
    nothing,
  );
}
