/**
 * One line of Claude Code's stream-json as one event. A line is parsed as JSON and never matched by its beginning:
 * in 2.1.330 `type` is not the first key of a result. Failure classes come from the facts, which map structured
 * fields; what they do not know is `failed`, what is no known line is noise. It never throws.
 */
import { classify } from '../protocol/agentfacts.ts';
import type { AgentFacts } from '../protocol/agentfacts.ts';
import type { SessionEvent } from '../protocol/session.ts';
import type { UsageReport } from '../protocol/usage.ts';
import { claudeUsage } from './claudeusage.ts';
import { asFields, asList, asNumber, asText, commandCharsMax, fieldsOf, plain } from './line.ts';
import type { Fields } from './line.ts';
import { messageCharsMax } from './tally.ts';

const noise: SessionEvent = { type: 'noise' };

/**
 * Translates one line.
 *
 * @example readClaude('{"subtype":"success","is_error":false,"result":"ok","type":"result"}', facts).type // 'done'
 */
export function readClaude(line: string, facts: AgentFacts): SessionEvent {
  const fields = fieldsOf(line);
  if (fields === null) return noise;
  switch (fields['type']) {
    case 'system':
      return readSystem(fields);
    case 'assistant':
      return readAssistant(fields, facts);
    case 'rate_limit_event':
      return readRateLimit(fields);
    case 'result':
      return readResult(fields, facts);
    default:
      // user (tool results), stream_event, and whatever a later version adds.
      return noise;
  }
}

function readSystem(fields: Fields): SessionEvent {
  switch (fields['subtype']) {
    case 'init':
      return { type: 'started', sessionId: asText(fields['session_id']), model: asText(fields['model']) };
    case 'model_fallback':
      // From here on another model does the work; the tally must name it.
      return {
        type: 'started',
        sessionId: asText(fields['session_id']),
        model: asText(fields['fallback_model']),
      };
    case 'api_retry':
      return { type: 'waiting', reason: retryWords(fields), untilMs: null };
    case 'permission_denied':
      // Only in 2.1.330, and not for a file that a deny rule covers: that refusal is named in the result alone.
      return { type: 'denied', tool: asText(fields['tool_name']) ?? 'unknown', target: null };
    default:
      // status, informational, model_refusal_no_fallback (its result follows), task_*, background_tasks_changed.
      return noise;
  }
}

function retryWords(fields: Fields): string {
  const seconds = Math.round((asNumber(fields['retry_delay_ms']) ?? 0) / 100) / 10;
  const status = asNumber(fields['error_status']);
  const what = `${asText(fields['error']) ?? 'error'}${status === null ? '' : ` (HTTP ${status})`}`;
  return `${what}, retry ${asNumber(fields['attempt']) ?? '?'} of ${asNumber(fields['max_retries']) ?? '?'} in ${seconds} s`;
}

/** Every content block comes on a line of its own (both versions); if not, a tool call says more than a text. */
function readAssistant(fields: Fields, facts: AgentFacts): SessionEvent {
  const ofSubagent = asText(fields['parent_tool_use_id']) !== null;
  const blocks = asList(asFields(fields['message'])?.['content']).map((block) => asFields(block) ?? {});
  const texts = blocks
    .map((block) => (block['type'] === 'text' ? (asText(block['text']) ?? '') : ''))
    .filter(Boolean);
  if (asText(fields['error']) !== null) return ofSubagent ? noise : failure(fields, texts.join('\n'), facts);
  const call = blocks.find((block) => block['type'] === 'tool_use');
  if (call !== undefined) {
    const tool = asText(call['name']) ?? 'unknown';
    return { type: 'tool', tool, target: targetOf(tool, asFields(call['input']) ?? {}) };
  }
  if (texts.length === 0 || ofSubagent) return noise;
  return { type: 'text', text: plain(texts.join('\n')) };
}

/** What a tool call touches: a path in full, a command cut short. */
function targetOf(tool: string, input: Fields): string | null {
  const path = asText(input['file_path']) ?? asText(input['notebook_path']) ?? asText(input['path']);
  if (path !== null) return plain(path);
  const words =
    asText(input['command']) ?? asText(input['url']) ?? (tool === 'Glob' ? asText(input['pattern']) : null);
  return words === null ? null : plain(words, commandCharsMax);
}

function readRateLimit(fields: Fields): SessionEvent {
  const info = asFields(fields['rate_limit_info']) ?? {};
  const window = asText(info['rateLimitType']) ?? 'rate';
  // resetsAt is in epoch seconds (both versions); the clock time in the texts has no date and is never read.
  const resetsAtS = asNumber(info['resetsAt']);
  const resetsAt = resetsAtS === null ? null : resetsAtS * 1000;
  switch (info['status']) {
    case 'rejected':
      if (info['isUsingOverage'] === true) return noise;
      return { type: 'failure', class: 'rate-limited', message: `the ${window} limit is used up`, resetsAt };
    case 'allowed_warning': {
      const used = asNumber(info['utilization']);
      return {
        type: 'text',
        text: `${window} limit: ${used === null ? 'nearly' : `${Math.round(used * 100)} %`} used`,
      };
    }
    default:
      return noise;
  }
}

function readResult(fields: Fields, facts: AgentFacts): SessionEvent {
  const text = asText(fields['result']) ?? asList(fields['errors']).map(asText).filter(Boolean).join('\n');
  // An API error comes as subtype "success" with is_error true (both versions), so is_error decides.
  if (fields['is_error'] === true || fields['subtype'] !== 'success')
    return failure(fields, text, facts, claudeUsage(fields));
  return {
    type: 'done',
    text: plain(text),
    costUsd: asNumber(fields['total_cost_usd']),
    turns: asNumber(fields['num_turns']),
    denied: refusals(fields),
    usage: claudeUsage(fields),
  };
}

/** A file that a deny rule covers is refused without an event of its own (2.1.330): the result alone lists it. */
function refusals(fields: Fields): readonly string[] {
  return asList(fields['permission_denials']).map((entry) => {
    const tool = asText(asFields(entry)?.['tool_name']) ?? 'unknown';
    return [tool, targetOf(tool, asFields(asFields(entry)?.['tool_input']) ?? {})].filter(Boolean).join(' ');
  });
}

/** Only fields the program fills itself; the texts change between versions and can be written by the model. */
function failure(
  fields: Fields,
  text: string,
  facts: AgentFacts,
  usage: UsageReport | null = null,
): SessionEvent {
  const names = ['terminal_reason', 'subtype', 'api_error', 'stop_reason', 'error'] as const;
  const signs = Object.fromEntries(names.map((name) => [name, asText(fields[name])]));
  const status = asNumber(fields['api_error_status']);
  const found = classify({ ...signs, api_error_status: status }, facts.failures);
  const kind = found === null || found === 'waiting' ? 'failed' : found;
  // An aborted run carries only the program's own diagnostic code, which tells a person nothing.
  const reason = asText(fields['terminal_reason']) ?? 'no reason given';
  const message =
    kind === 'crashed' ? `the session was interrupted (${reason})` : plain(text, messageCharsMax);
  return { type: 'failure', class: kind, message, resetsAt: null, usage };
}
