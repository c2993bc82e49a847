/**
 * Gemini CLI's own record of a session: `tmp/<project>/chats/session-<time>-<start of the id>.jsonl`, as 0.61.0 writes
 * it. A row of type "gemini" holds the tokens of one answer; a row may come again with the same id, and the last one
 * counts. `input` holds what came from the cache; thoughts are paid as output.
 */
import type { Transcript, TranscriptFile, TranscriptOf } from '../protocol/transcript.ts';
import type { RequestUsage, SessionUsage } from '../protocol/usage.ts';
import { zeroUsage } from '../protocol/usage.ts';
import { asFields, asNumber, asText, fieldsOf } from './line.ts';
import { bySides, timeOf } from './usage.ts';

/** The file's name holds so many characters of the session's id. */
const idCharsInName = 8;

export const geminiChat: Transcript = {
  home: { variable: 'GEMINI_CLI_HOME', folder: '' },
  paths: (session) => [`.gemini/tmp/*/chats/session-*${session.slice(0, idCharsInName)}*.jsonl`],
  read,
};

function read(files: readonly TranscriptFile[], of: TranscriptOf): SessionUsage | null {
  if (files.length === 0) return null;
  const requests = new Map<string, RequestUsage>();
  let isOpen = false;
  for (const { text } of files) {
    for (const line of text.split('\n')) {
      const row = fieldsOf(line);
      if (row === null) continue;
      if (row['type'] === 'user') isOpen = true;
      const tokens = row['type'] === 'gemini' ? asFields(row['tokens']) : null;
      const at = timeOf(row['timestamp']);
      if (tokens === null || (at !== null && at < of.since)) continue;
      isOpen = false;
      const id = asText(row['id']) ?? String(requests.size);
      requests.set(id, { model: asText(row['model']), side: false, at, usage: usageOf(tokens) });
    }
  }
  const rows = [...requests.values()];
  return { source: 'transcript', models: bySides(rows), requests: rows, isOpen };
}

function usageOf(tokens: Readonly<Record<string, unknown>>): RequestUsage['usage'] {
  const count = (name: string): number => asNumber(tokens[name]) ?? 0;
  const cacheRead = count('cached');
  return {
    ...zeroUsage,
    input: Math.max(0, count('input') - cacheRead),
    cacheRead,
    output: count('output') + count('thoughts'),
  };
}
