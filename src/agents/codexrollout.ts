/**
 * Codex's own record of a thread: `sessions/<year>/<month>/<day>/rollout-<time>-<thread>.jsonl`, as 0.169.0 writes it. A
 * `token_usage_record` row per answer holds what that request used; the model is in the `turn_context` row before it. A
 * resumed thread goes on in the same file, so what is older than the session is left out. Unlike the stream, it names
 * the model, and it tells what a session used that was killed.
 */
import type { Transcript, TranscriptFile, TranscriptOf } from '../protocol/transcript.ts';
import type { RequestUsage, SessionUsage } from '../protocol/usage.ts';
import { codexUsage } from './codexusage.ts';
import { asFields, asText, fieldsOf } from './line.ts';
import { bySides, timeOf } from './usage.ts';

export const codexRollout: Transcript = {
  home: { variable: 'CODEX_HOME', folder: '.codex' },
  paths: (thread) => [`sessions/*/*/*/rollout-*${thread}.jsonl`],
  read,
};

function read(files: readonly TranscriptFile[], of: TranscriptOf): SessionUsage | null {
  if (files.length === 0) return null;
  const requests = new Map<string, RequestUsage>();
  let model: string | null = null;
  let isOpen = false;
  for (const { text } of files) {
    for (const line of text.split('\n')) {
      const row = fieldsOf(line);
      const payload = asFields(row?.['payload']);
      if (row === null || payload === null) continue;
      if (row['type'] === 'turn_context') model = asText(payload['model']) ?? model;
      const kind = row['type'] === 'event_msg' ? payload['type'] : row['type'];
      if (kind === 'task_started') isOpen = true;
      if (kind === 'task_complete') isOpen = false;
      const usage =
        kind === 'token_usage_record' ? codexUsage(payload['usage'], 'step')?.models[0]?.usage : undefined;
      const at = timeOf(row['timestamp']);
      if (usage === undefined || (at !== null && at < of.since)) continue;
      requests.set(asText(payload['response_id']) ?? String(requests.size), {
        model,
        side: false,
        at,
        usage,
      });
    }
  }
  const rows = [...requests.values()];
  return { source: 'transcript', models: bySides(rows), requests: rows, isOpen };
}
