/**
 * Folding what a stream says about usage: steps are added, totals take the place of earlier ones, and a conversation's
 * total is brought back to what this process added. A model that is none of the session's own is a side model. It
 * relies on reports that the readers have taken apart already and knows no agent.
 */
import { lessUsage, sumUsage } from '../protocol/usage.ts';
import type { Tally } from '../protocol/session.ts';
import type { ModelUsage, SessionUsage, UsageReport } from '../protocol/usage.ts';

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

/** Marks the rows of models that are none of the session's own. With no model known, none is a side model. */
export function markSides(rows: readonly ReportedUsage[], own: readonly string[]): readonly ModelUsage[] {
  return rows.map((row) => ({
    ...row,
    side: row.model !== null && own.length > 0 && !own.includes(row.model),
  }));
}

/**
 * What a session used, by its own stream; null when the stream never said. A row that names no model is of the first
 * model that was named, else of the one that was ordered.
 */
export function usageOf(
  { usage, models }: Pick<Tally, 'usage' | 'models'>,
  ordered: string | null,
): SessionUsage | null {
  if (usage === null) return null;
  const named = usage.models.map((row) => ({ ...row, model: row.model ?? models[0] ?? ordered }));
  return { source: 'result', models: markSides(merge(named), models), requests: [] };
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
