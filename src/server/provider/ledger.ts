/**
 * The provider's own account: one entry per request, with what it used, so that what a client or a receipt says can be
 * compared with what was really served. Pure values; who keeps them writes them.
 */
import { sumUsage } from '../../protocol/usage.ts';
import type { Usage } from '../../protocol/usage.ts';
import { readRoleLine } from './exchange.ts';
import type { ModelRequest, WireName } from './exchange.ts';

export type LedgerEntry = {
  readonly n: number;
  /** Epoch milliseconds at which the request had arrived. */
  readonly at: number;
  readonly wire: WireName;
  readonly model: string;
  /** As the client names it; null when it does not. */
  readonly session: string | null;
  /** As the prompt says; null when it does not, as in a call that a program makes for itself. */
  readonly role: string | null;
  readonly round: string | null;
  /** Tool results since the prompt. */
  readonly step: number;
  readonly streaming: boolean;
  readonly requestBytes: number;
  /** HTTP status; null when nothing was ever answered. */
  readonly status: number | null;
  /** False for an answer that breaks off. */
  readonly complete: boolean;
  /** Null for a request that was not served. */
  readonly usage: Usage | null;
};

type Served = {
  readonly n: number;
  readonly asked: ModelRequest;
  readonly status: number | null;
  readonly usage: Usage | null;
  readonly complete: boolean;
};

export function ledgerEntry({ n, asked, status, usage, complete }: Served): LedgerEntry {
  const named = readRoleLine(asked.prompt);
  return {
    n,
    at: asked.at,
    wire: asked.wire,
    model: asked.model,
    session: asked.session,
    role: named?.role ?? null,
    round: named?.round ?? null,
    step: asked.toolResults,
    streaming: asked.wasStreaming,
    requestBytes: Buffer.byteLength(asked.raw),
    status,
    complete,
    usage,
  };
}

/**
 * What was used by model, in the order in which the models were first asked. Requests that were not served count
 * nothing.
 *
 * @example totalsByModel([]) // {}
 */
export function totalsByModel(entries: readonly LedgerEntry[]): Readonly<Record<string, Usage>> {
  const models = [...new Set(entries.flatMap(({ model, usage }) => (usage === null ? [] : [model])))];
  return Object.fromEntries(
    models.map((model) => [
      model,
      sumUsage(entries.flatMap((entry) => (entry.model === model && entry.usage ? [entry.usage] : []))),
    ]),
  );
}
