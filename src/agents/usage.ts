/**
 * Folding what a stream says about usage: steps are added, totals take the place of earlier ones, and a conversation's
 * total is brought back to what this process added. A model that is none of the session's own is a side model. It
 * relies on reports that the readers have taken apart already and knows no agent.
 */
import { lessUsage, sumUsage } from '../protocol/usage.ts';
import type { Tally } from '../protocol/session.ts';
import type { ModelUsage, RequestUsage, SessionUsage, UsageReport } from '../protocol/usage.ts';

/** Rows before it is known which models are the session's own. */
export type ReportedUsage = UsageReport['models'][number];

/** What was reported so far; null while nothing was. */
export type Reported = Pick<UsageReport, 'models'> & { readonly isThread: boolean };

/**
 * One more report on top of the earlier ones. A row without a model's name is of the model that works now.
 *
 * @example addReport(null, { counts: 'step', models: [row] }, 'opus')?.models // [{ ...row, model: 'opus' }]
 */
export function addReport(known: Reported | null, report: UsageReport, working: string | null): Reported {
  const named = merge(report.models.map((row) => ({ ...row, model: row.model ?? working })));
  if (report.counts !== 'step' || known === null)
    return { models: named, isThread: report.counts === 'thread' };
  return { models: merge([...known.models, ...named]), isThread: known.isThread };
}

/**
 * The rows of this process alone: a conversation's total without what earlier processes had come to. Rows in which
 * nothing is left are dropped.
 */
export function sinceBefore(
  rows: readonly ReportedUsage[],
  before: readonly ReportedUsage[],
): readonly ReportedUsage[] {
  return rows.flatMap((row) => {
    const earlier = before.find(({ model }) => model === row.model);
    if (earlier === undefined) return [row];
    const usage = lessUsage(row.usage, earlier.usage);
    const requests =
      row.requests === null || earlier.requests === null ? null : row.requests - earlier.requests;
    const reportedUsd =
      row.reportedUsd === null || earlier.reportedUsd === null
        ? null
        : roundUsd(row.reportedUsd - earlier.reportedUsd);
    const isNothing = Object.values(usage).every((tokens) => tokens === 0);
    return isNothing ? [] : [{ model: row.model, usage, requests, reportedUsd }];
  });
}

/**
 * Marks the rows of models that are none of the session's own. Where no row is of one of those, nobody knows, and none is
 * a side model: Gemini CLI calls its choice "auto" (0.61.0).
 */
export function markSides(
  rows: readonly ReportedUsage[],
  own: readonly (string | null)[],
): readonly ModelUsage[] {
  const isKnown = rows.some(({ model }) => model !== null && own.includes(model));
  return rows.map((row) => ({ ...row, side: isKnown && row.model !== null && !own.includes(row.model) }));
}

/**
 * What a session used, by its own stream; null when the stream never said. A row that names no model is of the first
 * model that was named, else of the one that was ordered.
 */
export function usageOf(
  { usage, models, done, failure }: Pick<Tally, 'usage' | 'models' | 'done' | 'failure'>,
  ordered: string | null,
): SessionUsage | null {
  if (usage === null) return null;
  const named = usage.models.map((row) => ({ ...row, model: row.model ?? models[0] ?? ordered }));
  const isOpen = !done && failure === null;
  return { source: 'result', models: markSides(merge(named), models), requests: [], isOpen };
}

/** Requests kept of one session; with more of them only the totals are kept. */
export const requestsKeptMax = 1_000;

/**
 * What the stream said and what the agent's own record tells, as one. The stream's totals are the truth where it gave
 * any: they hold side calls that no record keeps. The record has the requests, the names of models that the stream left
 * out, which model worked where the stream said none, and everything about a session that was killed. Totals of a whole conversation give way to the record, which
 * knows what this process alone used.
 */
export function reconciled(
  said: SessionUsage | null,
  record: SessionUsage | null,
  isThread: boolean,
): SessionUsage | null {
  if (record === null) return said;
  const requests = record.requests.length > requestsKeptMax ? [] : record.requests;
  if (said === null) return { ...record, requests };
  const [only, ...others] = record.models;
  const models = isThread
    ? record.models
    : said.models.map((row) =>
        row.model === null && others.length === 0 ? { ...row, model: only?.model ?? null } : row,
      );
  const worked = record.models.filter(({ side }) => !side).map(({ model }) => model);
  const hasSides = models.some(({ side }) => side);
  return { ...said, models: hasSides ? models : markSides(models, worked), requests };
}

/** Requests as one row per model and side. */
export function bySides(requests: readonly RequestUsage[]): readonly ModelUsage[] {
  return [false, true].flatMap((side) =>
    merge(
      requests
        .filter((each) => each.side === side)
        .map(({ model, usage }) => ({ model, usage, requests: 1, reportedUsd: null })),
    ).map((row) => ({ ...row, side })),
  );
}

/** Epoch milliseconds of a written time; null when it is none. */
export function timeOf(value: unknown): number | null {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}

/** One row per model, in the order in which they first came. A figure that one part lacks is unknown in the whole. */
export function merge(rows: readonly ReportedUsage[]): readonly ReportedUsage[] {
  const models = [...new Set(rows.map(({ model }) => model))];
  return models.map((model): ReportedUsage => {
    const mine = rows.filter((row) => row.model === model);
    const reported = total(mine.map(({ reportedUsd }) => reportedUsd));
    return {
      model,
      usage: sumUsage(mine.map(({ usage }) => usage)),
      requests: total(mine.map(({ requests }) => requests)),
      reportedUsd: reported === null ? null : roundUsd(reported),
    };
  });
}

/** The sum; null when a part is unknown, or when there is none. */
export function total(parts: readonly (number | null)[]): number | null {
  if (parts.length === 0) return null;
  return parts.reduce<number | null>((sum, part) => (sum === null || part === null ? null : sum + part), 0);
}

/** Programs add their money up in floating point; a billionth of a dollar is far below their last true digit. */
export function roundUsd(usd: number): number {
  return Math.round(usd * 1e9) / 1e9;
}
