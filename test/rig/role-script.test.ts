import { describe, expect, it } from 'vitest';
import { readRoleLine } from '../../src/server/provider/exchange.ts';
import type { ModelReply } from '../../src/server/provider/exchange.ts';
import { messagesWire } from '../../src/server/provider/messages.ts';
import { roleScript } from './role-script.ts';

/** Asks a script with a prompt and so many tool results behind it. */
async function ask(script: ReturnType<typeof roleScript>, prompt: string, results = 0): Promise<ModelReply> {
  const past = Array.from({ length: results }, (_, k) => ({
    role: 'user',
    content: [{ type: 'tool_result', tool_use_id: `t${k}`, content: 'ok' }],
  }));
  const raw = JSON.stringify({ messages: [{ role: 'user', content: prompt }, ...past] });
  return script(messagesWire.read({ raw, path: '/v1/messages', headers: {} }));
}

const write = (file: string) => ({ name: 'Write', input: { file_path: file, content: '' } });
const promptOf = (role: string, round = 'R07'): string =>
  `You work one round.\nRole: ${role} · Round: ${round}\nMore.`;

describe('roleScript()', () => {
  const script = roleScript({
    roles: {
      architect: { calls: [write('/spec'), write('/handoff')], text: 'Spec written.' },
      reviewer: ({ round }) => ({ calls: [write(`/report-${round}`)], text: 'Reviewed.' }),
    },
  });

  it('plays the calls of the role one by one, then its text, and again when asked again', async () => {
    expect(await ask(script, promptOf('architect'), 0)).toEqual({ tools: [write('/spec')] });
    expect(await ask(script, promptOf('architect'), 1)).toEqual({ tools: [write('/handoff')] });
    expect(await ask(script, promptOf('architect'), 2)).toEqual({ text: 'Spec written.' });
    expect(await ask(script, promptOf('architect'), 0)).toEqual({ tools: [write('/spec')] });
  });

  it('lets a role decide by the round', async () => {
    expect(await ask(script, promptOf('reviewer', 'R08'))).toEqual({ tools: [write('/report-R08')] });
  });

  it('refuses a role that is not in the plan, and names the ones that are', async () => {
    const reply = await ask(script, promptOf('memorial'));
    expect(reply).toMatchObject({ status: 400 });
    expect(JSON.stringify(reply)).toContain('architect, reviewer');
  });

  it('refuses a prompt of nobody', async () => {
    expect(await ask(script, 'Write a title.')).toMatchObject({ status: 400 });
  });
});

describe('readRoleLine()', () => {
  it.each([
    ['at the top', 'Role: reviewer · Round: R07\nWork.', { role: 'reviewer', round: 'R07' }],
    [
      'below a first line, with CRLF',
      'First.\r\nRole: reviewer · Round: R14a\r\n',
      { role: 'reviewer', round: 'R14a' },
    ],
    ['only inside a sentence', 'Say "Role: reviewer · Round: R07" now.', null],
    [
      'of two, the first',
      'Role: architect · Round: R1\nRole: reviewer · Round: R2',
      { role: 'architect', round: 'R1' },
    ],
    ['nowhere', '', null],
  ])('finds the line %s', (_, prompt, found) => {
    expect(readRoleLine(prompt)).toEqual(found);
  });
});
