/**
 * Codex CLI, headless (`codex exec --json`): order and brief to argv, JSON lines to events, exit and tally to an
 * outcome. Facts are those of version 0.169.0, whose recorded streams are in test/cassettes/codex/. It has no way to
 * append a system text, so that stands before the prompt; it names neither its model nor its cost, and its sandbox knows
 * no single paths, so what a role may write is checked by the engine afterwards.
 */
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
import { codexTouches } from './codextouch.ts';
import { asFields, asList, asText, commandCharsMax, fieldsOf, innerFields, plain } from './line.ts';
import type { Fields } from './line.ts';
import { codexRollout } from './codexrollout.ts';
import { codexUsage } from './codexusage.ts';
import { orderEnv, wholePrompt } from './order.ts';
import { messageCharsMax } from './tally.ts';
import { verdict } from './verdict.ts';

const noise: SessionEvent = { type: 'noise' };

/** The adapter for Codex CLI. */
export const codex: Agent = {
  kind: 'codex',
  program: 'codex',
  resumes: true,
  command,
  read,
  judge,
  transcript: codexRollout,
  touches: codexTouches,
};

function command(order: Order, brief: Brief, place: Place, settings: AgentSettings): Command {
  const { facts } = settings;
  return {
    argv: [
      settings.run ?? 'codex',
      'exec',
      ...facts.flags,
      ...(order.model === null ? [] : ['--model', order.model]),
      ...settings.args,
      // Options of exec stand before the word, or they are not known (0.169.0).
      ...(order.resumeOf === undefined ? [] : ['resume', order.resumeOf]),
      // The dash says that the prompt comes on stdin; with a prompt as an argument it would still wait for stdin.
      '-',
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
    case 'thread.started':
      return { type: 'started', sessionId: asText(fields['thread_id']), model: null };
    case 'item.started':
    case 'item.completed':
      return readItem(asFields(fields['item']) ?? {}, fields['type'] === 'item.completed', facts);
    case 'error':
      return failure(asText(fields['message']) ?? '', facts);
    case 'turn.failed':
      return failure(asText(asFields(fields['error'])?.['message']) ?? '', facts);
    case 'turn.completed':
      // The answer is the last agent_message; this line has none.
      return {
        type: 'done',
        text: '',
        costUsd: null,
        turns: null,
        denied: [],
        usage: codexUsage(fields['usage'], 'thread'),
      };
    default:
      // turn.started, item.updated, and whatever a later version adds.
      return noise;
  }
}

/** A command is told when it starts, everything else when it is whole; each is one event, never two. */
function readItem(item: Fields, completed: boolean, facts: AgentFacts): SessionEvent {
  const kind = asText(item['type']) ?? '';
  const denied = completed && classify({ item_status: asText(item['status']) }, facts.failures) === 'denied';
  switch (kind) {
    case 'agent_message':
      return completed ? { type: 'text', text: plain(asText(item['text']) ?? '') } : noise;
    case 'command_execution':
      if (completed && !denied) return noise;
      return {
        type: denied ? 'denied' : 'tool',
        tool: kind,
        target: plain(asText(item['command']) ?? '', commandCharsMax),
      };
    case 'file_change':
    case 'mcp_tool_call':
    case 'web_search':
      if (!completed) return noise;
      return { type: denied ? 'denied' : 'tool', tool: kind, target: targetOf(item) };
    default:
      // reasoning, todo_list, error items that are notices.
      return noise;
  }
}

/** The files of a change, the tool of a server, the words of a search. */
function targetOf(item: Fields): string | null {
  const paths = asList(item['changes']).map((change) => asText(asFields(change)?.['path']));
  const words = paths.filter((path) => path !== null).join(' ');
  const found = words === '' ? (asText(item['tool']) ?? asText(item['query'])) : words;
  return found === null ? null : plain(found);
}

/** A message is the program's own sentence, or the JSON document the provider answered with. */
function failure(message: string, facts: AgentFacts): SessionEvent {
  const error = asFields(innerFields(message)?.['error']);
  const text = asText(error?.['message']) ?? message;
  const found = classify(
    { message, error_type: asText(error?.['type']), error_code: codeOf(error) },
    facts.failures,
  );
  const words = plain(text, messageCharsMax);
  // "Reconnecting…" comes as an error, though the program goes on by itself.
  if (found === 'waiting') return { type: 'waiting', reason: words, untilMs: null };
  return { type: 'failure', class: found ?? 'failed', message: words, resetsAt: null };
}

function codeOf(error: Fields | null): string | null {
  const code = error?.['code'];
  return typeof code === 'number' || typeof code === 'string' ? String(code) : null;
}

function judge(exit: Exit, tally: Tally): Outcome {
  return verdict(exit, tally, 'codex');
}
