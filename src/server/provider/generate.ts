/**
 * The Gemini wire (`:streamGenerateContent`, `:generateContent`) as a model provider speaks it to Gemini CLI 0.61.0. A
 * prompt is cached by its beginning, without breakpoints, and writing into the cache has no price of its own. Nothing
 * here waits, decides or remembers.
 */
import type { ServerResponse } from 'node:http';
import { askingAt } from './exchange.ts';
import type { Asking, ModelRequest, Sending, Wire } from './exchange.ts';
import { listOf, recordOf, textOf } from './loose.ts';
import type { Loose } from './loose.ts';
import { sendJson } from './sending.ts';

export const generateWire: Wire = {
  name: 'generate',
  read,
  send,
  fail: (response, { status, error, headers }) => {
    const { type, message, details } = error;
    const body = { code: status, message, status: type, ...(details === undefined ? {} : { details }) };
    sendJson(response, status, { error: body }, headers);
  },
};

function read({ raw, path }: Asking): ModelRequest {
  const body = recordOf(JSON.parse(raw));
  const contents = listOf(body['contents']).map(recordOf);
  const prompts = contents.map((content) => (content['role'] === 'user' ? promptText(content) : ''));
  const from = askingAt(prompts);
  const parts = (content: Loose): readonly Loose[] => listOf(content['parts']).map(recordOf);
  const system = recordOf(body['systemInstruction']);
  const declared = listOf(body['tools']).flatMap((tool) => listOf(recordOf(tool)['functionDeclarations']));
  const everything = contents
    .flatMap(parts)
    .map((part) => textOf(part['text']))
    .join('\n');
  return {
    wire: 'generate',
    at: Date.now(),
    model: /models\/(?<model>[^:]+):/.exec(path)?.groups?.['model'] ?? '',
    system: parts(system)
      .map((part) => textOf(part['text']))
      .join('\n'),
    prompt: prompts[from] ?? '',
    toolResults: contents.slice(from).flatMap(parts).filter(isResult).length,
    lastResults: parts(contents.at(-1) ?? {})
      .filter(isResult)
      .map((part) => JSON.stringify(part['functionResponse'])),
    tools: declared.map((tool) => textOf(recordOf(tool)['name'])),
    wasStreaming: path.includes(':streamGenerateContent'),
    session: null,
    cwd: /Workspace Directories:\*\*\n\s*- (?<cwd>\S.*)$/m.exec(everything)?.groups?.['cwd'] ?? null,
    blocks: [system, ...declared, ...contents.flatMap(parts)].map((block) => ({
      text: JSON.stringify(block),
      breakpoint: null,
    })),
    raw,
  };
}

const isResult = (part: Loose): boolean => part['functionResponse'] !== undefined;

/** The user's own words: without the context that Gemini CLI puts before the prompt. */
function promptText(content: Loose): string {
  return listOf(content['parts'])
    .map((part) => textOf(recordOf(part)['text']))
    .filter((text) => text !== '' && !text.startsWith('<session_context>'))
    .join('\n');
}

function send(
  response: ServerResponse,
  request: ModelRequest,
  { answer, usage, n, unfinished }: Sending,
): void {
  const text = answer.text ?? '';
  const parts = [
    ...(text === '' ? [] : [{ text }]),
    ...(answer.tools ?? []).map(({ name, input }) => ({ functionCall: { name, args: input } })),
  ];
  const prompt = usage.input + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h;
  const thoughts = answer.thoughts ?? 0;
  const part = (finished: boolean): Loose => ({
    candidates: [
      { content: { role: 'model', parts }, index: 0, ...(finished ? { finishReason: 'STOP' } : {}) },
    ],
    usageMetadata: {
      promptTokenCount: prompt,
      cachedContentTokenCount: usage.cacheRead,
      candidatesTokenCount: usage.output - thoughts,
      thoughtsTokenCount: thoughts,
      totalTokenCount: prompt + usage.output,
    },
    modelVersion: request.model,
    responseId: `resp_${n}`,
  });
  if (!request.wasStreaming) {
    sendJson(response, 200, part(true), answer.headers);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', ...answer.headers });
  response.write(`data: ${JSON.stringify(part(!unfinished))}\n\n`);
  if (!unfinished) response.end();
}
