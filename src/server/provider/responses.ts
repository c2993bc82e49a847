/**
 * The OpenAI responses wire as a model provider speaks it to Codex CLI 0.169.0, which always streams. A prompt is cached
 * by its beginning, without breakpoints. Nothing here waits, decides or remembers.
 */
import type { ServerResponse } from 'node:http';
import type { Usage } from '../../protocol/usage.ts';
import { askingAt } from './exchange.ts';
import type { Asking, ModelAnswer, ModelRequest, Sending, Wire } from './exchange.ts';
import { listOf, piecesOf, recordOf, textOf } from './loose.ts';
import type { Loose } from './loose.ts';
import { sendJson } from './sending.ts';

export const responsesWire: Wire = {
  name: 'responses',
  read,
  send,
  fail: (response, { status, error, headers }) => {
    const { type, message } = error;
    sendJson(response, status, { error: { type, message, code: type, param: null } }, headers);
  },
};

function read({ raw, headers }: Asking): ModelRequest {
  const body = recordOf(JSON.parse(raw));
  const items = listOf(body['input']).map(recordOf);
  const prompts = items.map((item) =>
    item['type'] === 'message' && item['role'] === 'user' ? promptText(item) : '',
  );
  const from = askingAt(prompts);
  const session = headers['session-id'];
  return {
    wire: 'responses',
    at: Date.now(),
    model: textOf(body['model']),
    system: [textOf(body['instructions']), ...items.filter(isOfDeveloper).map(itemText)].join('\n'),
    prompt: prompts[from] ?? '',
    toolResults: items.slice(from).filter(isResult).length,
    lastResults: items.slice(items.findLastIndex((item) => !isResult(item)) + 1).map(itemText),
    tools: listOf(body['tools']).map((tool) => textOf(recordOf(tool)['name'])),
    wasStreaming: body['stream'] === true,
    session: textOf(session) || textOf(body['prompt_cache_key']) || null,
    cwd: /<cwd>(?<cwd>[^<]+)<\/cwd>/.exec(items.map(itemText).join('\n'))?.groups?.['cwd'] ?? null,
    blocks: [body['instructions'], ...listOf(body['tools']), ...items]
      .filter((block) => block !== undefined)
      .map((block) => ({ text: JSON.stringify(withoutId(block)), breakpoint: null })),
    raw,
  };
}

/** Ids are the client's own and new in every session; they are no part of what a model reads. */
function withoutId(block: unknown): unknown {
  if (typeof block !== 'object' || block === null || Array.isArray(block)) return block;
  return { ...recordOf(block), id: undefined, call_id: undefined };
}

const isResult = (item: Loose): boolean => textOf(item['type']).endsWith('_call_output');
const isOfDeveloper = (item: Loose): boolean => item['role'] === 'developer' || item['role'] === 'system';

/** The user's own words: without the instructions and the environment that Codex puts before the prompt. */
function promptText(item: Loose): string {
  const texts = listOf(item['content']).map((part) => textOf(recordOf(part)['text']));
  return texts.filter((text) => !/^(<environment_context>|# AGENTS\.md instructions)/.test(text)).join('\n');
}

function itemText(item: Loose): string {
  const output = item['output'];
  if (typeof output === 'string') return output;
  return [...listOf(item['content']), ...listOf(output)]
    .map((part) => textOf(recordOf(part)['text']))
    .join('\n');
}

function send(
  response: ServerResponse,
  request: ModelRequest,
  { answer, usage, n, unfinished }: Sending,
): void {
  const items = itemsOf(answer, n);
  const whole = (status: string, output: readonly Loose[]): Loose => ({
    id: `resp_${n}`,
    object: 'response',
    created_at: Math.floor(request.at / 1000),
    status,
    model: request.model,
    output,
    parallel_tool_calls: true,
    tools: [],
  });
  const done = { ...whole('completed', items), usage: wireUsage(usage, answer.thoughts ?? 0) };
  if (!request.wasStreaming) {
    sendJson(response, 200, done, answer.headers);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', ...answer.headers });
  let sequence = 0;
  const event = (type: string, data: object): void => {
    const frame = JSON.stringify({ type, sequence_number: sequence, ...data });
    sequence += 1;
    response.write(`event: ${type}\ndata: ${frame}\n\n`);
  };
  event('response.created', { response: whole('in_progress', []) });
  for (const [at, item] of items.entries()) {
    const place = { item_id: item['id'], output_index: at };
    event('response.output_item.added', { output_index: at, item: { ...item, status: 'in_progress' } });
    for (const delta of piecesOf(item['type'] === 'message' ? (answer.text ?? '') : ''))
      event('response.output_text.delta', { ...place, content_index: 0, delta });
    if (!unfinished) event('response.output_item.done', { output_index: at, item });
  }
  if (unfinished) return;
  event('response.completed', { response: done });
  response.end();
}

function itemsOf(answer: ModelAnswer, n: number): readonly Loose[] {
  const text = answer.text ?? '';
  const message = {
    type: 'message',
    id: `msg_${n}`,
    status: 'completed',
    role: 'assistant',
    content: [{ type: 'output_text', text, annotations: [] }],
  };
  const calls = (answer.tools ?? []).map(({ name, input }, k) => {
    const head = { id: `call_${n}_${k}`, status: 'completed', call_id: `call_${n}_${k}`, name };
    return typeof input === 'string'
      ? { type: 'custom_tool_call', ...head, input }
      : { type: 'function_call', ...head, arguments: JSON.stringify(input) };
  });
  return text === '' ? calls : [message, ...calls];
}

/** `input_tokens` holds what came from and went into the cache, `output_tokens` holds the reasoning. */
function wireUsage(usage: Usage, reasoning: number): Loose {
  const written = usage.cacheWrite5m + usage.cacheWrite1h;
  const input = usage.input + usage.cacheRead + written;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: usage.cacheRead, cache_write_tokens: written },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + usage.output,
  };
}
