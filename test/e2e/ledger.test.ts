/**
 * Rounds of the real Claude Code, Codex and Gemini CLI, all playing one script on the simulated provider, and what their
 * sessions are said to have used: equal, to the token, to what the provider served. A request that had to be tried again
 * and, with Codex, a question in the middle are part of it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { edit } from '../../src/protocol/codec.ts';
import type { ScriptPart } from '../../src/protocol/modelscript.ts';
import { promptTokensOf, sumUsage } from '../../src/protocol/usage.ts';
import type { SessionUsage, Usage } from '../../src/protocol/usage.ts';
import { startModelApi } from '../../src/server/provider/api.ts';
import type { ModelApi } from '../../src/server/provider/api.ts';
import type { ModelScript } from '../../src/server/provider/exchange.ts';
import { totalsByModel } from '../../src/server/provider/ledger.ts';
import { playScript } from '../../src/server/provider/play.ts';
import { clientEnv, clientSettings } from '../rig/clients.ts';
import type { ClientName } from '../rig/clients.ts';
import {
  artifactsOf,
  handoff,
  handoffText,
  makeProject,
  play,
  removeProjects,
  start,
} from '../rig/journey.ts';
import type { Journey } from '../rig/journey.ts';
import { saves } from '../rig/saves.ts';

const before = { ...process.env };
const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  for (const name of Object.keys(process.env))
    if (!(name in before)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, before);
});
afterAll(removeProjects);

/** Writes what the role owes, then hands over; the second step must be asked for twice. */
function works(role: string, header: string, when?: string): ScriptPart {
  const writes = artifactsOf(role).map((step) => ({
    write: step['write'] as { path: string; text: string },
  }));
  const hand = { edit: { path: 'coordination/NEXT-ROLE.md', from: 'status: WORKING', to: header } };
  const again = { kind: 'overloaded', times: 1 } as const;
  const turns = [...writes, { ...hand, thoughts: 9, fail: again }];
  return { ...(when === undefined ? {} : { when }), turns, say: `${role} is done.` };
}

const question = [
  'status: ESCALATE',
  'escalation:',
  '  question: Which one rules?',
  '  options:',
  '    A: { do: Follow the spec, then: hourly refresh }',
  '    B: { do: Follow the API, then: AC-4 changes }',
].join('\n');

/** Tiers in which an implementer owes no spec of its own. */
const tiers =
  'pair: { about: Two., roles: [implementer, reviewer] }\none: { about: One., roles: [implementer] }\n';

async function open(name: ClientName, script: ModelScript, tier: 'pair' | 'one', model: string) {
  const home = mkdtempSync(join(tmpdir(), `next-role-${name}-`));
  closers.push(() => rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  const api = await startModelApi(script, { accounting: true });
  closers.push(() => api.close());
  const project = await makeProject({
    scenario: {},
    git: true,
    handoff: handoff({ tier, 'next-role': 'implementer' }),
    files: { 'coordination/state/tiers.yaml': tiers },
    settings: {
      agent: name,
      agents: { [name]: clientSettings(name, api.url) },
      roles: { implementer: { model }, reviewer: { model } },
    },
  });
  Object.assign(process.env, clientEnv(name, api.url, home));
  return { api, project };
}

type Told = Pick<Journey, 'notices'>;
type Ended = {
  readonly outcome: string;
  readonly usage: SessionUsage | null;
  readonly leftovers: number;
};

function endings({ notices }: Told): readonly Ended[] {
  return notices.flatMap((notice) =>
    notice.type === 'decided' && notice.event.type === 'ENDED'
      ? [
          {
            outcome: notice.event.outcome.type,
            usage: notice.event.usage,
            leftovers: notice.event.leftovers,
          },
        ]
      : [],
  );
}

/** What all sessions together are said to have used, by model. */
function told(journey: Told): Readonly<Record<string, Usage>> {
  const rows = endings(journey).flatMap(({ usage }) => usage?.models ?? []);
  const models = [...new Set(rows.map(({ model }) => model ?? 'unknown'))];
  return Object.fromEntries(
    models.map((name) => [
      name,
      sumUsage(rows.filter(({ model }) => (model ?? 'unknown') === name).map(({ usage }) => usage)),
    ]),
  );
}

function expectEqualBooks(api: ModelApi, journey: Told): void {
  expect(told(journey)).toEqual(totalsByModel(api.ledger));
  // Something was served, something came from the cache, and something had to be asked for twice.
  const served = sumUsage(Object.values(totalsByModel(api.ledger)));
  expect(Math.min(promptTokensOf(served), served.output, served.cacheRead)).toBeGreaterThan(0);
  expect(api.ledger.some(({ usage }) => usage === null)).toBe(true);
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
    ['gemini', 'gemini-2.5-pro'],
  ] as const)('%s: by the record it left', async (name, model) => {
    const { api, project } = await open(name, hanging, 'one', model);
    const journey = start(project);
    await vi.waitUntil(() => api.ledger.some(({ status }) => status === null), { timeout: 60_000 });
    journey.stop();
    await journey.end;
    expect(endings(journey)).toMatchObject([{ outcome: 'stopped', usage: { source: 'transcript' } }]);
    expect(told(journey)).toEqual(totalsByModel(api.ledger));
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
      Array(3).fill({ outcome: 'done', leftovers: 0, usage: { source: 'result' } }),
    );
    expectEqualBooks(api, both);
    // Our system text stands before the prompt, and neither AGENTS.md nor plug-ins cost a request.
    expect(api.requests.every(({ prompt }) => prompt.includes('one session of a round'))).toBe(true);
  });

  it.each([
    ['claude', 'sonnet'],
    ['gemini', 'gemini-2.5-pro'],
  ] as const)('%s: a round of one role', async (name, model) => {
    const script = playScript({ roles: { implementer: [works('implementer', 'status: ROUND-COMPLETE')] } });
    const { api, project } = await open(name, script, 'one', model);
    const journey = await play(project, (situation) => situation.rest !== null);
    expect(journey.ended).toMatchObject({ type: 'rest', situation: { state: 'finished' } });
    expect(endings(journey)).toMatchObject([{ outcome: 'done', leftovers: 0, usage: { source: 'result' } }]);
    expectEqualBooks(api, journey);
  });
});
