/**
 * A temporary project whose agents are scripted by the test, and a run of it that the test can follow: every notice is
 * kept, and waiting is always for a condition with a bound. Sessions are real processes; the journal is a real file.
 */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Situation } from '../../src/domain/situation.ts';
import { projectAt } from '../../src/effects/project.ts';
import type { MachineEvent } from '../../src/protocol/event.ts';
import type { Notice } from '../../src/protocol/notice.ts';
import type { Project } from '../../src/protocol/project.ts';
import type { Order } from '../../src/protocol/session.ts';
import { run, type RunEnd } from '../../src/runner/run.ts';

/** This program as built: scripted sessions start it. `npm test` builds before it tests. */
export const self = [process.execPath, realpathSync('dist/bin/next-role.cjs')] as const;

export type Step = Readonly<Record<string, unknown>>;
export type Scenario = Readonly<Record<string, readonly (readonly Step[])[]>>;

export type ProjectOptions = {
  readonly scenario: Scenario;
  readonly handoff?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly git?: boolean;
  readonly files?: Readonly<Record<string, string>>;
};

const folders: string[] = [];

/** The front matter that a test project starts with. */
export function handoff(
  more: Readonly<Record<string, string>> = {},
  body = '\n## Directive\n\nDo the work.\n',
): string {
  const keys = { round: 'R01', 'next-role': 'architect', status: 'READY', tier: 'full', ...more };
  return `---\n${Object.entries(keys)
    .map(([key, value]) => `${key}: ${value}\n`)
    .join('')}---\n${body}`;
}

/** Makes a project in a folder of its own. */
export async function makeProject(options: ProjectOptions): Promise<Project> {
  const root = mkdtempSync(join(tmpdir(), 'next-role-journey-'));
  folders.push(root);
  const files: Record<string, string> = {
    'coordination/NEXT-ROLE.md': options.handoff ?? handoff(),
    'coordination/PRD.md': '# PRD\n',
    'coordination/next-role.yaml': stringify({
      agent: 'scripted',
      agents: { scripted: { kind: 'scripted', scenario: 'scenario.yaml' } },
      ...options.settings,
    }),
    'scenario.yaml': stringify({ about: 'a journey', roles: options.scenario }),
    ...options.files,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  if (options.git === true) {
    git(root, 'init', '-q', '-b', 'main');
    git(root, 'config', 'user.email', 'tester@example.invalid');
    git(root, 'config', 'user.name', 'Tester');
    git(root, 'add', '-A');
    git(root, 'commit', '-q', '-m', 'start');
  }
  const project = await projectAt(root);
  if (project === null) throw new Error('the project was not found');
  return project;
}

/** The same project in another folder, as it stands now. */
export async function copyOf(project: Project): Promise<Project> {
  const root = mkdtempSync(join(tmpdir(), 'next-role-journey-'));
  folders.push(root);
  cpSync(project.root, root, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  const copy = await projectAt(root);
  if (copy === null) throw new Error('the copy was not found');
  return copy;
}

export function git(root: string, ...args: readonly string[]): string {
  return execFileSync('git', [...args], { cwd: root, encoding: 'utf8' });
}

/** Removes every project of this test file. */
export function removeProjects(): void {
  for (const folder of folders.splice(0))
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

export function fileOf(project: Project, name: string): string {
  return readFileSync(join(project.root, name), 'utf8');
}

export function handoffText(project: Project): string {
  return readFileSync(project.handoff, 'utf8');
}

export function hasFile(project: Project, name: string): boolean {
  return existsSync(join(project.root, name));
}

/** A run in progress. */
export type Journey = {
  readonly notices: readonly Notice[];
  /** The states the round went through, in order. */
  states(): readonly string[];
  /** The roles whose sessions were started, in order. */
  sessions(): readonly string[];
  /** Their orders. */
  orders(): readonly Order[];
  /** How the sessions ended, in order. */
  endings(): readonly Extract<MachineEvent, { type: 'ENDED' }>[];
  /** Resolves with the first notice, past or future, that fits; rejects when the bound is over. */
  until(what: string, fits: (notice: Notice) => boolean): Promise<Notice>;
  /** Resolves when the round is in a state now. */
  inState(state: string): Promise<void>;
  stop(): void;
  readonly end: Promise<RunEnd>;
};

const waitMsMax = 45_000;

/** Starts running a project. By default it goes on until the round is finished or blocked. */
export function start(
  project: Project,
  until: (situation: Situation) => boolean = (situation) => situation.rest === 0 || situation.rest === 1,
): Journey {
  const notices: Notice[] = [];
  const waiting = new Set<() => void>();
  const controller = new AbortController();
  const publish = (notice: Notice): void => {
    notices.push(notice);
    for (const look of [...waiting]) look();
  };
  const end = run(project, { publish, signal: controller.signal, until, self });
  const states = (): readonly string[] =>
    notices.flatMap((notice) => (notice.type === 'decided' ? [notice.state.value] : []));
  const when = <T>(what: string, look: () => T | null): Promise<T> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        const found = look();
        if (found === null) return;
        clearTimeout(timer);
        waiting.delete(check);
        resolve(found);
      };
      const timer = setTimeout(() => {
        waiting.delete(check);
        reject(
          new Error(
            `Waited ${waitMsMax} ms for ${what}; states so far: ${states().join(' ')}; the file:\n${handoffText(project)}`,
          ),
        );
      }, waitMsMax);
      waiting.add(check);
      check();
    });
  return {
    notices,
    states,
    sessions: () =>
      notices.flatMap((notice) => (notice.type === 'session-started' ? [notice.order.role] : [])),
    orders: () => notices.flatMap((notice) => (notice.type === 'session-started' ? [notice.order] : [])),
    endings: () =>
      notices.flatMap((notice) =>
        notice.type === 'decided' && notice.event.type === 'ENDED' ? [notice.event] : [],
      ),
    until: (what, fits) => when(what, () => notices.find(fits) ?? null),
    inState: async (state) => {
      await when(`the state ${state}`, () => (states().at(-1) === state ? state : null));
    },
    stop: () => controller.abort(),
    end,
  };
}

/** Runs a project to its rest and gives the journey afterwards. */
export async function play(
  project: Project,
  until?: (situation: Situation) => boolean,
): Promise<Journey & { ended: RunEnd }> {
  const journey = start(project, until);
  const ended = await journey.end;
  return { ...journey, ended };
}

/** Steps of a role that does its work well: writes what it owes, then hands over. */
export function good(
  role: string,
  next: string,
  status = next === 'human' ? 'ROUND-COMPLETE' : 'READY',
): readonly Step[] {
  return [...artifactsOf(role), { handoff: { 'next-role': next, status } }];
}

/** The four roles of the full tier, each doing its work well in one session. */
export const goodRound: Scenario = {
  architect: [good('architect', 'implementer')],
  implementer: [good('implementer', 'reviewer')],
  reviewer: [good('reviewer', 'memorial', 'MERGE-READY')],
  memorial: [good('memorial', 'human')],
};

/** The files a role owes in a tier, each with the sections its shipped contract asks for. */
export function artifactsOf(role: string, tier = 'full'): readonly Step[] {
  const owed = owedBy(role, tier).map(({ path, sections = [] }) => ({
    write: {
      path,
      text: `# {role} {round} {visit}\n\n${sections.map((title) => `## ${title}\n\n${wordsUnder(title)}\n`).join('\n')}`,
    },
  }));
  if (owed.length > 0) return owed;
  return [{ write: { path: 'src/work.txt', text: 'work of {role} in {round}, visit {visit}\n' } }];
}

/** What a role would write under a heading; the questions of a grilling must be answered. */
function wordsUnder(title: string): string {
  if (title !== 'Grilling') return 'Words.';
  return [
    '- CRITICAL if it is wrong: the first line of the work.',
    '- Will surprise the next role: nothing that was looked for.',
    '- Could have been caught earlier: nothing that was found.',
  ].join('\n');
}

type Owed = {
  readonly path: string;
  readonly tiers?: readonly string[];
  readonly sections?: readonly string[];
};

/** Read from the shipped role, so that a journey cannot drift from it. */
function owedBy(role: string, tier: string): readonly Owed[] {
  const [, front = ''] = readFileSync(`roles/${role}.md`, 'utf8').split(/^---$/m);
  const { owes = [] } = parse(front) as { owes?: readonly Owed[] };
  return owes.filter(({ tiers = ['full'] }) => tiers.includes(tier));
}
