/** Usage and prices for tests: one model at one dollar per million tokens, so that a token is a micro-dollar. */
import { readPrices } from '../../src/protocol/prices.ts';
import type { PriceSheet } from '../../src/protocol/prices.ts';
import { zeroUsage } from '../../src/protocol/usage.ts';
import type { SessionUsage, Usage } from '../../src/protocol/usage.ts';

export const priced: PriceSheet = readPrices([
  {
    path: 'state/prices.yaml',
    text: `version: test
models:
  sonnet:
    prices: [{ input: 1, cacheWrite5m: 1, cacheWrite1h: 1, cacheRead: 1, output: 1 }]
`,
  },
]).sheet;

export function usageWith(usage: Partial<Usage>, more: Partial<SessionUsage> = {}): SessionUsage {
  return {
    source: 'result',
    models: [
      { model: 'sonnet', side: false, usage: { ...zeroUsage, ...usage }, requests: 1, reportedUsd: null },
    ],
    requests: [],
    isOpen: false,
    ...more,
  };
}

/** So many tokens, and as many micro-dollars. */
export function pricedUsage(input: number): SessionUsage {
  return usageWith({ input });
}
