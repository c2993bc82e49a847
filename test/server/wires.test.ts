/**
 * One script on all three wires: what each client would read of it, its ledger, and the failures as each wire words
 * them. The requests are cut down from those the real programs send.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { providerFailures, readModelScript } from '../../src/protocol/modelscript.ts';
import { startModelApi } from '../../src/server/provider/api.ts';
import type { ModelApi } from '../../src/server/provider/api.ts';
import { replyOf } from '../../src/server/provider/failures.ts';
import { totalsByModel } from '../../src/server/provider/ledger.ts';
import { playScript } from '../../src/server/provider/play.ts';

const opened: ModelApi[] = [];
afterEach(async () => {
  for (const api of opened.splice(0)) await api.close();
});

const prompt = 'You work one round.\nRole: reviewer · Round: R07 · Tier: audit\nReview.';
const asks = {
  messages: (results: number, text = prompt) => ({
    path: '/v1/messages?beta=true',
    body: {
      model: 'claude-x',
      stream: true,
      tools: [{ name: 'Write' }],
      metadata: { user_id: JSON.stringify({ session_id: '11111111-2222-4333-8444-555555555555' }) },
      system: [
        { type: 'text', text: 'x-anthropic-billing-header: cc_version=1;' },
        { type: 'text', text: 'Primary working directory: /project', cache_control: { type: 'ephemeral' } },
      ],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: '<system-reminder>no</system-reminder>' },
            { type: 'text', text },
          ],
        },
        ...Array.from({ length: results }, () => ({
          role: 'user',
          content: [{ type: 'tool_result', content: 'ok' }],
        })),
      ],
    },
  }),
  responses: (results: number, text = prompt) => ({
    path: '/v1/responses',
    body: {
      model: 'gpt-x',
      stream: true,
      tools: [{ name: 'exec_command' }],
      prompt_cache_key: 'thread-1',
      input: [
        {
          type: 'message',
          role: 'user',
          content: [{ text: '<environment_context>\n<cwd>/project</cwd></environment_context>' }],
        },
        { type: 'message', role: 'user', content: [{ text }] },
        ...Array.from({ length: results }, () => ({ type: 'function_call_output', output: 'ok' })),
      ],
    },
  }),
  generate: (results: number, text = prompt) => ({
    path: '/v1beta/models/gemini-x:streamGenerateContent?alt=sse',
    body: {
      tools: [{ functionDeclarations: [{ name: 'write_file' }] }],
      contents: [
        {
          role: 'user',
          parts: [{ text: '<session_context>\n- **Workspace Directories:**\n  - /project\n' }, { text }],
        },
        ...Array.from({ length: results }, () => ({
          role: 'user',
          parts: [{ functionResponse: { name: 'x' } }],
        })),
      ],
    },
  }),
} as const;
type Name = keyof typeof asks;
const names = Object.keys(asks) as readonly Name[];

async function open(text: string): Promise<ModelApi> {
  const reading = readModelScript(text);
  if (!reading.ok) throw new Error(JSON.stringify(reading.diagnostics));
  const api = await startModelApi(playScript(reading.script), { accounting: true });
  opened.push(api);
  return api;
}

async function post(api: ModelApi, { path, body }: { path: string; body: object }): Promise<Response> {
  return fetch(api.url + path, { method: 'POST', body: JSON.stringify(body) });
}

/** Every `data:` of a stream, or the one document. */
async function frames(api: ModelApi, asked: { path: string; body: object }): Promise<readonly unknown[]> {
  const text = await (await post(api, asked)).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => JSON.parse(line.slice(6)) as unknown);
}

const script = `
roles:
  reviewer:
    - when: never said
      turns: []
      say: wrong
    - turns:
        - { write: { path: 'out/{round}.md', text: "it's {role}\\n" } }
        - { edit: { path: NEXT-ROLE.md, from: 'status: WORKING', to: 'status: READY' }, thoughts: 7 }
        - { run: date }
      say: Reviewed.
`;

describe('a script', () => {
  it.each([
    ['messages', 'Write', '/project/out/R07.md'],
    ['responses', 'exec_command', '/project/out/R07.md'],
    ['generate', 'write_file', '/project/out/R07.md'],
  ] as const)('on the wire %s calls %s in the folder the client works in', async (name, tool, path) => {
    const api = await open(script);
    const seen = JSON.stringify(await frames(api, asks[name](0)));
    expect(seen).toContain(`"${tool}"`);
    expect(seen).toContain(path);
    expect(seen).toContain('reviewer');
  });

  it.each(names)('on the wire %s goes on by the results, and ends with its words', async (name) => {
    const api = await open(script);
    const steps: string[] = [];
    for (let results = 0; results < 5; results += 1)
      steps.push(JSON.stringify(await frames(api, asks[name](results))));
    // Claude Code must read a file before it may edit it: one step more.
    expect(steps.findIndex((step) => step.includes('Reviewed.'))).toBe(name === 'messages' ? 4 : 3);
    expect(api.ledger.map(({ role, round, step }) => [role, round, step])).toEqual(
      [0, 1, 2, 3, 4].map((step) => ['reviewer', 'R07', step]),
    );
    expect(api.ledger.map(({ session }) => session)).toEqual(
      Array(5).fill(
        { messages: '11111111-2222-4333-8444-555555555555', responses: 'thread-1', generate: null }[name],
      ),
    );
  });

  it('calls the tools of opencode where these are offered on the wire of Claude Code', async () => {
    const api = await open(script);
    const said: unknown[] = [];
    for (const results of [0, 1, 2, 3]) {
      const { path, body } = asks.messages(results);
      const tools = ['bash', 'read', 'edit', 'write'].map((name) => ({ name }));
      said.push(await (await post(api, { path, body: { ...body, tools, stream: false } })).json());
    }
    expect(said).toMatchObject([
      { content: [{ name: 'write', input: { filePath: '/project/out/R07.md' } }] },
      { content: [{ name: 'read', input: { filePath: '/project/NEXT-ROLE.md' } }] },
      { content: [{ name: 'edit', input: { oldString: 'status: WORKING', newString: 'status: READY' } }] },
      { content: [{ name: 'bash', input: { command: 'date' } }] },
    ]);
  });

  it('counts from the last prompt that names a role, as a resumed session has several', async () => {
    const api = await open(script);
    const { path, body } = asks.messages(2);
    const more = {
      ...body,
      messages: [...body.messages, { role: 'user', content: [{ type: 'text', text: prompt }] }],
    };
    await frames(api, { path, body: more });
    expect(api.ledger[0]).toMatchObject({ step: 0 });
  });

  it('says its other words to a call without tools, which a program makes for itself', async () => {
    const api = await open(`${script}other: A title\n`);
    const { path, body } = asks.messages(0);
    expect(JSON.stringify(await frames(api, { path, body: { ...body, tools: [] } }))).toContain('A title');
  });

  it('says ok to a prompt of no role, and refuses a role it does not have', async () => {
    const api = await open(script);
    expect(JSON.stringify(await frames(api, asks.generate(0, 'Name this chat.')))).toContain('"ok"');
    const response = await post(api, asks.messages(0, 'Role: memorial · Round: R07'));
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('only reviewer');
  });

  it('that is wrong is told with its line', () => {
    const reading = readModelScript(
      'roles:\n  reviewer:\n    - turns:\n        - { fail: { kind: bored } }\n      say: x\n',
    );
    expect(reading).toMatchObject({ ok: false, diagnostics: [{ line: 4 }] });
  });
});

describe('the usage of an answer', () => {
  it('is spelled so that each client reads the classes of the ledger', async () => {
    const usage = '{ input: 11, cacheWrite5m: 20, cacheRead: 300, output: 40 }';
    const api = await open(
      `roles: { reviewer: [{ turns: [{ say: Hm., usage: ${usage}, thoughts: 7 }], say: x }] }`,
    );
    const last = async (name: Name) => JSON.stringify(await frames(api, asks[name](0)));
    expect(await last('messages')).toContain(
      '"input_tokens":11,"cache_creation_input_tokens":20,"cache_read_input_tokens":300',
    );
    expect(await last('responses')).toContain(
      '"input_tokens":331,"input_tokens_details":{"cached_tokens":300,"cache_write_tokens":20},"output_tokens":40,"output_tokens_details":{"reasoning_tokens":7}',
    );
    expect(await last('generate')).toContain(
      '"promptTokenCount":331,"cachedContentTokenCount":300,"candidatesTokenCount":33,"thoughtsTokenCount":7,"totalTokenCount":371',
    );
    const whole = { input: 11, cacheWrite5m: 20, cacheWrite1h: 0, cacheRead: 300, output: 40 };
    expect(totalsByModel(api.ledger)).toEqual({ 'claude-x': whole, 'gpt-x': whole, 'gemini-x': whole });
  });

  it('is counted by the cache, without the block that holds a hash of the prompt', async () => {
    const api = await open(`roles: { reviewer: [{ turns: [], say: x }] }`);
    const long = `${prompt}${'y'.repeat(8000)}`;
    const { path, body } = asks.messages(0, long);
    const system = [
      { type: 'text', text: 'x-anthropic-billing-header: cc_version=2;' },
      { type: 'text', text: 'z'.repeat(8000), cache_control: { type: 'ephemeral', ttl: '1h' } },
    ];
    await frames(api, { path, body: { ...body, system } });
    await frames(api, {
      path,
      body: { ...body, system: [{ type: 'text', text: 'x-anthropic-billing-header: 3' }, system[1]] },
    });
    const [first, second] = api.ledger.map((entry) => entry.usage);
    expect(first?.cacheWrite1h).toBeGreaterThan(2000);
    expect(second).toMatchObject({ cacheRead: first?.cacheWrite1h, cacheWrite1h: 0, input: first?.input });
  });
});

describe('a failure', () => {
  it.each(names)('on the wire %s has a status and words of its own, in every kind', (name) => {
    for (const kind of providerFailures) {
      const reply = replyOf({ kind, retryAfter: 3, resetsAt: 1_800_000_000 }, name);
      if ('status' in reply) expect(reply.status).toBeGreaterThanOrEqual(400);
      else
        expect(Object.keys(reply)).toEqual([{ garbage: 'garbage', hang: 'hang' }[kind as string] ?? 'cut']);
    }
  });

  it('happens so many times for a session, then the turn is played; it is in the ledger and used nothing', async () => {
    const api = await open(
      'roles: { reviewer: [{ turns: [{ run: date, fail: { kind: overloaded, times: 2, retryAfter: 1 } }], say: x }] }',
    );
    const first = await post(api, asks.messages(0));
    expect([first.status, first.headers.get('retry-after')]).toEqual([529, '1']);
    expect((await post(api, asks.messages(0))).status).toBe(529);
    expect((await post(api, asks.messages(0))).status).toBe(200);
    // Another client's session has failures of its own.
    expect((await post(api, asks.responses(0))).status).toBe(503);
    expect(api.ledger.map(({ status, usage }) => [status, usage === null])).toEqual([
      [529, true],
      [529, true],
      [200, false],
      [503, true],
    ]);
  });

  it('can be that of one model alone, named by a word of its id', async () => {
    const model = asks.messages(0).body.model;
    const script = (word: string): string =>
      `roles: { reviewer: [{ turns: [{ say: x, fail: { kind: overloaded, model: ${word} } }], say: x }] }`;
    expect((await post(await open(script(model)), asks.messages(0))).status).toBe(529);
    expect((await post(await open(script('another')), asks.messages(0))).status).toBe(200);
  });

  it.each(names)('on the wire %s can break an answer off, which then counts its beginning', async (name) => {
    const broken = async (kind: string): Promise<ModelApi> => {
      const api = await open(
        `roles: { reviewer: [{ turns: [{ say: x, fail: { kind: ${kind} } }], say: x }] }`,
      );
      const reading = post(api, asks[name](0)).then((response) => response.text());
      if (kind === 'cut') await expect(reading).rejects.toThrow();
      else await reading;
      return api;
    };
    for (const kind of ['cut', 'end']) {
      const api = await broken(kind);
      expect(api.ledger).toMatchObject([{ complete: false, status: 200, usage: { output: 1 } }]);
    }
  });
});
