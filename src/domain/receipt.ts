/**
 * The receipt of a round from its decisions: every session that was ordered and has ended, with what it used and what
 * that costs by the price sheet on the day it ended. Pure; it reads the same journal that replay does, so that a receipt
 * can be made again at any time, also with corrected prices.
 */
import type { Effect, MachineEvent, SessionReport } from '../protocol/event.ts';
import type { PriceSheet } from '../protocol/prices.ts';
import { orchestrationBecause, unknownInputs } from '../protocol/receipt.ts';
import type { Receipt, ReceiptInputs, ReceiptSession, ReceiptTotals } from '../protocol/receipt.ts';
import type { Order } from '../protocol/session.ts';
import { sumUsage } from '../protocol/usage.ts';
import type { ModelUsage, SessionUsage } from '../protocol/usage.ts';
import { costOf, modelCost, type Cost } from './cost.ts';
import { moneyOf, usdOf, type Money } from './money.ts';

/** One decision, as far as the sum needs it: a journal record or a notice. */
export type Decision = { readonly event: MachineEvent; readonly effects: readonly Effect[] };

export type Ended = SessionReport & { readonly at: number };
export type Work = { readonly order: Order; readonly ended: Ended };

/** What a round's decisions say about its sessions and gates. */
export type Ledger = {
  readonly round: string;
  /** The sessions that have ended, oldest first. */
  readonly work: readonly Work[];
  /** Sessions whose start was ordered. */
  readonly ordered: number;
  readonly gates: Receipt['gates'];
};

/** The ledgers of every round in a stretch of decisions, in the order in which the rounds began. */
export function ledgersOf(decisions: Iterable<Decision>): readonly Ledger[] {
  const rounds = new Map<string, Book>();
  const orders = new Map<string, Order>();
  const ended = new Set<string>();
  let gating: string | null = null;
  for (const { event, effects } of decisions) {
    for (const each of event.type === 'ENDED' ? reportsOf(event) : []) {
      const order = orders.get(each.order);
      if (order === undefined || ended.has(order.id)) continue;
      ended.add(order.id);
      bookOf(rounds, order.round).work.push({ order, ended: each });
    }
    if (event.type === 'GATED' && gating !== null) {
      const book = bookOf(rounds, gating);
      book.runs += event.gates.length;
      book.failed += event.gates.filter(({ pass }) => !pass).length;
      book.findings += event.gates.reduce((count, { findings }) => count + findings.length, 0);
    }
    for (const effect of effects) {
      if (effect.kind === 'gate') gating = effect.order.round;
      if (effect.kind !== 'dispatch' && effect.kind !== 'claim') continue;
      for (const order of [
        effect.order,
        ...(effect.order.companion === undefined ? [] : [effect.order.companion]),
      ]) {
        orders.set(order.id, order);
        if (effect.kind === 'dispatch') bookOf(rounds, order.round).started.add(order.id);
      }
    }
  }
  return [...rounds].map(([round, { work, started, runs, failed, findings }]) => ({
    round,
    work,
    ordered: started.size,
    gates: { runs, failed, findings },
  }));
}

/** The sessions that one event tells of. */
function reportsOf(event: Extract<MachineEvent, { type: 'ENDED' }>): readonly Ended[] {
  const { companion, at } = event;
  return companion === undefined ? [event] : [event, { ...companion, at }];
}

type Book = { work: Work[]; started: Set<string>; runs: number; failed: number; findings: number };

function bookOf(rounds: Map<string, Book>, round: string): Book {
  const known = rounds.get(round);
  if (known !== undefined) return known;
  const fresh: Book = { work: [], started: new Set(), runs: 0, failed: 0, findings: 0 };
  rounds.set(round, fresh);
  return fresh;
}

/** The receipt of a ledger, at the prices of a sheet. `inputs`: what is known of what the round was given. */
export function receiptOf(ledger: Ledger, sheet: PriceSheet, inputs: ReceiptInputs = unknownInputs): Receipt {
  const sessions = ledger.work.map((work) => sessionOf(work, sheet));
  return {
    round: ledger.round,
    inputs: { ...inputs, tier: inputs.tier ?? ledger.work[0]?.order.tier ?? null },
    prices: sheet.version,
    sessions,
    totals: totalsOf(sessions),
    orchestration: {
      tokens: 0,
      ordered: ledger.ordered,
      inReceipt: sessions.length,
      running: ledger.ordered - sessions.length,
      because: orchestrationBecause,
    },
    gates: ledger.gates,
  };
}

export function sessionOf({ order, ended }: Work, sheet: PriceSheet): ReceiptSession {
  // A journal of an earlier version has no such members.
  const old: { readonly usage?: Ended['usage']; readonly promptBytes?: number } = ended;
  const used = old.usage ?? null;
  const cost = used === null ? null : costOf(used, sheet, ended.at);
  const usdOrNull = (money: Money | null): number | null => (money === null ? null : usdOf(money));
  return {
    role: order.role,
    attempt: order.attempt,
    agent: order.agent,
    model: ended.model ?? order.model,
    usage: used === null ? null : sumUsage(used.models.map(({ usage }) => usage)),
    usd: cost === null ? null : usdOrNull(cost.usd),
    reportedUsd: ended.costUsd,
    source: used?.source ?? 'none',
    ms: ended.ms,
    promptBytes: old.promptBytes ?? 0,
    order: order.id,
    visit: order.visit,
    kind: order.kind,
    outcome: ended.outcome.type === 'failed' ? ended.outcome.class : ended.outcome.type,
    endedAt: ended.at,
    models: (used?.models ?? []).map((row) => ({
      ...row,
      usd: usdOrNull(used === null ? null : rowCost(used, row, sheet, ended.at).usd),
    })),
    requests: used?.requests ?? [],
    atLeast: cost?.atLeast ?? false,
    unpriced: cost?.unpriced ?? [],
  };
}

/** A model that worked both for itself and beside the session's own has a row for each. */
function rowCost(used: SessionUsage, row: ModelUsage, sheet: PriceSheet, at: number): Cost {
  const isSplit = used.models.filter(({ model }) => model === row.model).length > 1;
  if (!isSplit) return modelCost(used, row.model, sheet, at);
  const requests = used.requests.filter(({ side }) => side === row.side);
  return modelCost({ ...used, models: [row], requests }, row.model, sheet, at);
}

/** Totals over what is known, and what they lack. */
export function totalsOf(sessions: readonly ReceiptSession[]): ReceiptTotals {
  const usages = sessions.map(({ usage }) => usage).filter((usage) => usage !== null);
  const both = sessions.filter(({ usd, reportedUsd }) => usd !== null && reportedUsd !== null);
  const requests = sessions.map((session) => requestsOf(session));
  return {
    sessions: sessions.length,
    ms: sessions.reduce((total, { ms }) => total + ms, 0),
    usage: usages.length === 0 ? null : sumUsage(usages),
    requests: requests.some((count) => count === null)
      ? null
      : requests.reduce<number>((a, b) => a + (b ?? 0), 0),
    usd: sumUsd(sessions.map(({ usd }) => usd)),
    reportedUsd: sumUsd(sessions.map(({ reportedUsd }) => reportedUsd)),
    differenceUsd: sumUsd(
      both.flatMap(({ usd, reportedUsd }) => [usd, reportedUsd === null ? null : -reportedUsd]),
    ),
    complete: sessions.every(({ usd, atLeast }) => usd !== null && !atLeast),
    unknown: sessions.filter(({ usage }) => usage === null).length,
    unpriced: [...new Set(sessions.flatMap(({ unpriced }) => unpriced))],
  };
}

/** Requests of a session; null when its agent keeps no record of them. */
export function requestsOf(session: Pick<ReceiptSession, 'usage' | 'models' | 'requests'>): number | null {
  if (session.usage === null) return null;
  if (session.requests.length > 0) return session.requests.length;
  const counts = session.models.map(({ requests }) => requests);
  return counts.some((count) => count === null) ? null : counts.reduce<number>((a, b) => a + (b ?? 0), 0);
}

/** Added up as whole pico-dollars; null when nothing is known. */
export function sumUsd(parts: readonly (number | null)[]): number | null {
  const known = parts.filter((part) => part !== null);
  return known.length === 0 ? null : usdOf(known.reduce<Money>((total, part) => total + moneyOf(part), 0n));
}
