/**
 * Claude Code's own record of a session: `projects/<folder>/<session>.jsonl`, subagents beside it in
 * `<session>/subagents/`. Facts are those of 2.1.197 and 2.1.330:
 *
 * - One row per content block repeats the usage of its message, early rows with a count of the moment: rows are grouped
 *   by message id and the last one counts. Rows of the model "<synthetic>" are the program's own words.
 * - 2.1.330 ends the file with a `cost-state` row that holds side calls too, and attempts that were abandoned; after
 *   SIGKILL there is none. It counts on over a resume.
 * - A row of a user or a tool behind the last answer means that a request was under way when the program ended.
 */
import type { Transcript, TranscriptFile, TranscriptOf } from '../protocol/transcript.ts';
import type { RequestUsage, SessionUsage } from '../protocol/usage.ts';
import { messageUsage, rowsOf } from './claudeusage.ts';
import { asFields, asText, fieldsOf } from './line.ts';
import type { Fields } from './line.ts';
import { bySides, markSides, timeOf } from './usage.ts';

/** A model name that stands for a message the program wrote itself. */
const synthetic = '<synthetic>';

export const claudeTranscript: Transcript = {
  home: { variable: 'CLAUDE_CONFIG_DIR', folder: '.claude' },
  paths: (session) => [`projects/*/${session}.jsonl`, `projects/*/${session}/subagents/*.jsonl`],
  read,
};

function read(files: readonly TranscriptFile[], of: TranscriptOf): SessionUsage | null {
  if (files.length === 0) return null;
  const requests = new Map<string, RequestUsage>();
  let state: Fields | null = null;
  let isResumed = false;
  let isOpen = false;
  let isClosed = false;
  for (const { path, text } of files) {
    const ofSubagent = path.includes('/subagents/');
    for (const line of text.split('\n')) {
      const row = fieldsOf(line);
      if (row === null) continue;
      if (row['type'] === 'cost-state') {
        state = row;
        isClosed = true;
      }
      if (!ofSubagent && row['type'] === 'assistant') [isOpen, isClosed] = [false, false];
      // Behind the closing row stand results of tools that the program killed on its way out.
      if (!ofSubagent && row['type'] === 'user' && !isClosed) isOpen = true;
      const request = row['type'] === 'assistant' ? requestOf(row, ofSubagent) : null;
      if (request === null) continue;
      if (request.usage.at !== null && request.usage.at < of.since) isResumed = true;
      else requests.set(request.id, request.usage);
    }
  }
  const rows = [...requests.values()].sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
  // The closing row counts the earlier processes of a conversation too; then the requests alone are this one's.
  const totals = isResumed ? null : asFields(state?.['modelUsage']);
  return {
    source: 'transcript',
    models: totals === null ? bySides(rows) : markSides(rowsOf(totals, null), of.own),
    requests: rows,
    isOpen,
  };
}

function requestOf(row: Fields, ofSubagent: boolean): { id: string; usage: RequestUsage } | null {
  const message = asFields(row['message']);
  const usage = messageUsage(message?.['usage']);
  const model = asText(message?.['model']);
  const id = asText(message?.['id']) ?? asText(row['uuid']);
  if (usage === null || id === null || model === synthetic) return null;
  const side = ofSubagent || row['isSidechain'] === true;
  return { id, usage: { model, side, at: timeOf(row['timestamp']), usage } };
}
