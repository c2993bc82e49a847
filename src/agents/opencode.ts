/**
 * opencode, headless (`opencode run --format json`): order and brief to argv, JSON lines to events, exit and tally to an
 * outcome. Facts are those of version 1.18.33, whose recorded streams are in test/cassettes/opencode/. It has no final
 * event: it is done when its last step ended with the reason "stop". What a role may read and write goes to it as a
 * configuration laid over the user's own, so that logins and providers of the user still count.
 */
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
import { asFields, asNumber, asText, commandCharsMax, fieldsOf, plain } from './line.ts';
import type { Fields } from './line.ts';
import { orderEnv, wholePrompt } from './order.ts';
import { messageCharsMax } from './tally.ts';
import { verdict } from './verdict.ts';

const noise: SessionEvent = { type: 'noise' };

/** The adapter for opencode. */
export const opencode: Agent = {
  kind: 'opencode',
  program: 'opencode',
  resumes: true,
  command,
  read,
  judge,
  transcript: null,
};

function command(order: Order, brief: Brief, place: Place, settings: AgentSettings): Command {
  const { facts } = settings;
  return {
    argv: [
      settings.run ?? 'opencode',
      'run',
      ...facts.flags,
      ...(order.model === null ? [] : ['--model', order.model]),
      // Without one it asks a small model for a title, which no event counts (1.18.33).
      ...['--title', order.id],
      ...(order.resumeOf === undefined ? [] : ['--session', order.resumeOf]),
      ...settings.args,
    ],
    env: {
      ...facts.env,
      OPENCODE_CONFIG_CONTENT: JSON.stringify({
        share: 'disabled',
        autoupdate: false,
        permission: permissions(brief.manifest.hidden, brief.manifest.writable),
      }),
      ...orderEnv(order, place),
    },
    passEnv: [...facts.passEnv, ...settings.env],
    stdin: wholePrompt(brief),
    files: {},
  };
}

type Rules = Readonly<Record<string, 'allow' | 'deny'>>;

/**
 * What a session may do, in opencode's own rules: the last pattern that matches decides, and `*` crosses folders.
 *
 * @example permissions(['coordination/logs/'], ['**']).read // { '*': 'allow', 'coordination/logs/*': 'deny' }
 */
export function permissions(
  hidden: readonly string[],
  writable: readonly string[],
): Readonly<Record<string, Rules | 'deny'>> {
  const denied = hidden.map((pattern): [string, 'deny'] => [ruleOf(pattern), 'deny']);
  const allowed = writable.map((pattern): [string, 'allow'] => [ruleOf(pattern), 'allow']);
  const everywhere = writable.includes('**');
  return {
    read: { '*': 'allow', ...Object.fromEntries(denied) },
    // What must be written stays writable, also inside a hidden folder.
    edit: {
      '*': everywhere ? 'allow' : 'deny',
      ...Object.fromEntries(denied),
      ...Object.fromEntries(allowed),
    },
    external_directory: 'deny',
  };
}

function ruleOf(pattern: string): string {
  const whole = pattern.endsWith('/') ? `${pattern}*` : pattern;
  return whole.replaceAll('**', '*');
}

function read(line: string, facts: AgentFacts): SessionEvent {
  const fields = fieldsOf(line);
  if (fields === null) return noise;
  const part = asFields(fields['part']) ?? {};
  switch (fields['type']) {
    case 'step_start':
      return { type: 'started', sessionId: asText(fields['sessionID']), model: null };
    case 'text':
      return { type: 'text', text: plain(asText(part['text']) ?? '') };
    case 'tool_use':
      return readTool(part, facts);
    case 'step_finish':
      return readStep(part);
    case 'error':
      return readError(asFields(fields['error']) ?? {}, facts);
    default:
      return noise;
  }
}

/** Every step reports what it used alone. A reason "tool-calls" means that another step follows. */
function readStep(part: Fields): SessionEvent {
  const usage = stepUsage(part);
  if (part['reason'] === 'stop')
    return { type: 'done', text: '', costUsd: null, turns: null, denied: [], usage };
  return usage === null ? noise : { type: 'usage', report: usage };
}

/** `output` does not hold the reasoning, `input` not the cache. */
function stepUsage(part: Fields): UsageReport | null {
  const tokens = asFields(part['tokens']);
  if (tokens === null || asNumber(tokens['input']) === null) return null;
  const count = (name: string): number => asNumber(tokens[name]) ?? 0;
  const cache = asFields(tokens['cache']);
  const usage = {
    input: count('input'),
    cacheWrite5m: asNumber(cache?.['write']) ?? 0,
    cacheWrite1h: 0,
    cacheRead: asNumber(cache?.['read']) ?? 0,
    output: count('output') + count('reasoning'),
  };
  return {
    counts: 'step',
    models: [{ model: null, usage, requests: 1, reportedUsd: asNumber(part['cost']) }],
  };
}

/** A call is told once, when it is over. */
function readTool(part: Fields, facts: AgentFacts): SessionEvent {
  const state = asFields(part['state']) ?? {};
  const input = asFields(state['input']) ?? {};
  const tool = asText(part['tool']) ?? 'unknown';
  const path = asText(input['filePath']) ?? asText(input['path']);
  const words = asText(input['command']) ?? asText(input['pattern']) ?? asText(input['url']);
  const target = path === null ? words && plain(words, commandCharsMax) : plain(path);
  const found = classify({ tool, tool_error: asText(state['error']) }, facts.failures);
  if (found !== 'denied') return { type: 'tool', tool, target };
  // A tool that was taken away is called "invalid", with the wanted one in its input.
  return { type: 'denied', tool: tool === 'invalid' ? (asText(input['tool']) ?? tool) : tool, target };
}

function readError(error: Fields, facts: AgentFacts): SessionEvent {
  const data = asFields(error['data']) ?? {};
  const message = asText(data['message']) ?? '';
  const signs = { name: asText(error['name']), status: asNumber(data['statusCode']), message };
  const found = classify(signs, facts.failures);
  if (found === 'waiting') return { type: 'waiting', reason: plain(message), untilMs: null };
  return {
    type: 'failure',
    class: found ?? 'failed',
    message: plain(message, messageCharsMax),
    resetsAt: null,
  };
}

function judge(exit: Exit, tally: Tally): Outcome {
  return verdict(exit, tally, 'opencode');
}
