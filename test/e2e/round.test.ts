/**
 * The main job with the real Claude Code program: one full-tier round on a git repository, a question in the middle
 * that a person answers by saving the file, then ROUND-COMPLETE. Only the model API is ours, on the loopback address.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { edit } from '../../src/protocol/codec.ts';
import type { Project } from '../../src/protocol/project.ts';
import { replayFile } from '../../src/runner/replay.ts';
import { claudeEnv, claudeProgram } from '../rig/claude.ts';
import {
  fileOf,
  git,
  handoff as handoffOf,
  handoffText,
  makeProject,
  removeProjects,
  start,
  type Step,
} from '../rig/journey.ts';
import { artifactsOf } from '../rig/journey.ts';
import { startModelApi, type ModelApi } from '../../src/server/provider/api.ts';
import type { ToolCall } from '../../src/server/provider/exchange.ts';
import { playScript } from '../../src/server/provider/play.ts';
import { roleScript, type RoleTurn } from '../rig/role-script.ts';
import { saves } from '../rig/saves.ts';

const config = mkdtempSync(join(tmpdir(), 'next-role-claude-'));
const before = { ...process.env };
let api: ModelApi | null = null;

afterEach(async () => {
  await api?.close();
  for (const name of Object.keys(process.env))
    if (!(name in before)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, before);
});
afterAll(() => {
  removeProjects();
  rmSync(config, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

/** What the model does in a role: writes the owed files, then edits the header it has just read. */
function turn(project: Project, role: string, header: string, round = 'R01'): RoleTurn {
  return { calls: [...writes(project, role, round), ...edits(project, header)], text: `${role} is done.` };
}

function writes(project: Project, role: string, round: string): readonly ToolCall[] {
  const fill = (text: string): string =>
    text.replaceAll('{round}', round).replaceAll('{role}', role).replaceAll('{visit}', '1');
  return artifactsOf(role).map((step: Step) => {
    const { path, text } = step['write'] as { path: string; text: string };
    return { name: 'Write', input: { file_path: join(project.root, fill(path)), content: fill(text) } };
  });
}

/** Claude Code wants a file to be read before it is edited; the header stands below it as the runner claimed it. */
function edits(project: Project, header: string): readonly ToolCall[] {
  return [
    { name: 'Read', input: { file_path: project.handoff } },
    {
      name: 'Edit',
      input: { file_path: project.handoff, old_string: 'status: WORKING', new_string: header },
    },
  ];
}

const question = [
  'status: ESCALATE',
  'escalation:',
  '  question: The spec says 1 h, the API says 24 h. Which one rules?',
  '  options:',
  '    A: { do: Follow the spec, then: hourly refresh }',
  '    B: { do: Follow the API, then: AC-4 changes }',
  '  recommended: B',
].join('\n');

describe('a full-tier round with the real Claude Code', () => {
  it.each(saves)(
    'asks in the middle, is answered by a save %s, and ends complete after five sessions',
    async (_, save) => {
      const project = await makeProject({
        scenario: {},
        git: true,
        settings: {
          agent: 'claude',
          agents: { claude: { kind: 'claude', run: claudeProgram, env: ['HOME'] } },
        },
      });
      const script = roleScript({
        roles: {
          architect: turn(project, 'architect', 'status: READY'),
          implementer: (_asked, request) =>
            request.prompt.includes('What the human decided')
              ? turn(project, 'implementer', 'status: READY')
              : { calls: edits(project, question), text: 'I must ask.' },
          reviewer: turn(project, 'reviewer', 'status: MERGE-READY'),
          memorial: turn(project, 'memorial', 'status: ROUND-COMPLETE'),
        },
      });
      api = await startModelApi(script);
      Object.assign(process.env, claudeEnv(api.url, config));

      const journey = start(project);
      await journey.inState('parked');
      expect(journey.sessions()).toEqual(['architect', 'implementer']);
      const edited = edit(handoffText(project), { answer: 'B', note: 'the API team agreed' });
      if (!edited.ok) throw new Error(JSON.stringify(edited.problems));
      save(project.handoff, edited.text);

      expect(await journey.end).toMatchObject({ type: 'rest', situation: { state: 'finished', rest: 0 } });
      expect(journey.sessions()).toEqual(['architect', 'implementer', 'implementer', 'reviewer', 'memorial']);
      expect(handoffText(project)).toContain('status: ROUND-COMPLETE');
      expect(fileOf(project, 'coordination/decisions/D-R01-implementer-1.md')).toContain(
        'the API team agreed',
      );
      expect(git(project.root, 'log', '--format=%s')).toContain('chore(R01): memorial ended the round');
      // What reached the model: our one system text for every role, and the answer only where it belongs.
      const prompts = api.requests.filter((request) => request.toolResults === 0);
      expect(prompts).toHaveLength(5);
      expect(prompts.every((request) => request.system.includes('one session of a round'))).toBe(true);
      expect(prompts.map((request) => request.prompt.includes('the API team agreed'))).toEqual([
        false,
        false,
        true,
        true,
        true,
      ]);
      const outcomes = journey.endings();
      expect(outcomes.map(({ outcome }) => outcome.type)).toEqual(['done', 'done', 'done', 'done', 'done']);
      expect(outcomes.every(({ leftovers, costUsd }) => leftovers === 0 && costUsd !== null)).toBe(true);
      expect(replayFile(join(project.own, 'journal.jsonl')).differences).toEqual([]);
    },
  );
});

describe('a round whose frontier model', () => {
  const cases = [
    // Claude Code itself goes on with the fallback it was given, in the same session.
    ['is overloaded', { kind: 'overloaded' }, 1],
    // It does not at a limit: its session ends, and the next one has the fallback.
    ['has no room left', { kind: 'rate-limit', retryAfter: 3_600 }, 2],
  ] as const;

  it.each(cases)('%s goes on with the fallback at once, and spends no attempt', async (_, fail, sessions) => {
    const project = await makeProject({
      scenario: {},
      handoff: handoffOf({ tier: 'solo', 'next-role': 'implementer', preset: 'frontier' }),
      settings: {
        agent: 'claude',
        agents: { claude: { kind: 'claude', run: claudeProgram, env: ['HOME'] } },
      },
    });
    const steps = [
      ...artifactsOf('implementer', 'solo').map((step) => ({
        write: step['write'] as { path: string; text: string },
      })),
      { edit: { path: 'coordination/NEXT-ROLE.md', from: 'status: WORKING', to: 'status: ROUND-COMPLETE' } },
    ];
    const turns = steps.map((step, at) => (at === 0 ? { ...step, fail: { ...fail, model: 'opus' } } : step));
    api = await startModelApi(playScript({ roles: { implementer: [{ turns, say: 'Done.' }] } }));
    Object.assign(process.env, claudeEnv(api.url, config));

    const journey = start(project);
    expect((await journey.end).type).toBe('rest');
    expect(handoffText(project)).toContain('status: ROUND-COMPLETE');
    const orders = journey.orders();
    const given = [
      ['opus', ['sonnet'], 1, 1],
      ['sonnet', [], 1, 1],
    ];
    expect(orders.map(({ model, fallbacks, visit, attempt }) => [model, fallbacks, visit, attempt])).toEqual(
      given.slice(0, sessions),
    );
    expect(orders[0]?.because).toContain('implementer is class frontier → opus');
    expect(orders[1]?.because ?? []).toEqual(
      sessions === 1
        ? []
        : expect.arrayContaining([
            'opus met "rate-limited", which spends no attempt',
            'opus was overloaded or at its limit → fallback sonnet',
          ]),
    );
    const last = journey.endings().at(-1);
    expect([last?.outcome, journey.endings().length]).toEqual([{ type: 'done' }, sessions]);
    expect(last?.model).toContain('sonnet');
    // What reached the provider: the one model until it was given up, then the other alone.
    const asked = api.requests.filter(({ tools }) => tools.length > 0).map(({ model }) => model);
    const from = asked.findIndex((model) => model.includes('sonnet'));
    expect(from).toBeGreaterThan(0);
    expect(asked.map((model) => model.includes('opus'))).toEqual(asked.map((__, at) => at < from));
    expect(replayFile(join(project.own, 'journal.jsonl')).differences).toEqual([]);
  });
});
