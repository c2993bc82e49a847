/**
 * The Anthropic messages wire as a model provider speaks it: reads a request, and writes an answer as server-sent
 * events or as one JSON document, or a failure. The shapes were taken from what Claude Code 2.1.330 sends and accepts.
 * Nothing here waits, decides or remembers.
 */
import type { ServerResponse } from 'node:http';
import type { Usage } from '../../protocol/usage.ts';
import { askingAt } from './exchange.ts';
import type { Asking, ModelAnswer, ModelRequest, PromptBlock, Sending, Wire } from './exchange.ts';
import { listOf, piecesOf, recordOf, textOf } from './loose.ts';
import type { Loose } from './loose.ts';
import { sendJson } from './sending.ts';

export const messagesWire: Wire = {
  name: 'messages',
  read,
  send,
  fail: (response, { status, error, headers }) => {
    sendJson(
      response,
      status,
      { type: 'error', error: { type: error.type, message: error.message } },
      headers,
    );
  },
};

function read({ raw }: Asking): ModelRequest {
  const body = recordOf(JSON.parse(raw));
  const messages = listOf(body['messages']).map(recordOf);
  const prompts = messages.map((message) =>
    message['role'] === 'user' ? promptText(message['content']) : '',
  );
  const from = askingAt(prompts);
  const system = blocksOf(body['system']).map(blockText).join('\n');
  const everything = [
    system,
    ...messages.flatMap((message) => blocksOf(message['content'])).map(blockText),
  ].join('\n');
  // Claude Code 2.1.330 may append a message of role "system"; the results are in the last one of the user's.
  const lastUser = messages.findLast((message) => message['role'] === 'user');
  return {
    wire: 'messages',
    at: Date.now(),
    model: textOf(body['model']),
    system,
    prompt: prompts[from] ?? '',
    toolResults: messages
      .slice(from)
      .flatMap((message) => blocksOf(message['content']))
      .filter(isResult).length,
    lastResults: blocksOf(lastUser?.['content']).filter(isResult).map(blockText),
    tools: listOf(body['tools']).map((tool) => textOf(recordOf(tool)['name'])),
    wasStreaming: body['stream'] === true,
    session: sessionOf(body['metadata']),
    cwd: /working directory: (?<cwd>\/.*)$/im.exec(everything)?.groups?.['cwd'] ?? null,
    blocks: promptBlocks(body),
    raw,
  };
}

/** Claude Code names its session in a JSON text (2.1.330), older ones at the end of a plain one. */
function sessionOf(metadata: unknown): string | null {
  const user = textOf(recordOf(metadata)['user_id']);
  return /(?:session_id":\s*"|_session_)(?<id>[0-9a-f-]{36})/.exec(user)?.groups?.['id'] ?? null;
}

/** The user's own words: without the `<system-reminder>` blocks that Claude Code puts before the prompt. */
function promptText(content: unknown): string {
  return blocksOf(content)
    .filter((block) => block['type'] === 'text')
    .map(blockText)
    .filter((text) => !text.startsWith('<system-reminder>'))
    .join('\n');
}

const isResult = (block: Loose): boolean => block['type'] === 'tool_result';

/** Tools, system, messages: the order in which the provider caches. */
function promptBlocks(body: Loose): readonly PromptBlock[] {
  const messages = listOf(body['messages'])
    .map(recordOf)
    .flatMap((message) =>
      blocksOf(message['content']).map((block) => ({ ...block, role: textOf(message['role']) })),
    );
  const blocks = [...listOf(body['tools']).map(recordOf), ...blocksOf(body['system']), ...messages];
  return blocks.filter((block) => !isBillingHeader(block)).map(promptBlock);
}

/** A block with a hash over characters of the prompt, which the provider takes out before it caches. */
function isBillingHeader(block: Loose): boolean {
  return textOf(block['text']).startsWith('x-anthropic-billing-header');
}

function promptBlock(block: Loose): PromptBlock {
  const { cache_control: control, ...rest } = block;
  const mark = recordOf(control);
  const breakpoint = mark['type'] !== 'ephemeral' ? null : mark['ttl'] === '1h' ? '1h' : '5m';
  return { text: JSON.stringify(rest), breakpoint };
}

/** A message's content is a list of blocks, or one plain string. */
function blocksOf(content: unknown): readonly Loose[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : listOf(content).map(recordOf);
}

function blockText(block: Loose): string {
  if (block['type'] === 'text') return textOf(block['text']);
  return blocksOf(block['content']).map(blockText).join('\n');
}

function send(
  response: ServerResponse,
  request: ModelRequest,
  { answer, usage, n, unfinished }: Sending,
): void {
  const head = { id: `msg_${n}`, type: 'message', role: 'assistant', model: request.model };
  const end = { stop_reason: (answer.tools ?? []).length > 0 ? 'tool_use' : 'end_turn', stop_sequence: null };
  const headers = { 'request-id': `req_${n}`, ...answer.headers };
  const content = contentOf(answer, n);
  if (!request.wasStreaming) {
    sendJson(response, 200, { ...head, content, ...end, usage: wireUsage(usage) }, headers);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
  const open = { stop_reason: null, stop_sequence: null, usage: wireUsage({ ...usage, output: 1 }) };
  sendEvent(response, 'message_start', { message: { ...head, content: [], ...open } });
  for (const [index, block] of content.entries()) sendBlock(response, index, block, unfinished);
  if (unfinished) return;
  sendEvent(response, 'message_delta', { delta: end, usage: wireUsage(usage) });
  sendEvent(response, 'message_stop', {});
  response.end();
}

function sendEvent(response: ServerResponse, type: string, data: object): void {
  response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
}

/** One content block: its start without content, its content in deltas, its stop. */
function sendBlock(response: ServerResponse, index: number, block: Loose, unfinished: boolean): void {
  const isText = block['type'] === 'text';
  const empty = isText ? { type: 'text', text: '' } : { ...block, input: {} };
  const deltas = isText
    ? piecesOf(textOf(block['text'])).map((text) => ({ type: 'text_delta', text }))
    : [{ type: 'input_json_delta', partial_json: JSON.stringify(block['input']) }];
  sendEvent(response, 'content_block_start', { index, content_block: empty });
  for (const delta of deltas) sendEvent(response, 'content_block_delta', { index, delta });
  if (!unfinished) sendEvent(response, 'content_block_stop', { index });
}

function contentOf(answer: ModelAnswer, n: number): readonly Loose[] {
  const calls = (answer.tools ?? []).map((call, k) => ({ type: 'tool_use', id: `toolu_${n}_${k}`, ...call }));
  const text = answer.text ?? '';
  return text === '' ? calls : [{ type: 'text', text }, ...calls];
}

/** `usage` as the wire spells it. A stream opens with one output token and tells the real number at its end. */
function wireUsage(usage: Usage): Loose {
  return {
    input_tokens: usage.input,
    cache_creation_input_tokens: usage.cacheWrite5m + usage.cacheWrite1h,
    cache_read_input_tokens: usage.cacheRead,
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cacheWrite5m,
      ephemeral_1h_input_tokens: usage.cacheWrite1h,
    },
    output_tokens: usage.output,
  };
}
