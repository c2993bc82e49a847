/**
 * What a result line of Claude Code says about usage. Facts are those of 2.1.197 and 2.1.330:
 *
 * - `modelUsage` covers subagents and the program's own side calls; `usage` covers the main loop alone, and lacks its
 *   last request when a budget ends it. `assistant.usage` in the stream is a snapshot at the start and never counts.
 * - 2.1.330 counts `modelUsage` on over `--resume` and over a second result of the same process;
 *   `model_usage_since_last_result` beside it is what was added. 2.1.197 has no such key and starts at 0 each time.
 * - After a stream that broke for ever, `modelUsage` is empty although `usage` shows what was sent (2.1.330).
 * - 2.1.197 splits cache writes by lifetime in `usage` only.
 */
import type { Usage, UsageReport } from '../protocol/usage.ts';
import { asFields, asNumber } from './line.ts';
import type { Fields } from './line.ts';
import { roundUsd } from './usage.ts';
import type { ReportedUsage } from './usage.ts';

/** The usage of a result; null when the line has none. */
export function claudeUsage(result: Fields): UsageReport | null {
  const since = asFields(result['model_usage_since_last_result']);
  const models = since ?? asFields(result['modelUsage']);
  const main = messageUsage(result['usage']);
  if (models === null) return null;
  const rows = rowsOf(models, main);
  const isUncounted = rows.length === 0 && main !== null && hasTokens(main);
  return {
    counts: since === null ? 'session' : 'step',
    models: isUncounted ? [{ model: null, usage: main, requests: null, reportedUsd: null }] : rows,
  };
}

/**
 * The usage of one message, as the API spells it; null when it is none.
 *
 * @example messageUsage({ input_tokens: 3, output_tokens: 1 }) // input 3, output 1, the others 0
 */
export function messageUsage(value: unknown): Usage | null {
  const fields = asFields(value);
  if (fields === null || asNumber(fields['input_tokens']) === null) return null;
  const split = asFields(fields['cache_creation']);
  const written = asNumber(fields['cache_creation_input_tokens']) ?? 0;
  const hour = asNumber(split?.['ephemeral_1h_input_tokens']) ?? 0;
  return {
    input: asNumber(fields['input_tokens']) ?? 0,
    cacheWrite5m: asNumber(split?.['ephemeral_5m_input_tokens']) ?? Math.max(0, written - hour),
    cacheWrite1h: hour,
    cacheRead: asNumber(fields['cache_read_input_tokens']) ?? 0,
    output: asNumber(fields['output_tokens']) ?? 0,
  };
}

/**
 * Totals by model, as `modelUsage` and its likes spell them.
 *
 * @example rowsOf({ opus: { inputTokens: 3, outputTokens: 1 } }, null)[0]?.usage.input // 3
 */
export function rowsOf(models: Fields, main: Usage | null): readonly ReportedUsage[] {
  return Object.entries(models).map(([model, row]) => rowOf(model, asFields(row) ?? {}, main));
}

function rowOf(model: string, row: Fields, main: Usage | null): ReportedUsage {
  const written = asNumber(row['cacheCreationInputTokens']) ?? 0;
  const hour = asNumber(row['cacheCreationEphemeral1hInputTokens']) ?? hourPart(written, main);
  const reported = asNumber(row['costUSD']);
  return {
    model,
    usage: {
      input: asNumber(row['inputTokens']) ?? 0,
      cacheWrite5m: asNumber(row['cacheCreationEphemeral5mInputTokens']) ?? written - hour,
      cacheWrite1h: hour,
      cacheRead: asNumber(row['cacheReadInputTokens']) ?? 0,
      output: asNumber(row['outputTokens']) ?? 0,
    },
    requests: null,
    reportedUsd: reported === null ? null : roundUsd(reported),
  };
}

/** How much of a model's cache writes live an hour, told by the main loop's split (2.1.197). */
function hourPart(written: number, main: Usage | null): number {
  const ofMain = (main?.cacheWrite5m ?? 0) + (main?.cacheWrite1h ?? 0);
  // A model that wrote less than the main loop did is another one; side calls write for 5 minutes.
  if (main === null || written < ofMain) return 0;
  return main.cacheWrite5m === 0 && main.cacheWrite1h > 0 ? written : Math.min(written, main.cacheWrite1h);
}

function hasTokens(usage: Usage): boolean {
  return Object.values(usage).some((tokens) => tokens > 0);
}
