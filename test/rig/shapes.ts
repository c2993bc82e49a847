/**
 * Receipts of the article's two arms, from the session shapes that fit its table: four equal sessions, of which each makes
 * so many requests; the first prompt has a part that all sessions share, in the cache but for the first of them; each turn
 * adds so many tokens, written once and read ever after. Priced like any receipt.
 */
import { receiptOf } from '../../src/domain/receipt.ts';
import type { PriceSheet } from '../../src/protocol/prices.ts';
import type { Receipt, ReceiptInputs } from '../../src/protocol/receipt.ts';
import { sumUsage, zeroUsage } from '../../src/protocol/usage.ts';
import type { RequestUsage, SessionUsage, Usage } from '../../src/protocol/usage.ts';
import { ended } from './facts.ts';

export type Shape = {
  readonly requests: number;
  /** Tokens of the first prompt, and how many each turn adds. */
  readonly first: number;
  readonly growth: number;
  /** Completion tokens of all four sessions. */
  readonly output: number;
};

/** Tokens of the agent's own that all sessions share. */
const harness = 15_272;
export const workflow: Shape = { requests: 11, first: 30_510, growth: 3_938, output: 19_478 };
export const multichat: Shape = { requests: 7, first: 24_506, growth: 2_317, output: 9_432 };
/** Its cache writes cost 18.75, its reads 1.50 and its answers 75 USD per million tokens. */
export const classic = 'claude-opus-4-1';
const roles = ['architect', 'implementer', 'reviewer', 'memorial'];
export const sameInputs: ReceiptInputs = {
  tier: 'full',
  prd: 'a'.repeat(64),
  spec: 'b'.repeat(64),
  prompts: 'c'.repeat(64),
};

export function receiptOfShape(shape: Shape, sheet: PriceSheet, inputs: ReceiptInputs = sameInputs): Receipt {
  const work = roles.map((role, at) => ({
    order: {
      id: `R01.${at + 1}-${role}`,
      dispatchId: 'd',
      round: 'R01',
      tier: 'full',
      role,
      agent: 'claude',
      model: classic,
      visit: 1,
      attempt: 1,
      kind: 'work' as const,
      feedback: [],
      because: [],
      fallbacks: [],
    },
    ended: ended(`R01.${at + 1}-${role}`, { type: 'done' }, { usage: sessionOf(shape, at), ms: 60_000 }),
  }));
  const gates = { runs: 0, failed: 0, findings: 0 };
  return receiptOf({ round: 'R01', work, ordered: 4, gates }, sheet, inputs);
}

function sessionOf(shape: Shape, at: number): SessionUsage {
  const cached = at === 0 ? 0 : harness;
  const requests = Array.from({ length: shape.requests }, (_, turn): RequestUsage => {
    const usage: Usage = {
      ...zeroUsage,
      cacheRead: turn === 0 ? cached : shape.first + (turn - 1) * shape.growth,
      cacheWrite5m: turn === 0 ? shape.first - cached : shape.growth,
      output: share(shape.output, 4 * shape.requests, at * shape.requests + turn),
    };
    return { model: classic, side: false, at: null, usage };
  });
  const usage = sumUsage(requests.map((request) => request.usage));
  return {
    source: 'result',
    models: [{ model: classic, side: false, usage, requests: shape.requests, reportedUsd: null }],
    requests,
    isOpen: false,
  };
}

/** Part `at` of `parts` whole parts of a total. */
function share(total: number, parts: number, at: number): number {
  return Math.floor((total * (at + 1)) / parts) - Math.floor((total * at) / parts);
}
