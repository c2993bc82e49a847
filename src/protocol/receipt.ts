/**
 * The receipt of a round: what each session used and cost, and the one number that is always 0. It is what
 * `next-role cost --json` prints and what reports compare; state/receipt.schema.json describes it. JSON only. Unknown
 * is null, and a total says what it lacks.
 */
import type { RequestUsage, Usage, UsageSource } from './usage.ts';

/** One model of one session. */
export type ReceiptModel = {
  readonly model: string | null;
  readonly side: boolean;
  readonly usage: Usage;
  readonly requests: number | null;
  readonly usd: number | null;
  readonly reportedUsd: number | null;
};

/** One session, which is one attempt of one role. */
export type ReceiptSession = {
  readonly role: string;
  /** 1 for the first session on the same inputs, higher on a retry. */
  readonly attempt: number;
  readonly agent: string;
  readonly model: string | null;
  readonly usage: Usage | null;
  /** By the price sheet, in USD; null when the usage is unknown or a part of it has no price. */
  readonly usd: number | null;
  /** What the agent itself says. */
  readonly reportedUsd: number | null;
  readonly source: UsageSource;
  readonly ms: number;
  readonly promptBytes: number;
  readonly order: string;
  /** 1 for the first session of this role in the round. */
  readonly visit: number;
  readonly kind: 'work' | 'repair' | 'opinion';
  /** How it ended: `done`, `stopped`, `lost`, or the class of its failure. */
  readonly outcome: string;
  /** Epoch milliseconds of its end. */
  readonly endedAt: number;
  readonly models: readonly ReceiptModel[];
  /** One by one where the agent keeps a record of them, oldest first. */
  readonly requests: readonly RequestUsage[];
  /** Prompt lengths that the price depends on are unknown: it cost this or more. */
  readonly atLeast: boolean;
  /** What has no price, in words. */
  readonly unpriced: readonly string[];
};

export type ReceiptTotals = {
  readonly sessions: number;
  readonly ms: number;
  /** Of the sessions whose usage is known; null when that is none. */
  readonly usage: Usage | null;
  readonly requests: number | null;
  /** Of the sessions that have a price; null when that is none. Less than the truth unless `complete`. */
  readonly usd: number | null;
  readonly reportedUsd: number | null;
  /** `usd` less `reportedUsd`, over the sessions that have both. */
  readonly differenceUsd: number | null;
  /** Whether every session is in `usage` and `usd`, at its exact price. */
  readonly complete: boolean;
  /** Sessions of which nobody knows what they used. */
  readonly unknown: number;
  readonly unpriced: readonly string[];
};

/** Why the orchestration's tokens are 0, in figures that anybody can count again. */
export type ReceiptOrchestration = {
  readonly tokens: 0;
  /** Sessions that an order of the machine started, and sessions in this receipt; they differ by those still running. */
  readonly ordered: number;
  readonly inReceipt: number;
  readonly running: number;
  readonly because: string;
};

/**
 * What a round was given, as digests: rounds with the same ones differ only in how they were worked. Null: not known;
 * of `spec`, `none`: no session of the round was offered one.
 */
export type ReceiptInputs = {
  readonly tier: string | null;
  readonly prd: string | null;
  readonly spec: string | null;
  /** Of the system text and every role's contract. */
  readonly prompts: string | null;
};

export const unknownInputs: ReceiptInputs = { tier: null, prd: null, spec: null, prompts: null };

export type Receipt = {
  readonly round: string;
  /** Absent in receipts of earlier versions. */
  readonly inputs?: ReceiptInputs;
  /** Version of the price sheet. */
  readonly prices: string;
  readonly sessions: readonly ReceiptSession[];
  readonly totals: ReceiptTotals;
  readonly orchestration: ReceiptOrchestration;
  /** Checks the engine itself ran, how many of them were red, and what they found. */
  readonly gates: { readonly runs: number; readonly failed: number; readonly findings: number };
};

/** Said in every receipt; a test holds the code to it. */
export const orchestrationBecause =
  'No module outside src/agents can start a model (test/architecture.test.ts), and every session in this receipt was ordered by the machine, whose decisions next-role replay repeats without one.';
