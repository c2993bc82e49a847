/**
 * Rounds of the real Claude Code, Codex and Gemini CLI, all playing one script on the simulated provider, and what their
 * sessions are said to have used: equal, to the token, to what the provider served. A request that had to be tried again
 * and, with Codex, a question in the middle are part of it.
 */
import { afterAll, describe, expect, it, vi } from 'vitest';
import { edit } from '../../src/protocol/codec.ts';
import type { Receipt } from '../../src/protocol/receipt.ts';
import { promptTokensOf, sumUsage } from '../../src/protocol/usage.ts';
import type { ModelApi } from '../../src/server/provider/api.ts';
import { totalsByModel } from '../../src/server/provider/ledger.ts';
import { playScript } from '../../src/server/provider/play.ts';
import { line } from '../cli/shell.ts';
import { endings, open, servedPico, told, works } from '../rig/books.ts';
import type { Opened, Told } from '../rig/books.ts';
import { handoffText, play, removeProjects, start } from '../rig/journey.ts';
import { saves } from '../rig/saves.ts';

afterAll(removeProjects);

const question = [
  'status: ESCALATE',
  'escalation:',
  '  question: Which one rules?',
  '  options:',
  '    A: { do: Follow the spec, then: hourly refresh }',
  '    B: { do: Follow the API, then: AC-4 changes }',
].join('\n');

function expectEqualBooks(api: ModelApi, journey: Told): void {
  expect(told(endings(journey))).toEqual(totalsByModel(api.ledger));
  // Something was served, something came from the cache, and something had to be asked for twice.
  const served = sumUsage(Object.values(totalsByModel(api.ledger)));
  expect(Math.min(promptTokensOf(served), served.output, served.cacheRead)).toBeGreaterThan(0);
  expect(api.ledger.some(({ usage }) => usage === null)).toBe(true);
}

/** The receipt that a person asks for, against the provider's entries: every token, and the money to the last digit. */
async function expectEqualReceipt({ api, project }: Opened, complete = true): Promise<void> {
  const { code, out } = await line(project.root, ['cost', '--json']);
  expect(code).toBe(0);
  const { totals, orchestration } = JSON.parse(out) as Receipt;
  expect(totals.usage).toEqual(sumUsage(Object.values(totalsByModel(api.ledger))));
  expect(totals).toMatchObject({ complete, unknown: 0, unpriced: [] });
  const pico = servedPico(api.ledger);
  expect(pico).toBeGreaterThan(0n);
  expect(totals.usd).toBe(Number(`${pico}e-12`));
  expect(orchestration).toMatchObject({ tokens: 0, running: 0, inReceipt: totals.sessions });
}

/** One answered step, then a request that is never answered. */
const hanging = playScript({
  roles: {
    implementer: [{ turns: [{ run: 'date' }, { run: 'date', fail: { kind: 'hang' } }], say: 'never' }],
  },
});

describe('the books of a session that was killed agree with the provider', () => {
  it.each([
    ['claude', 'sonnet'],
    ['codex', 'gpt-5.5'],
    ['gemini', 'gemini-3.8-flash'],
  ] as const)('%s: by the record it left', async (name, model) => {
    const { api, project } = await open(name, hanging, 'one', model);
    const journey = start(project);
    await vi.waitUntil(() => api.ledger.some(({ status }) => status === null), { timeout: 60_000 });
    journey.stop();
    await journey.end;
    expect(endings(journey)).toMatchObject([
      { outcome: { type: 'stopped' }, usage: { source: 'transcript' } },
    ]);
    expect(told(endings(journey))).toEqual(totalsByModel(api.ledger));
    // A request was under way, of which only the provider could tell: what is known is the least it can be.
    await expectEqualReceipt({ api, project }, false);
    expect(api.ledger.map(({ usage }) => usage !== null)).toEqual([true, false]);
  });
});

describe('the books of a round agree with the provider', () => {
  it('Codex: a round of two roles with a question in the middle', async () => {
    const script = playScript({
      roles: {
        implementer: [
          works('implementer', 'status: READY', 'What the human decided'),
          {
            turns: [{ edit: { path: 'coordination/NEXT-ROLE.md', from: 'status: WORKING', to: question } }],
            say: 'I must ask.',
          },
        ],
        reviewer: [works('reviewer', 'status: MERGE-READY')],
      },
    });
    const { api, project } = await open('codex', script, 'pair', 'gpt-5.5');
    const asking = await play(project, (situation) => situation.rest !== null);
    expect(asking.ended).toMatchObject({ type: 'rest', situation: { rest: 2 } });
    const edited = edit(handoffText(project), { answer: 'B' });
    if (!edited.ok) throw new Error(JSON.stringify(edited.problems));
    saves[0]?.[1](project.handoff, edited.text);
    const journey = await play(project, (situation) => situation.rest !== null);
    expect(journey.ended).toMatchObject({ type: 'rest', situation: { state: 'finished' } });
    expect([...asking.sessions(), ...journey.sessions()]).toEqual(['implementer', 'implementer', 'reviewer']);
    const both = { notices: [...asking.notices, ...journey.notices] };
    expect(endings(both)).toMatchObject(
      Array(3).fill({ outcome: { type: 'done' }, leftovers: 0, usage: { source: 'result' } }),
    );
    expectEqualBooks(api, both);
    await expectEqualReceipt({ api, project });
    // Our system text stands before the prompt, and neither AGENTS.md nor plug-ins cost a request.
    expect(api.requests.every(({ prompt }) => prompt.includes('one session of a round'))).toBe(true);
  });

  it.each([
    ['claude', 'sonnet'],
    ['gemini', 'gemini-3.8-flash'],
  ] as const)('%s: a round of one role', async (name, model) => {
    const script = playScript({ roles: { implementer: [works('implementer', 'status: ROUND-COMPLETE')] } });
    const { api, project } = await open(name, script, 'one', model);
    const journey = await play(project, (situation) => situation.rest !== null);
    expect(journey.ended).toMatchObject({ type: 'rest', situation: { state: 'finished' } });
    expect(endings(journey)).toMatchObject([
      { outcome: { type: 'done' }, leftovers: 0, usage: { source: 'result' } },
    ]);
    expectEqualBooks(api, journey);
    await expectEqualReceipt({ api, project });
  });
});
