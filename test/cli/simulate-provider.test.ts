import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { runLine } from '../../src/cli/start.ts';
import { emptyFolder, removeFolders } from '../rig/project.ts';
import { line, outputTo } from './shell.ts';

afterEach(removeFolders);

/** Runs the command, asks what `ask` asks once it listens, then interrupts it. */
async function serve(cwd: string, argv: readonly string[], ask: (url: string) => Promise<void>) {
  const out: string[] = [];
  const stop = new AbortController();
  let heard = (_url: string): void => undefined;
  const listening = new Promise<string>((resolve) => (heard = resolve));
  const output = outputTo(out);
  const shell = {
    out: {
      ...output,
      write: (text: string) => {
        output.write(text);
        const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(text) ?? [];
        if (url !== undefined) heard(url);
      },
    },
    err: outputTo([]),
    cwd,
    env: {},
    self: [],
    now: Date.now,
    interrupts: () => stop.signal,
    openArea: () => Promise.resolve(null),
    ask: () => Promise.resolve(null),
    canAsk: () => false,
  };
  const running = runLine(shell, ['simulate-provider', ...argv]);
  await ask(await listening);
  stop.abort();
  return { code: await running, out: out.join('') };
}

const body = JSON.stringify({
  model: 'claude-x',
  tools: [{ name: 'Write' }],
  messages: [{ role: 'user', content: 'Role: reviewer · Round: R07\nReview.' }],
});
const ask = async (url: string): Promise<void> => {
  const answer = await fetch(`${url}/v1/messages`, { method: 'POST', body });
  expect(await answer.json()).toMatchObject({ content: [{ text: 'Fine.' }] });
};

describe('simulate-provider', () => {
  it('plays a script, keeps a ledger, and ends with 0 when it is interrupted', async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'turns.yaml'), 'roles: { reviewer: [{ turns: [], say: Fine. }] }\n');
    const { code, out } = await serve(folder, ['--script', 'turns.yaml', '--ledger', 'l.jsonl'], ask);
    expect(code).toBe(0);
    expect(out).toContain('ANTHROPIC_BASE_URL=http://127.0.0.1:');
    expect(out).toContain('GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:');
    expect(out).toContain('reviewer, step 0');
    const [entry, ...more] = readFileSync(join(folder, 'l.jsonl'), 'utf8').trim().split('\n');
    expect(more).toEqual([]);
    expect(JSON.parse(entry ?? '')).toMatchObject({ role: 'reviewer', round: 'R07', usage: { output: 2 } });
  });

  it('writes what a file beside the script holds, and refuses a script whose file is not there', async () => {
    const folder = emptyFolder();
    const script =
      '{"roles":{"reviewer":[{"turns":[{"write":{"path":"out.md","from":"held.md"}}],"say":"Fine."}]}}';
    writeFileSync(join(folder, 'turns.json'), script);
    const refused = await line(folder, ['simulate-provider', '--script', 'turns.json']);
    expect([refused.code, refused.err]).toEqual([64, expect.stringMatching(/held\.md" cannot be read/)]);
    writeFileSync(join(folder, 'held.md'), 'Held by {role}.\n');
    await serve(folder, ['--script', 'turns.json'], async (url) => {
      const answer = await fetch(`${url}/v1/messages`, { method: 'POST', body });
      expect(await answer.json()).toMatchObject({
        content: [{ name: 'Write', input: { file_path: 'out.md', content: 'Held by reviewer.\n' } }],
      });
    });
  });

  it('speaks JSON lines to a program', async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'turns.json'), '{"roles":{"reviewer":[{"turns":[],"say":"Fine."}]}}');
    const { out } = await serve(folder, ['--json', '--script', 'turns.json'], ask);
    const lines = out
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as unknown);
    expect(lines).toMatchObject([
      { type: 'listening', ledger: null },
      { type: 'request', n: 1 },
    ]);
  });

  it('refuses what it cannot play, with the line and the way forward', async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'bad.yaml'), 'roles:\n  reviewer:\n    - turn: []\n');
    const bad = await line(folder, ['simulate-provider', '--script', 'bad.yaml']);
    expect([bad.code, bad.err]).toEqual([
      64,
      expect.stringMatching(/bad\.yaml, line 3: "roles\.reviewer\[0\]\.turns" is missing/),
    ]);
    expect((await line(folder, ['simulate-provider', '--script', 'none.yaml'])).code).toBe(64);
    expect((await line(folder, ['simulate-provider', '--port', '70000'])).err).toContain(
      '"70000" is no port',
    );
  });
});
