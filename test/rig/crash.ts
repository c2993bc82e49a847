/**
 * Kills the program at one step of a round, or makes that step fail, lets it go on, and says how the round ended. The
 * steps are counted by faults.mjs in an undisturbed round, so the list of points is complete by construction.
 */
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Project } from '../../src/protocol/project.ts';
import { resume } from '../../src/runner/answer.ts';
import { replayFile } from '../../src/runner/replay.ts';
import { copyOf, fileOf, git, handoffText, self } from './journey.ts';

export type Fault = {
  /** The step by its number, or the first of a name on a path that contains a word: the order of some steps is chance. */
  readonly at: number | { readonly name: string; readonly path: string };
  /** `kill`, `kill-after`, or a system error's code. */
  readonly act: string;
  readonly for?: number;
  readonly edit?: { readonly path: string; readonly text: string };
};

export type Ran = { readonly code: number | null; readonly signal: string | null; readonly said: string };

/** A command that hangs is a failed test, not a hung one. */
const runMsMax = 60_000;
/** Runs after which a round must be over; more means that it makes no progress. */
const runsMax = 6;
/** Points tried at the same time: a round waits for the disk and for its settle window half of its time. */
const lanes = availableParallelism() + 1;
/** Points between two words of how far it is. */
const tellEvery = 50;

/** Runs `next-role run` on a project under a fault, to its end. */
export function runUnder(project: Project, fault: Fault | null, trace?: string): Promise<Ran> {
  const { at = 0, ...rest } = fault ?? {};
  const settings = {
    root: project.root,
    ...rest,
    ...(typeof at === 'number' ? { at } : { first: at }),
    trace,
  };
  const [node, main] = self;
  const args = ['--import', realpathSync('test/rig/faults.mjs'), main, 'run', '--dir', project.root];
  const env = { ...process.env, NEXT_ROLE_FAULT: JSON.stringify(settings), NO_COLOR: '1' };
  const child = spawn(node, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: runMsMax });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, said })));
}

/** Goes on after a fault, answering the question when it is open, to the end of the round. */
export async function finish(project: Project): Promise<readonly Ran[]> {
  const runs: Ran[] = [];
  while (runs.length < runsMax) {
    const ran = await runUnder(project, null);
    runs.push(ran);
    if (ran.code === 0) return runs;
    if (ran.code === 2) await answer(project);
  }
  throw new Error(`The round did not end:\n${runs.at(-1)?.said ?? ''}\n${handoffText(project)}`);
}

/** One step of an undisturbed round: its number within its run, its name, and the path or program. */
export type CountedStep = { readonly at: number; readonly name: string; readonly what: string };

/** Reads a trace of faults.mjs. */
export function stepsOf(trace: string): readonly CountedStep[] {
  return readFileSync(trace, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [at = '', name = '', ...what] = line.split(' ');
      return { at: Number(at), name, what: what.join(' ') };
    });
}

/** All that must be the same however often a round was interrupted. Times and ids made from them are left out. */
export type Outcome = {
  readonly files: Readonly<Record<string, string>>;
  readonly sessions: string;
  readonly orders: readonly string[];
  readonly commits: readonly string[];
  readonly differences: readonly unknown[];
};

export function outcomeOf(project: Project): Outcome {
  const { orders, differences } = replayFile(join(project.own, 'journal.jsonl'));
  const names = readdirSync(join(project.root, 'coordination'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(project.root.length + 1))
    .sort();
  return {
    files: Object.fromEntries(names.map((name) => [name, timeless(name, fileOf(project, name))])),
    sessions: fileOf(project, '.next-role/ran.log'),
    orders: orders.map(({ role, visit, attempt, kind }) => `${role} ${visit} ${attempt} ${kind}`),
    commits: git(project.root, 'log', '--format=%s').trim().split('\n'),
    differences,
  };
}

/** A receipt says how long each session took; all else in it must be the same. */
function timeless(name: string, text: string): string {
  return name.endsWith('-RECEIPT.md') ? text.replace(/\| \d+ s \|/g, '| - s |') : text;
}

/** A round in its two runs, up to the question and from the answer on, as a project at the start of each. */
export type Half = { readonly start: Project; readonly steps: readonly CountedStep[] };

/** Plays one round undisturbed, keeps the project as it was before each of its two runs, and counts the steps. */
export async function countRound(
  make: () => Promise<Project>,
): Promise<{ readonly halves: readonly [Half, Half]; readonly outcome: Outcome }> {
  const project = await make();
  const first = await halfOf(project);
  expect(await answer(project)).toBe('answered');
  const second = await halfOf(project);
  return { halves: [first, second], outcome: outcomeOf(project) };
}

async function halfOf(project: Project): Promise<Half> {
  const start = await copyOf(project);
  const trace = `${start.root}.trace`;
  const ran = await runUnder(project, null, trace);
  expect(ran.signal, ran.said).toBeNull();
  const steps = stepsOf(trace);
  rmSync(trace);
  return { start, steps };
}

/** The role's own question is answered with B; one that the runner asks about a session that did not start, with A. */
async function answer(project: Project): Promise<string> {
  const ours = handoffText(project).includes('did not come to a good end');
  const note = ours ? 'try again' : 'as the client does';
  return (await resume(project, { choose: ours ? 'A' : 'B', note, id: null })).type;
}

/** Every point, unless one is looking for something in a hurry: NEXT_ROLE_SAMPLE=10 takes each tenth. */
export const sampleEvery = Number(process.env['NEXT_ROLE_SAMPLE'] ?? 1);

export function sampled<T>(points: readonly T[]): readonly T[] {
  return points.filter((_, at) => at % sampleEvery === 0);
}

/** Works through points, a few at the same time. All are tried, so that one run names every point that fails. */
export async function inLanes<T>(points: readonly T[], work: (point: T) => Promise<void>): Promise<void> {
  const rest = [...points];
  const failed: unknown[] = [];
  let done = 0;
  const lane = async (): Promise<void> => {
    for (let point = rest.shift(); point !== undefined; point = rest.shift()) {
      try {
        await work(point);
      } catch (error) {
        failed.push(error);
      }
      done += 1;
      if (done % tellEvery === 0) console.log(`${done} of ${points.length} points, ${failed.length} failed`);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  if (failed.length === 1) throw failed[0];
  if (failed.length > 1) {
    const words = failed.map((error) => (error instanceof Error ? error.message : String(error)));
    throw new AggregateError(
      failed,
      `${failed.length} of ${points.length} points failed:\n${words.join('\n')}`,
    );
  }
}

/** One half of a round with one fault in it, then the way to the end: how the round ended, and what each run said. */
export async function roundWith(
  half: Half,
  fault: Omit<Fault, 'edit'>,
  edit: string | null = null,
): Promise<{ readonly hit: Ran; readonly outcome: Outcome }> {
  const project = await copyOf(half.start);
  const edited = edit === null ? {} : { edit: { path: project.handoff, text: edit } };
  const hit = await runUnder(project, { ...fault, ...edited });
  await finish(project);
  const outcome = outcomeOf(project);
  rmSync(project.root, { recursive: true, force: true });
  return { hit, outcome };
}
