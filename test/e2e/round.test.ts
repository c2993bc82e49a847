/**
 * The main job with the real Claude Code program: one full-tier round on a git repository, a question in the middle
 * that a person answers by saving the file, then ROUND-COMPLETE; a round whose model is overloaded; and one whose roles
 * leave their briefs. Only the model API is ours, on the loopback address.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { firstLine, systemText } from '../../src/domain/brief.ts';
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
import { line } from '../cli/shell.ts';

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

function writes(project: Pick<Project, 'root'>, role: string, round: string): readonly ToolCall[] {
  const fill = (text: string): string =>
    text.replaceAll('{round}', round).replaceAll('{role}', role).replaceAll('{visit}', '1');
  return artifactsOf(role).map((step: Step) => {
    const { path, text } = step['write'] as { path: string; text: string };
    return { name: 'Write', input: { file_path: join(project.root, fill(path)), content: fill(text) } };
  });
}

/** Claude Code wants a file to be read before it is edited; the header stands below it as the runner claimed it. */
function edits(project: Pick<Project, 'handoff'>, header: string): readonly ToolCall[] {
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

/** The bytes that a provider's cache can share between sessions, as Claude Code really sends them. */
function expectSharedBeginning(bodies: readonly string[]): void {
  type Text = { readonly text: string };
  type Body = {
    readonly model: string;
    readonly tools: readonly { readonly name: string }[];
    readonly system: readonly [Text, ...Text[]];
    readonly messages: readonly [{ readonly content: readonly [Text] | string }];
  };
  const read = bodies.map((body) => JSON.parse(body) as Body);
  const same = (what: (body: Body) => unknown, by: (body: Body) => unknown = () => ''): void => {
    const kinds = new Map(read.map((body) => [JSON.stringify(by(body)), new Set<string>()]));
    for (const body of read) kinds.get(JSON.stringify(by(body)))?.add(JSON.stringify(what(body)));
    expect([...kinds.values()].map(({ size }) => size)).toEqual([...kinds].map(() => 1));
  };
  // Ours stands last in the system text, the same for all; what stands before it is the program's, the same for a model.
  expect(read.every(({ system }) => system.at(-1)?.text.endsWith(systemText) === true)).toBe(true);
  same(
    ({ system }) => system,
    ({ model }) => model,
  );
  // The first system block carries a hash of characters 4, 7 and 20 of the first message.
  same(({ system }) => system[0]);
  same(({ messages: [{ content }] }) =>
    (typeof content === 'string' ? content : content[0].text).slice(0, firstLine.length),
  );
  // A role has the tools of its contract and no others; the same tools are the same bytes, in one order.
  const order = ['Bash', 'Edit', 'Glob', 'Grep', 'Read', 'DeferredToolPlaceholder', 'Write'];
  for (const { tools } of read) {
    const names = tools.map(({ name }) => name);
    expect(names).toEqual(order.filter((name) => name !== 'Bash' || names.includes('Bash')));
  }
  same(
    ({ tools }) => tools,
    ({ tools }) => tools.map(({ name }) => name),
  );
}

describe('a full-tier round with the real Claude Code', () => {
  // The other ways to save are played by test/journeys/round.test.ts: an agent knows nothing of them.
  it.each(saves.slice(-1))(
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
      expectSharedBeginning(prompts.map(({ raw }) => raw));
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

describe('a red gate with the real Claude Code', () => {
  it('goes back into the very conversation of the builder, with the trimmed output of the command', async () => {
    const check = [
      'n=0; while [ $n -lt 300 ]; do echo "ok $n"; n=$((n+1)); done',
      'grep -q right src/work.txt || { echo "AC-6: src/work.txt says $(cat src/work.txt)"; exit 1; }',
      '',
    ].join('\n');
    const project = await makeProject({
      scenario: {},
      handoff: handoffOf({ tier: 'build', 'next-role': 'implementer' }),
      files: {
        'check.sh': check,
        'coordination/state/tiers.yaml': 'build: { about: one who builds, roles: [implementer] }\n',
      },
      settings: {
        agent: 'claude',
        agents: { claude: { kind: 'claude', run: claudeProgram, env: ['HOME'] } },
        gates: { tests: { command: 'sh check.sh' } },
      },
    });
    const work = join(project.root, 'src/work.txt');
    const ends = edits(project, 'status: ROUND-COMPLETE');
    const script = roleScript({
      roles: {
        implementer: (_asked, request) =>
          request.prompt.includes('Mend only this')
            ? {
                calls: [
                  { name: 'Edit', input: { file_path: work, old_string: 'wrong', new_string: 'right' } },
                  ...ends,
                ],
                text: 'Now it is right.',
              }
            : {
                calls: [{ name: 'Write', input: { file_path: work, content: 'wrong\n' } }, ...ends],
                text: 'I looked at AC-6 and am sure.',
              },
      },
    });
    api = await startModelApi(script);
    Object.assign(process.env, claudeEnv(api.url, config));

    const journey = start(project, ({ rest }) => rest !== null);
    expect((await journey.end).type).toBe('rest');
    expect(handoffText(project)).toContain('status: ROUND-COMPLETE');
    const [first, second] = journey.endings();
    const [, mending] = journey.orders();
    expect(journey.orders()).toHaveLength(2);
    expect(mending).toMatchObject({ role: 'implementer', kind: 'repair', resumeOf: first?.sessionId });
    expect(second?.sessionId).toBe(first?.sessionId);
    const asked = api.requests.find(
      ({ prompt, toolResults }) => toolResults === 0 && prompt.includes('Mend only this'),
    );
    expect(asked?.prompt).toContain('AC-6: src/work.txt says wrong');
    expect(asked?.prompt).toMatch(/ok 14\n… \d+ lines left out …\nok \d+/);
    expect(asked?.prompt).not.toContain('ok 100\n');
    // What it said and did before is still in front of it.
    expect(asked?.raw).toContain('I looked at AC-6 and am sure.');
    expect(fileOf(project, 'src/work.txt')).toBe('right\n');
  });
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

/** What `next-role audit --json` says of a session, as far as it is looked at here. */
type Proof = {
  readonly manifest: {
    readonly role: string;
    readonly hidden: readonly string[];
    readonly isolated: string | null;
  };
  readonly touches: readonly {
    readonly tool: string;
    readonly target: string | null;
    readonly end: string;
  }[];
  readonly findings: readonly { readonly id: string; readonly severity: string; readonly text: string }[];
  readonly counts: boolean;
  readonly clean: boolean;
};

describe('a round whose roles leave their briefs', () => {
  it('refuses the reviewer the log, sends the implementer back for the PRD, and `audit` proves both', async () => {
    const log = 'coordination/logs/IMPLEMENTER-R01.log';
    const secret = 'I was never sure about the tests.';
    const project = await makeProject({
      scenario: {},
      git: true,
      handoff: handoffOf({ tier: 'pair', 'next-role': 'implementer' }),
      files: {
        'coordination/state/tiers.yaml': 'pair: { about: Two., roles: [implementer, reviewer] }\n',
        [log]: `${secret}\n`,
      },
      settings: {
        agent: 'claude',
        agents: { claude: { kind: 'claude', run: claudeProgram, env: ['HOME'] } },
        isolation: 'worktree',
      },
    });
    const bash = (command: string): ToolCall => ({ name: 'Bash', input: { command, description: 'a step' } });
    const file = (path: string): string => join(project.root, path);
    const weaker = { file_path: file('coordination/PRD.md'), content: '# Weaker\n' };
    const script = roleScript({
      roles: {
        implementer: (_asked, { prompt }) =>
          prompt.includes('write-policy in coordination/PRD.md')
            ? { calls: [bash('git checkout -- coordination/PRD.md')], text: 'As it was.' }
            : {
                // Its own writing tool is refused there; a program of its shell is not.
                calls: [
                  { name: 'Read', input: { file_path: weaker.file_path } },
                  { name: 'Write', input: weaker },
                  bash(`node -e "require('fs').writeFileSync('coordination/PRD.md', '# Weaker')"`),
                  ...edits(project, 'status: READY'),
                ],
                text: 'Done.',
              },
        // Works in a copy: looks for the log there, and where the project has it.
        reviewer: (_asked, { cwd }) => {
          const copy = { root: cwd ?? '', handoff: join(cwd ?? '', project.handoffName) };
          return {
            calls: [
              { name: 'Read', input: { file_path: join(copy.root, log) } },
              { name: 'Read', input: { file_path: file(log) } },
              bash(`ls ${dirname(log)}`),
              ...writes(copy, 'reviewer', 'R01'),
              ...edits(copy, 'status: MERGE-READY'),
            ],
            text: 'Done.',
          };
        },
      },
    });
    api = await startModelApi(script);
    Object.assign(process.env, claudeEnv(api.url, config));

    const journey = start(project);
    expect(await journey.end).toMatchObject({ type: 'rest', situation: { state: 'finished', rest: 0 } });
    expect(journey.sessions()).toEqual(['implementer', 'implementer', 'reviewer']);
    expect(fileOf(project, 'coordination/PRD.md')).toBe('# PRD\n');
    // No byte of what is hidden ever reached the model: the reading was refused.
    expect(api.requests.filter(({ raw }) => raw.includes(secret))).toEqual([]);

    const { out, code } = await line(project.root, ['audit', 'R01', '--json']);
    const { clean, sessions } = JSON.parse(out) as { clean: boolean; sessions: readonly Proof[] };
    expect([code, clean]).toEqual([0, true]);
    const found = sessions.map(({ manifest, counts, clean: isClean, findings }) => [
      manifest.role,
      counts,
      isClean,
      ...findings.map(({ id, severity }) => `${severity} ${id}`),
    ]);
    expect(found).toEqual([
      ['implementer', false, false, 'MAJOR write-policy:coordination/PRD.md'],
      // What was refused is told again, as an attempt of this role; nothing of it stands any more.
      ['implementer', true, true, 'OBS write-policy:coordination/PRD.md'],
      ['reviewer', true, true, `OBS hidden-read:${log}`, `OBS hidden-read:${dirname(log)}`],
    ]);
    expect(sessions[0]?.touches).toContainEqual(
      expect.objectContaining({ tool: 'Write', target: 'coordination/PRD.md', end: 'refused' }),
    );
    expect(sessions[2]?.manifest.hidden).toContain('coordination/logs/');
    expect(sessions[2]?.manifest.isolated).toContain('copies');
    // It is not in the copy, and is refused there as it is where the project has it.
    expect(sessions[2]?.touches.slice(0, 3).map(({ tool, target, end }) => [tool, target, end])).toEqual([
      ['Read', `${sessions[2]?.manifest.isolated ?? ''}/${log}`, 'refused'],
      ['Read', file(log), 'refused'],
      ['Bash', `ls ${dirname(log)}`, 'refused'],
    ]);

    const screen = (await line(project.root, ['audit', 'R01'])).out;
    expect(screen).toContain('Round R01: every role kept to its brief (3 sessions)');
    expect(screen).toContain('MAJOR write-policy in coordination/PRD.md');
    expect(screen).toContain(`OBS hidden-read in ${log}`);
    expect(screen).toMatch(/Write coordination\/PRD\.md +1 +refused/);
    expect(replayFile(join(project.own, 'journal.jsonl')).differences).toEqual([]);
  });
});
