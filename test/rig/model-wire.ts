/**
 * The Anthropic messages wire as a model provider speaks it: reads a request into the few things a script decides on,
 * and writes an answer as server-sent events or as one JSON document, or a failure. The shapes were taken from what
 * Claude Code 2.1.330 sends and accepts. Nothing here waits, decides or remembers.
 */
import type { ServerResponse } from 'node:http';

/** Characters of one text delta: small enough that a normal answer arrives in several. */
const deltaChars = 40;

export type ToolCall = { readonly name: string; readonly input: Readonly<Record<string, unknown>> };

export type ModelUsage = {
  readonly input: number;
  readonly output: number;
  readonly cacheWrite: number;
  readonly cacheRead: number;
};

/** One request of a client, read once. */
export type ModelRequest = {
  /** Epoch milliseconds of its last byte. */
  readonly at: number;
  readonly model: string;
  /** Every system block, in order, one per line group. */
  readonly system: string;
  /** The first user message without the `<system-reminder>` blocks that Claude Code puts before the prompt. */
  readonly prompt: string;
  readonly toolResults: number;
  /** The texts of the results that came back with the last message. */
  readonly lastResults: readonly string[];
  readonly tools: readonly string[];
  readonly wasStreaming: boolean;
  /** The body as it came, for what is not named above. */
  readonly raw: string;
};

export type ModelAnswer = {
  readonly text?: string;
  readonly tools?: readonly ToolCall[];
  readonly usage?: Partial<ModelUsage>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly delayMs?: number;
};

export type ModelFailure = {
  readonly status: number;
  readonly error: { readonly type: string; readonly message: string };
  /** For example `retry-after`, in seconds. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly delayMs?: number;
};

/**
 * Reads the JSON body of POST /v1/messages. Missing parts read as empty; only text that is not JSON throws.
 *
 * @example
 * readRequest('{"model":"m","messages":[{"role":"user","content":"Go."}]}').prompt; // 'Go.'
 */
export function readRequest(raw: string): ModelRequest {
  const body = recordOf(JSON.parse(raw));
  const messages = listOf(body['messages']).map(recordOf);
  const blocks = messages.flatMap((message) => blocksOf(message['content']));
  const firstUser = messages.find((message) => message['role'] === 'user');
  const isResult = (block: Loose): boolean => block['type'] === 'tool_result';
  // Claude Code 2.1.330 may append a message of role "system"; the results are in the last one of the user's.
  const lastUser = messages.findLast((message) => message['role'] === 'user');
  return {
    at: Date.now(),
    model: textOf(body['model']),
    system: blocksOf(body['system']).map(blockText).join('\n'),
    prompt: blocksOf(firstUser?.['content'])
      .map(blockText)
      .filter((text) => !text.startsWith('<system-reminder>'))
      .join('\n'),
    toolResults: blocks.filter(isResult).length,
    lastResults: blocksOf(lastUser?.['content']).filter(isResult).map(blockText),
    tools: listOf(body['tools']).map((tool) => textOf(recordOf(tool)['name'])),
    wasStreaming: body['stream'] === true,
    raw,
  };
}

type Loose = Readonly<Record<string, unknown>>;

function recordOf(value: unknown): Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A message's content is a list of blocks, or one plain string. */
function blocksOf(content: unknown): readonly Loose[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : listOf(content).map(recordOf);
}

function blockText(block: Loose): string {
  if (block['type'] === 'text') return textOf(block['text']);
  return blocksOf(block['content']).map(blockText).join('\n');
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers?: Readonly<Record<string, string>>,
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** Sends `{type: 'error', error}` with its status and headers. */
export function sendFailure(response: ServerResponse, failure: ModelFailure): void {
  sendJson(response, failure.status, { type: 'error', error: failure.error }, failure.headers);
}

/** Sends one answer, in the form that was asked for. `n` makes its ids unique: `msg_<n>`, `toolu_<n>_<k>`, `req_<n>`. */
export function sendAnswer(
  response: ServerResponse,
  request: ModelRequest,
  answer: ModelAnswer,
  n: number,
): void {
  const head = { id: `msg_${n}`, type: 'message', role: 'assistant', model: request.model };
  const end = { stop_reason: (answer.tools ?? []).length > 0 ? 'tool_use' : 'end_turn', stop_sequence: null };
  const headers = { 'request-id': `req_${n}`, ...answer.headers };
  const content = contentOf(answer, n);
  if (request.wasStreaming) {
    response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
    const open = { stop_reason: null, stop_sequence: null, usage: usageOf(answer, 1) };
    send(response, 'message_start', { message: { ...head, content: [], ...open } });
    for (const [index, block] of content.entries()) sendBlock(response, index, block);
    send(response, 'message_delta', { delta: end, usage: usageOf(answer) });
    send(response, 'message_stop', {});
    response.end();
  } else sendJson(response, 200, { ...head, content, ...end, usage: usageOf(answer) }, headers);
}

function send(response: ServerResponse, type: string, data: object): void {
  response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
}

/** One content block: its start without content, its content in deltas, its stop. */
function sendBlock(response: ServerResponse, index: number, block: Loose): void {
  const isText = block['type'] === 'text';
  const empty = isText ? { type: 'text', text: '' } : { ...block, input: {} };
  const deltas = isText
    ? piecesOf(textOf(block['text'])).map((text) => ({ type: 'text_delta', text }))
    : [{ type: 'input_json_delta', partial_json: JSON.stringify(block['input']) }];
  send(response, 'content_block_start', { index, content_block: empty });
  for (const delta of deltas) send(response, 'content_block_delta', { index, delta });
  send(response, 'content_block_stop', { index });
}

function contentOf(answer: ModelAnswer, n: number): readonly Loose[] {
  const calls = (answer.tools ?? []).map((call, k) => ({ type: 'tool_use', id: `toolu_${n}_${k}`, ...call }));
  const text = answer.text ?? '';
  return text === '' ? calls : [{ type: 'text', text }, ...calls];
}

/** `usage` as the wire spells it. A stream opens with one output token and tells the real number at its end. */
function usageOf(answer: ModelAnswer, outputTokens?: number): Loose {
  const usage = { input: 100, output: 20, cacheWrite: 0, cacheRead: 0, ...answer.usage };
  return {
    input_tokens: usage.input,
    cache_creation_input_tokens: usage.cacheWrite,
    cache_read_input_tokens: usage.cacheRead,
    cache_creation: { ephemeral_5m_input_tokens: usage.cacheWrite, ephemeral_1h_input_tokens: 0 },
    output_tokens: outputTokens ?? usage.output,
  };
}

function piecesOf(text: string): readonly string[] {
  const count = Math.ceil(text.length / deltaChars);
  return Array.from({ length: count }, (_, k) => text.slice(k * deltaChars, (k + 1) * deltaChars));
}
