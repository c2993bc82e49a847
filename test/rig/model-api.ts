/**
 * A model API on the loopback address: enough of POST /v1/messages (streamed and whole) for a real coding agent to run
 * a session without an account or a network. What it answers is decided by a script from the request alone, most often
 * by counting the tool results already in the conversation, so retries and parallel sessions need no bookkeeping. It
 * knows nothing of roles (role-script.ts does), listens on 127.0.0.1 only and never calls anything.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { readRequest, sendAnswer, sendFailure, sendJson } from './model-wire.ts';
import type { ModelAnswer, ModelFailure, ModelRequest } from './model-wire.ts';

export type { ModelAnswer, ModelFailure, ModelRequest, ToolCall } from './model-wire.ts';

/** The oldest requests are forgotten beyond this many. */
const requestsMax = 1000;
const bodyBytesMax = 16 * 1024 * 1024;

/** The request is accepted and nothing is ever sent back. */
export type ModelSilence = { readonly hang: true };

export type ModelReply = ModelAnswer | ModelFailure | ModelSilence;
export type ModelScript = (request: ModelRequest) => ModelReply | Promise<ModelReply>;

export type ModelApi = {
  readonly url: string;
  /** Live and in order of arrival; the newest {@link requestsMax}. */
  readonly requests: readonly ModelRequest[];
  /** Drops every connection, also the silent ones, and frees the port. */
  close(): Promise<void>;
};

/**
 * Starts the API on a free port. A script that throws becomes a 400, so its message is the session's result.
 *
 * @example
 * const api = await startModelApi((request) =>
 *   request.toolResults === 0 ? { tools: [{ name: 'Bash', input: { command: 'date' } }] } : { text: 'done' },
 * );
 * // ANTHROPIC_BASE_URL=api.url
 * await api.close();
 */
export async function startModelApi(script: ModelScript): Promise<ModelApi> {
  const requests: ModelRequest[] = [];
  const closing = new AbortController();
  let answered = 0;

  async function converse(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = readRequest(await readBody(request));
    requests.push(asked);
    if (requests.length > requestsMax) requests.shift();
    const reply = await askScript(script, asked);
    if ('hang' in reply) return;
    if (reply.delayMs !== undefined) await sleep(reply.delayMs, undefined, { signal: closing.signal });
    answered += 1;
    if ('status' in reply) sendFailure(response, reply);
    else sendAnswer(response, asked, reply, answered);
  }

  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0];
    if (request.method === 'HEAD') response.writeHead(200).end();
    else if (request.method === 'POST' && path === '/v1/messages')
      guard(response, converse(request, response));
    else if (request.method === 'POST' && path === '/v1/messages/count_tokens')
      guard(response, countTokens(request, response));
    else
      sendFailure(response, { status: 404, error: { type: 'not_found_error', message: `no route ${path}` } });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the model API has no port');

  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    close: () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      closing.abort();
      server.closeAllConnections();
      return closed;
    },
  };
}

async function askScript(script: ModelScript, request: ModelRequest): Promise<ModelReply> {
  try {
    return await script(request);
  } catch (error) {
    // 400 is not retried with a wait by Claude Code 2.1.330, and its message becomes the result's text.
    return {
      status: 400,
      error: { type: 'invalid_request_error', message: `the script threw: ${String(error)}` },
    };
  }
}

/** A broken request is answered; a connection that is already gone is nobody's trouble any more. */
function guard(response: ServerResponse, work: Promise<void>): void {
  work.catch((error: unknown) => {
    if (response.destroyed || response.headersSent) response.destroy();
    else
      sendFailure(response, {
        status: 400,
        error: { type: 'invalid_request_error', message: String(error) },
      });
  });
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const piece = Buffer.from(chunk as Uint8Array);
    bytes += piece.length;
    if (bytes > bodyBytesMax) throw new Error(`the body is longer than ${bodyBytesMax} bytes`);
    chunks.push(piece);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A rough count, four bytes a token: good enough for a client that asks before it sends. */
async function countTokens(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const raw = await readBody(request);
  sendJson(response, 200, { input_tokens: Math.ceil(Buffer.byteLength(raw) / 4) });
}
