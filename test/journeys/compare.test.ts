/**
 * Arms of a comparison worked for real: worktrees, sessions, receipts. The agent is scripted and asks no model, so the
 * figures are its own nothing; what is shown is that each arm gets the same inputs and that a user's files stay.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { compare } from '../../src/domain/compare.ts';
import { digestText } from '../../src/effects/files.ts';
import { runArms, type ArmNews } from '../../src/runner/compare.ts';
import { artifactsOf, good, git, makeProject, removeProjects, self } from '../rig/journey.ts';

afterAll(removeProjects);

const page = (title: string, sections: readonly string[]): string =>
  `# ${title}\n\n${sections.map((each) => `## ${each}\n\nWords.\n`).join('\n')}`;
const spec = page('Spec', ['Goal', 'Mechanism', 'Acceptance criteria', 'Anti-scope', 'Open questions']);
const work = [
  { write: { path: 'coordination/specs/Q-{round}-SPEC.md', text: spec } },
  {
    write: {
      path: 'coordination/logs/ROUND-{round}-SUMMARY.md',
      text: page('Summary', ['Outcome', 'Open items']),
    },
  },
  ...artifactsOf('implementer'),
  { handoff: { 'next-role': 'human', status: 'ROUND-COMPLETE' } },
];

it('works each arm on the same inputs in a worktree of its own, and leaves what is the user’s', async () => {
  const project = await makeProject({
    scenario: { architect: [good('architect', 'implementer')], implementer: [work] },
    // The script writes what either tier asks for, so one of them has a file too many.
    settings: { gates: { 'write-policy': { off: true } } },
    git: true,
    files: {
      'task.md': '# What is wanted\n',
      '.gitignore': '.next-role/\n',
      // Two roles are enough to see an arm of several work.
      'coordination/state/tiers.yaml': 'full:\n  about: two roles\n  roles: [architect, implementer]\n',
    },
  });
  writeFileSync(join(project.root, 'task.md'), '# What is wanted, not committed\n');
  const before = {
    status: git(project.root, 'status', '--porcelain'),
    head: git(project.root, 'rev-parse', 'HEAD'),
  };
  const news: ArmNews[] = [];
  const end = await runArms({
    project,
    spec: join(project.root, 'task.md'),
    frozenSpec: null,
    arms: ['roles', 'single'],
    repetitions: 1,
    stamp: 'now',
    tell: (each) => news.push(each),
    publish: () => undefined,
    signal: new AbortController().signal,
    self,
  });
  if (end.type !== 'ran') throw new Error(end.message);
  expect(end.unfinished).toEqual([]);
  expect(end.arms.map(({ name, runs }) => [name, runs.length])).toEqual([
    ['roles', 1],
    ['single', 1],
  ]);
  expect(news.map(({ arm, text }) => `${arm} ${text}`).slice(0, 2)).toEqual([
    'roles started',
    'roles finished',
  ]);
  const { confounded } = compare(end.arms, { base: 'roles', tierIsTheArm: true });
  expect(confounded.filter(({ what }) => what !== 'models')).toEqual([]);
  const [roles, single] = end.arms.map(({ runs }) => runs[0].receipt);
  expect([roles?.inputs?.tier, single?.inputs?.tier]).toEqual(['full', 'solo']);
  expect(roles?.inputs?.prompts).toMatch(/^[0-9a-f]{64}$/);
  // What was made is kept.
  expect(end.kept.map((path) => path.split('/').at(-1))).toEqual(['roles-1', 'single-1']);
  for (const tree of end.kept) {
    expect(readFileSync(join(tree, 'coordination/PRD.md'), 'utf8')).toBe('# What is wanted, not committed\n');
    expect(existsSync(join(tree, 'src/work.txt'))).toBe(true);
    expect(existsSync(`${tree}.json`)).toBe(true);
  }
  expect(existsSync(join(project.root, 'src/work.txt'))).toBe(false);
  expect(git(project.root, 'status', '--porcelain')).toBe(before.status);
  expect(git(project.root, 'rev-parse', 'HEAD')).toBe(before.head);
}, 120_000);

it('gives every arm the frozen spec, byte for byte, and nobody the turn in which it would be written', async () => {
  const project = await makeProject({
    scenario: {
      implementer: [
        [...artifactsOf('implementer'), { handoff: { 'next-role': 'human', status: 'ROUND-COMPLETE' } }],
      ],
    },
    git: true,
    files: {
      'task.md': '# What is wanted\n',
      'spec.md': spec,
      '.gitignore': '.next-role/\n',
      'coordination/state/tiers.yaml': 'full:\n  about: two roles\n  roles: [architect, implementer]\n',
    },
  });
  const end = await runArms({
    project,
    spec: join(project.root, 'task.md'),
    frozenSpec: join(project.root, 'spec.md'),
    arms: ['roles'],
    repetitions: 1,
    stamp: 'now',
    tell: () => undefined,
    publish: () => undefined,
    signal: new AbortController().signal,
    self,
  });
  if (end.type !== 'ran') throw new Error(end.message);
  const [receipt] = end.arms.flatMap(({ runs }) => runs.map((each) => each.receipt));
  expect(receipt?.sessions.map(({ role }) => role)).toEqual(['implementer']);
  expect(receipt?.inputs?.spec).toBe(digestText(spec));
});

it('refuses without a commit to start from', async () => {
  const project = await makeProject({ scenario: {}, files: { 'task.md': 'x' } });
  const end = await runArms({
    project,
    spec: join(project.root, 'task.md'),
    frozenSpec: null,
    arms: ['roles', 'single'],
    repetitions: 1,
    stamp: 'now',
    tell: () => undefined,
    publish: () => undefined,
    signal: new AbortController().signal,
    self,
  });
  expect(end).toMatchObject({ type: 'refused', hint: expect.stringContaining('git commit') as string });
});
