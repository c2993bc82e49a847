import { request as httpRequest } from 'node:http';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { startModelApi } from '../../src/server/provider/api.ts';
import type { ModelApi } from '../../src/server/provider/api.ts';
import type { ModelReply, ModelScript } from '../../src/server/provider/exchange.ts';

const opened: ModelApi[] = [];
afterEach(async () => {
  for (const api of opened.splice(0)) await api.close();
});

async function open(script: ModelScript): Promise<ModelApi> {
  const api = await startModelApi(script);
  opened.push(api);
  return api;
}

function post(api: ModelApi, body: unknown, path = '/v1/messages?beta=true'): Promise<Response> {
  return fetch(api.url + path, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

const asking = (text: string, stream: boolean): object => ({
  model: 'claude-test',
  stream,
  messages: [{ role: 'user', content: text }],
});

type Frame = {
  readonly type: string;
  readonly index?: number;
  readonly message?: { readonly usage: object };
  readonly content_block?: { readonly type: string; readonly name?: string };
  readonly delta?: { readonly text?: string; readonly partial_json?: string; readonly stop_reason?: string };
  readonly usage?: object;
};

/** The frames of a stream, checked for their form: an event line that repeats the type, one data line, a blank line. */
function framesOf(stream: string): readonly Frame[] {
  expect(stream.endsWith('\n\n')).toBe(true);
  return stream
    .trimEnd()
    .split('\n\n')
    .map((frame) => {
      const [event, data, ...rest] = frame.split('\n');
      const parsed = JSON.parse(data!.replace(/^data: /, '')) as Frame;
      expect([event, rest]).toEqual([`event: ${parsed.type}`, []]);
      return parsed;
    });
}

/** What a client would put together from the deltas: text, and the input of each tool. */
function assemble(frames: readonly Frame[]): { readonly text: string; readonly inputs: readonly unknown[] } {
  const starts = frames.filter((frame) => frame.type === 'content_block_start');
  const whole = (index: number | undefined, key: 'text' | 'partial_json'): string =>
    frames
      .filter((frame) => frame.type === 'content_block_delta' && frame.index === index)
      .map((frame) => frame.delta?.[key] ?? '')
      .join('');
  const ofType = (type: string): readonly Frame[] =>
    starts.filter((frame) => frame.content_block?.type === type);
  return {
    text: ofType('text')
      .map((frame) => whole(frame.index, 'text'))
      .join(''),
    inputs: ofType('tool_use').map((frame) => JSON.parse(whole(frame.index, 'partial_json')) as unknown),
  };
}

describe('startModelApi()', () => {
  it('listens on the loopback address only', async () => {
    const api = await open(() => ({ text: 'ok' }));
    expect(api.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('streams the frames of one message in the order of the wire', async () => {
    const api = await open(() => ({
      text: 'Writing.',
      tools: [{ name: 'Write', input: { file_path: '/a' } }],
      usage: { input: 7, output: 9, cacheRead: 3 },
    }));
    const response = await post(api, asking('go', true));
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const frames = framesOf(await response.text());
    expect(frames.map((frame) => frame.type)).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
    expect(frames[0]?.message?.usage).toMatchObject({
      input_tokens: 7,
      cache_read_input_tokens: 3,
      output_tokens: 1,
    });
    expect(frames.at(-2)).toMatchObject({ delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 9 } });
  });

  it('loses no character of a text or an input, however the stream is cut', async () => {
    let reply: ModelReply = {};
    const api = await open(() => reply);
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }),
        fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 3 }),
        async (text, inputs) => {
          reply = { text, tools: inputs.map((input) => ({ name: 'T', input })) };
          const frames = framesOf(await (await post(api, asking('go', true))).text());
          expect(assemble(frames)).toEqual(JSON.parse(JSON.stringify({ text, inputs })));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('answers whole when no stream is asked for', async () => {
    const api = await open(() => ({ text: 'all of it', usage: { output: 4 } }));
    const response = await post(api, asking('go', false));
    expect(await response.json()).toMatchObject({
      role: 'assistant',
      model: 'claude-test',
      content: [{ type: 'text', text: 'all of it' }],
      stop_reason: 'end_turn',
      usage: { output_tokens: 4 },
    });
  });

  it('gives every tool call an id of its own', async () => {
    const call = { name: 'T', input: {} };
    const api = await open(() => ({ tools: [call, call] }));
    const ids: string[] = [];
    for (let turn = 0; turn < 2; turn += 1) {
      const body = (await (await post(api, asking('go', false))).json()) as { content: { id: string }[] };
      ids.push(...body.content.map((block) => block.id));
    }
    expect(new Set(ids).size).toBe(4);
  });

  it('tells the script the model, the texts, the tools and the results so far', async () => {
    const api = await open(() => ({ text: 'ok' }));
    const result = (id: string, content: unknown): object => ({
      type: 'tool_result',
      tool_use_id: id,
      content,
    });
    await post(api, {
      model: 'claude-test',
      stream: true,
      system: [
        { type: 'text', text: 'You are.' },
        { type: 'text', text: 'Ours.' },
      ],
      tools: [{ name: 'Read' }, { name: 'Write' }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: '<system-reminder>\nnot the prompt\n</system-reminder>' },
            { type: 'text', text: 'The prompt.' },
          ],
        },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'Read', input: {} }] },
        { role: 'user', content: [result('a', 'first')] },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'b', name: 'Read', input: {} }] },
        { role: 'user', content: [result('b', [{ type: 'text', text: 'second' }]), result('c', 'third')] },
        { role: 'system', content: 'a note of the client' },
      ],
    });
    expect(api.requests).toHaveLength(1);
    expect(api.requests[0]).toMatchObject({
      model: 'claude-test',
      system: 'You are.\nOurs.',
      prompt: 'The prompt.',
      toolResults: 3,
      lastResults: ['second', 'third'],
      tools: ['Read', 'Write'],
      wasStreaming: true,
    });
  });

  it('fails with the status, the error and the headers of the script', async () => {
    const error = { type: 'rate_limit_error', message: 'slow down' };
    const api = await open(() => ({ status: 429, error, headers: { 'retry-after': '3600' } }));
    const response = await post(api, asking('go', true));
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('3600');
    expect(await response.json()).toEqual({ type: 'error', error });
  });

  it('turns a script that throws into a 400 with its message', async () => {
    const api = await open(() => {
      throw new Error('no such step');
    });
    const response = await post(api, asking('go', true));
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('no such step');
  });

  it('answers a body that is not JSON with a 400 and goes on', async () => {
    const api = await open(() => ({ text: 'ok' }));
    expect((await post(api, '{half')).status).toBe(400);
    expect((await post(api, asking('go', false))).status).toBe(200);
    expect(api.requests).toHaveLength(1);
  });

  it('waits as long as the script says', async () => {
    const api = await open(() => ({ text: 'late', delayMs: 200 }));
    const startedAt = performance.now();
    await (await post(api, asking('go', true))).text();
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(150);
  });

  it('answers HEAD with 200, counts tokens, and knows no other route', async () => {
    const api = await open(() => ({ text: 'ok' }));
    expect((await fetch(`${api.url}/api/hello`, { method: 'HEAD' })).status).toBe(200);
    const count = await post(api, 'x'.repeat(40), '/v1/messages/count_tokens');
    expect(await count.json()).toEqual({ input_tokens: 10 });
    expect((await fetch(`${api.url}/v1/messages`)).status).toBe(404);
    expect((await post(api, {}, '/v1/models')).status).toBe(404);
    expect(api.requests).toHaveLength(0);
  });

  it.each([
    ['silent', { hang: true }],
    ['delayed', { text: 'never', delayMs: 3_600_000 }],
  ] as const)('close() ends a %s request and frees the port', async (_, reply) => {
    let ask: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (ask = resolve));
    const api = await startModelApi(() => {
      ask();
      return reply;
    });
    const dropped = post(api, asking('go', true)).then(
      () => 'answered',
      () => 'dropped',
    );
    await asked;
    await api.close();
    expect(await dropped).toBe('dropped');
    await expect(post(api, asking('go', true))).rejects.toThrow();
  });

  it('survives a client that leaves while it is thinking', async () => {
    let leave: () => void = () => undefined;
    const api = await open(({ prompt }) => {
      if (prompt === 'stay') return { text: 'ok' };
      leave();
      return { text: 'x'.repeat(100_000), delayMs: 20 };
    });
    await new Promise<void>((resolve) => {
      const request = httpRequest(`${api.url}/v1/messages`, { method: 'POST' });
      request.once('error', () => resolve());
      leave = () => request.destroy(new Error('gone'));
      request.end(JSON.stringify(asking('go', true)));
    });
    expect((await post(api, asking('stay', true))).status).toBe(200);
  });

  it('forgets the oldest requests beyond a thousand', async () => {
    const api = await open(() => ({ text: 'ok' }));
    for (let n = 0; n < 1005; n += 1) await (await post(api, asking(`n${n}`, false))).arrayBuffer();
    expect(api.requests).toHaveLength(1000);
    expect([api.requests[0]?.prompt, api.requests.at(-1)?.prompt]).toEqual(['n5', 'n1004']);
  });
});
