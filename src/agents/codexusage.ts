/**
 * What Codex's counters mean, in its stream and in its own record alike, as 0.169.0 writes them.
 */
import type { Usage, UsageReport } from '../protocol/usage.ts';
import { asFields, asNumber } from './line.ts';

/**
 * What a thread has used so far, over every process that worked on it; null when there are no figures. `input_tokens`
 * holds what came from and went into the cache, `output_tokens` holds the reasoning.
 *
 * @example codexUsage({ input_tokens: 100, cached_input_tokens: 90, output_tokens: 5 }, 'thread')?.models[0]?.usage.input // 10
 */
export function codexUsage(value: unknown, counts: UsageReport['counts']): UsageReport | null {
  const fields = asFields(value);
  const input = asNumber(fields?.['input_tokens']);
  if (fields === null || input === null) return null;
  const cacheRead = asNumber(fields['cached_input_tokens']) ?? 0;
  const cacheWrite = asNumber(fields['cache_write_input_tokens']) ?? 0;
  const usage: Usage = {
    input: Math.max(0, input - cacheRead - cacheWrite),
    cacheWrite5m: cacheWrite,
    cacheWrite1h: 0,
    cacheRead,
    output: asNumber(fields['output_tokens']) ?? 0,
  };
  return { counts, models: [{ model: null, usage, requests: null, reportedUsd: null }] };
}
