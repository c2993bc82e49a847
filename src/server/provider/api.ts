/**
 * A model provider on the loopback address: enough of the wires of Claude Code, Codex and Gemini CLI for the real
 * programs to run whole sessions without an account or a network. What it answers is decided by a script from the
 * request alone, most often by counting the tool results in it, so retries and parallel sessions need no bookkeeping.
 * It listens on 127.0.0.1 only, never calls anything, and writes down what every request used.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Usage } from '../../protocol/usage.ts';
import { createPromptCache, tokensIn } from './cache.ts';
import type { PromptUsage } from './cache.ts';
import type { ModelAnswer, ModelReply, ModelRequest, ModelScript, Wire } from './exchange.ts';
import { generateWire } from './generate.ts';
import { ledgerEntry } from './ledger.ts';
import type { LedgerEntry } from './ledger.ts';
import { messagesWire } from './messages.ts';
import { responsesWire } from './responses.ts';
import { sendJson } from './sending.ts';

/** The oldest requests are forgotten beyond this many. */
const requestsMax = 1000;
const bodyBytesMax = 16 * 1024 * 1024;

export type ModelApiOptions = {
  /** 0 chooses a free one. */
  readonly port?: number;
  /** Counts every prompt against a prompt cache; otherwise every request uses {@link fixedUsage}. */
  readonly accounting?: boolean;
  /** Epoch milliseconds: the clock of the prompt cache. */
  readonly now?: () => number;
  readonly onEntry?: (entry: LedgerEntry) => void;
};

export type ModelApi = {
  readonly url: string;
  /** Live and in order of arrival; the newest {@link requestsMax}. */
  readonly requests: readonly ModelRequest[];
  /** Live; one entry per request that was answered, in order of the answers; the newest {@link requestsMax}. */
  readonly ledger: readonly LedgerEntry[];
  /** Drops every connection, also the silent ones, and frees the port. */
  close(): Promise<void>;
};

/** What a request uses where nothing is counted. */
export const fixedUsage: Usage = { input: 100, cacheWrite5m: 0, cacheWrite1h: 0, cacheRead: 0, output: 20 };

/**
 * Starts the provider. A script that throws becomes a 400, so its message is the session's result.
 *
 * @example
 * const api = await startModelApi((request) =>
 *   request.toolResults === 0 ? { tools: [{ name: 'Bash', input: { command: 'date' } }] } : { text: 'done' },
 * );
 * // ANTHROPIC_BASE_URL=api.url
 * await api.close();
 */
export async function startModelApi(script: ModelScript, options: ModelApiOptions = {}): Promise<ModelApi> {
  const { port = 0, accounting = false, now = Date.now, onEntry } = options;
  const requests: ModelRequest[] = [];
  const ledger: LedgerEntry[] = [];
  const closing = new AbortController();
  const cache = createPromptCache();
  let answered = 0;

  const record = (entry: LedgerEntry): void => {
    keep(ledger, entry);
    onEntry?.(entry);
  };

  async function converse(wire: Wire, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await readBody(request);
    const asked = wire.read({ raw, path: pathOf(request), headers: request.headers });
    keep(requests, asked);
    const reply = await askScript(script, asked);
    const n = (answered += 1);
    if ('hang' in reply) {
      record(ledgerEntry({ n, asked, status: null, usage: null, complete: false }));
      return;
    }
    const delayMs = 'cut' in reply || 'garbage' in reply ? undefined : reply.delayMs;
    if (delayMs !== undefined) await sleep(delayMs, undefined, { signal: closing.signal });
    if ('status' in reply) {
      record(ledgerEntry({ n, asked, status: reply.status, usage: null, complete: true }));
      wire.fail(response, reply);
    } else if ('garbage' in reply) {
      record(ledgerEntry({ n, asked, status: 200, usage: null, complete: false }));
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(reply.garbage);
    } else {
      const prompt: PromptUsage = accounting ? cache.count(asked, now()) : fixedUsage;
      const unfinished = 'cut' in reply;
      const answer = unfinished ? { text: reply.text ?? 'This answer breaks off' } : reply;
      // A stream that breaks off has told its beginning alone.
      const output = unfinished ? 1 : accounting ? outputOf(answer) : fixedUsage.output;
      const usage = { ...fixedUsage, ...prompt, output, ...answer.usage };
      record(ledgerEntry({ n, asked, status: 200, usage, complete: !unfinished }));
      wire.send(response, asked, { answer, usage, n, unfinished });
      if (unfinished && reply.cut === 'end') response.end();
      // The client must have read the beginning before the connection goes.
      if (unfinished && reply.cut === 'reset') response.write('', () => response.destroy());
    }
  }

  const server = createServer((request, response) => {
    const wire = wireOf(request);
    if (request.method === 'HEAD') response.writeHead(200).end();
    else if (wire !== null) guard(wire, response, converse(wire, request, response));
    else if (request.method === 'POST' && isCount(request))
      guard(messagesWire, response, countTokens(request, response));
    else {
      const message = `no route ${request.method ?? ''} ${pathOf(request)}`;
      messagesWire.fail(response, { status: 404, error: { type: 'not_found_error', message } });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the model API has no port');

  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    ledger,
    close: () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      closing.abort();
      server.closeAllConnections();
      return closed;
    },
  };
}

function keep<Item>(items: Item[], item: Item): void {
  items.push(item);
  if (items.length > requestsMax) items.shift();
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?')[0] ?? '/';
}

function wireOf(request: IncomingMessage): Wire | null {
  if (request.method !== 'POST') return null;
  const path = pathOf(request);
  if (path.endsWith('/v1/messages')) return messagesWire;
  if (path.endsWith('/responses')) return responsesWire;
  return /:(?:streamG|g)enerateContent$/.test(path) ? generateWire : null;
}

function isCount(request: IncomingMessage): boolean {
  return /(?:\/messages\/count_tokens|:countTokens)$/.test(pathOf(request));
}

/** What the model is taken to have written: texts and calls, and thinking where the script says so. */
function outputOf(answer: ModelAnswer): number {
  const calls = (answer.tools ?? []).map((call) => JSON.stringify(call)).join('');
  return Math.max(1, tokensIn(Buffer.byteLength((answer.text ?? '') + calls))) + (answer.thoughts ?? 0);
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
function guard(wire: Wire, response: ServerResponse, work: Promise<void>): void {
  work.catch((error: unknown) => {
    if (response.destroyed || response.headersSent) response.destroy();
    else
      wire.fail(response, {
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

/** Good enough for a client that asks before it sends; each wire reads its own key. */
async function countTokens(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const tokens = tokensIn(Buffer.byteLength(await readBody(request)));
  const body = pathOf(request).endsWith(':countTokens') ? { totalTokens: tokens } : { input_tokens: tokens };
  sendJson(response, 200, body);
}
