/**
 * Gemini CLI, headless: order and brief to argv, stream-json lines to events, exit and tally to an outcome. Facts are
 * those of version 0.61.0, whose recorded streams are in test/cassettes/gemini/. It has no way to append a system text,
 * so that stands before the prompt. It may end with exit code 0 and a result "success" after it gave up, so an error
 * event has the last word.
 */
import { zeroUsage } from '../protocol/usage.ts';
import type { UsageReport } from '../protocol/usage.ts';
import { classify } from '../protocol/agentfacts.ts';
import type { AgentFacts } from '../protocol/agentfacts.ts';
import type { AgentSettings } from '../protocol/policy.ts';
import type {
  Agent,
  Brief,
  Command,
  Exit,
  Order,
  Outcome,
  Place,
  SessionEvent,
  Tally,
} from '../protocol/session.ts';
import { asFields, asNumber, asText, commandCharsMax, fieldsOf, innerFields, plain } from './line.ts';
import type { Fields } from './line.ts';
import { geminiChat } from './geminichat.ts';
import { orderEnv, wholePrompt } from './order.ts';
import { messageCharsMax } from './tally.ts';
import { verdict } from './verdict.ts';

const noise: SessionEvent = { type: 'noise' };

/** The adapter for Gemini CLI. */
export const gemini: Agent = {
  kind: 'gemini',
  program: 'gemini',
  resumes: true,
  command,
  read,
  judge,
  transcript: geminiChat,
};

function command(order: Order, brief: Brief, place: Place, settings: AgentSettings): Command {
  const { facts } = settings;
  return {
    argv: [
      settings.run ?? 'gemini',
      ...facts.flags,
      // Without a model it asks another one first which to take.
      ...(order.model === null ? [] : ['--model', order.model]),
      ...(order.resumeOf === undefined ? ['--session-id', place.sessionId] : ['--resume', order.resumeOf]),
      ...settings.args,
    ],
    env: { ...facts.env, ...orderEnv(order, place) },
    passEnv: [...facts.passEnv, ...settings.env],
    stdin: wholePrompt(brief),
    files: {},
  };
}

function read(line: string, facts: AgentFacts): SessionEvent {
  const fields = fieldsOf(line);
  if (fields === null) return noise;
  switch (fields['type']) {
    case 'init':
      return { type: 'started', sessionId: asText(fields['session_id']), model: asText(fields['model']) };
    case 'message':
      if (fields['role'] !== 'assistant') return noise;
      return { type: 'text', text: plain(asText(fields['content']) ?? '') };
    case 'tool_use':
      return {
        type: 'tool',
        tool: asText(fields['tool_name']) ?? 'unknown',
        target: targetOf(asFields(fields['parameters']) ?? {}),
      };
    case 'tool_result':
      return readToolResult(fields, facts);
    case 'error': {
      const message = asText(fields['message']) ?? '';
      const found = classify({ message }, facts.failures) ?? 'failed';
      if (found === 'waiting') return { type: 'waiting', reason: plain(message), untilMs: null };
      return {
        type: 'failure',
        class: found,
        message: plain(message, messageCharsMax),
        resetsAt: null,
        final: true,
      };
    }
    case 'result':
      return readResult(fields, facts);
    default:
      return noise;
  }
}

function readToolResult(fields: Fields, facts: AgentFacts): SessionEvent {
  if (fields['status'] !== 'error') return noise;
  const kind = asText(asFields(fields['error'])?.['type']);
  if (classify({ tool_error: kind }, facts.failures) !== 'denied') return noise;
  // The id is `<tool>__<tool>_<time>_<n>`; the line names the tool nowhere else.
  const [tool = 'unknown'] = (asText(fields['tool_id']) ?? 'unknown').split('__');
  return { type: 'denied', tool, target: null };
}

function targetOf(parameters: Fields): string | null {
  const path =
    asText(parameters['file_path']) ?? asText(parameters['dir_path']) ?? asText(parameters['path']);
  if (path !== null) return plain(path);
  const words = asText(parameters['command']) ?? asText(parameters['pattern']) ?? asText(parameters['url']);
  return words === null ? null : plain(words, commandCharsMax);
}

function readResult(fields: Fields, facts: AgentFacts): SessionEvent {
  const usage = geminiUsage(fields['stats']);
  if (fields['status'] === 'success') {
    return { type: 'done', text: '', costUsd: null, turns: null, denied: [], usage };
  }
  const error = asFields(fields['error']) ?? {};
  const message = asText(error['message']) ?? '';
  // "[API Error: {…}]" holds the provider's document; other failures are a sentence of the program.
  const inner = asFields(innerFields(message)?.['error']);
  const found = classify(
    {
      error_type: asText(error['type']),
      message,
      api_code: asNumber(inner?.['code']),
      api_status: asText(inner?.['status']),
    },
    facts.failures,
  );
  return {
    type: 'failure',
    class: found === null || found === 'waiting' ? 'failed' : found,
    message: plain(asText(inner?.['message']) ?? message, messageCharsMax),
    resetsAt: null,
    usage,
  };
}

/**
 * What the process has used, by model; null when there are no figures. `input_tokens` holds what came from the cache.
 * Thoughts are paid as output and are in no field but the total, so output is what the total leaves.
 */
function geminiUsage(value: unknown): UsageReport | null {
  const models = asFields(asFields(value)?.['models']);
  if (models === null) return null;
  return {
    counts: 'session',
    models: Object.entries(models).map(([model, row]) => rowOf(model, asFields(row) ?? {})),
  };
}

function rowOf(model: string, row: Fields): UsageReport['models'][number] {
  const prompt = asNumber(row['input_tokens']) ?? 0;
  const cacheRead = asNumber(row['cached']) ?? 0;
  const output = Math.max(0, (asNumber(row['total_tokens']) ?? 0) - prompt);
  const usage = { ...zeroUsage, input: Math.max(0, prompt - cacheRead), cacheRead, output };
  return { model, usage, requests: null, reportedUsd: null };
}

/** The exit code says more than a failure without a class, and all there is when the program printed nothing. */
function judge(exit: Exit, tally: Tally, facts: AgentFacts): Outcome {
  const outcome = verdict(exit, tally, 'gemini');
  if (exit.type !== 'exited' || outcome.type !== 'failed') return outcome;
  if (outcome.class !== 'failed' && outcome.class !== 'crashed') return outcome;
  const found = classify({ exit: exit.code }, facts.failures);
  return found === null || found === 'waiting' ? outcome : { ...outcome, class: found };
}
