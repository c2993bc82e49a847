/**
 * What a session cost by class of tokens: which part were reads, which were writes, which were answers. Prices each
 * request as domain/cost.ts does, and gives nothing rather than parts that do not add up to the session's own figure.
 */
import type { PriceSheet, Rates } from '../protocol/prices.ts';
import type { ReceiptSession } from '../protocol/receipt.ts';
import { lessUsage, promptTokensOf, sumUsage, usageClasses } from '../protocol/usage.ts';
import type { Usage } from '../protocol/usage.ts';
import { modelIn, priceOf } from './cost.ts';
import { moneyOf, usdOf, type Money } from './money.ts';

/** USD by class; null when the session has no price, or the sheet is not the one it was priced by. */
export function classCosts(session: ReceiptSession, sheet: PriceSheet): Usage | null {
  if (session.usd === null) return null;
  const totals = new Map<keyof Usage, Money>(usageClasses.map((each) => [each, 0n]));
  for (const id of new Set(session.models.map(({ model }) => model))) {
    const priced = id === null ? null : modelIn(sheet, id);
    if (priced === null) return null;
    const all = sumUsage(session.models.filter(({ model }) => model === id).map(({ usage }) => usage));
    const known = session.requests.filter(({ model }) => model === id);
    const rest = { at: null, usage: lessUsage(all, sumUsage(known.map(({ usage }) => usage))), isRest: true };
    for (const { at, usage, isRest } of [...known.map((each) => ({ ...each, isRest: false })), rest]) {
      const row = priceOf(priced, at ?? session.endedAt);
      if (row === null) return null;
      const tier = row.over.findLast(({ promptTokens }) => promptTokensOf(usage) > promptTokens);
      add(totals, usage, isRest ? row.rates : (tier?.rates ?? row.rates));
    }
  }
  const sum = [...totals.values()].reduce((a, b) => a + b, 0n);
  if (sum !== moneyOf(session.usd)) return null;
  const usd = (each: keyof Usage): number => usdOf(totals.get(each) ?? 0n);
  return {
    input: usd('input'),
    cacheWrite5m: usd('cacheWrite5m'),
    cacheWrite1h: usd('cacheWrite1h'),
    cacheRead: usd('cacheRead'),
    output: usd('output'),
  };
}

function add(totals: Map<keyof Usage, Money>, usage: Usage, rates: Rates): void {
  for (const each of usageClasses)
    totals.set(each, (totals.get(each) ?? 0n) + BigInt(usage[each]) * (rates[each] ?? 0n));
}
