/**
 * kill -9 of the runner at every record of a full-tier round with a question in it, before what the record wants is
 * done, and again when each session is about to start. `npm run test:long` adds every line that a session says.
 * Enumerated, not sampled.
 */
import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Project } from '../../src/protocol/project.ts';
import { resume } from '../../src/runner/answer.ts';
import { replayFile } from '../../src/runner/replay.ts';
import {
  fileOf,
  good,
  handoffText,
  makeProject,
  removeProjects,
  self,
  type Scenario,
  type Step,
} from '../rig/journey.ts';

afterAll(removeProjects);

/** Every session leaves a line that only it can leave, so that a session run twice shows. */
const mark: Step = { append: { path: 'ran.log', text: '{role} {visit}\n' } };
const ask: Step = {
  escalate: { question: 'A or B?', options: { A: { do: 'a', then: '' }, B: { do: 'b', then: '' } } },
};
const scenario: Scenario = {
  architect: [[mark, ...good('architect', 'implementer')]],
  implementer: [
    [mark, ask],
    [mark, ...good('implementer', 'reviewer')],
  ],
  reviewer: [[mark, ...good('reviewer', 'memorial', 'MERGE-READY')]],
  memorial: [[mark, ...good('memorial', 'human')]],
};
const expected = 'architect 1\nimplementer 1\nimplementer 2\nreviewer 1\nmemorial 1\n';
/** Runs after which a round must be over; more means that it makes no progress. */
const runsMax = 6;

/** Kinds of notices at which the runner is killed. */
const long = process.env['NEXT_ROLE_TEST_LONG'] === '1';
const kinds = ['decided', 'session-started', ...(long ? ['session-event'] : [])].join(',');
/** Points tried at the same time; the machine that this must pass on has two cores. */
const lanes = 2;

async function drive(
  project: Project,
  killAt: number,
): Promise<{ lines: readonly string[]; killed: boolean }> {
  const driver = realpathSync('test/rig/crash-driver.mjs');
  const args = [driver, realpathSync('dist'), project.root, String(killAt), self[1], kinds];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const signal = await new Promise((resolve) => child.on('close', (_code, name) => resolve(name)));
  expect(err).toBe('');
  return { lines: out.trim().split('\n'), killed: signal === 'SIGKILL' };
}

/** Goes on after a crash, answering the question when it is open, to the end of the round. */
async function finish(project: Project): Promise<void> {
  for (let run = 0; run < runsMax; run += 1) {
    const { lines } = await drive(project, 0);
    if (lines.at(-1) === 'rest rest 0') return;
    if (lines.at(-1) === 'rest rest 2') await resume(project, { choose: 'B', note: null, id: null });
  }
  throw new Error(`The round did not end:\n${handoffText(project)}`);
}

/** The notices of an undisturbed round, in its two runs: up to the question, and from the answer on. */
async function undisturbed(): Promise<readonly [number, number]> {
  const project = await makeProject({ scenario });
  const first = (await drive(project, 0)).lines.length - 1;
  await resume(project, { choose: 'B', note: null, id: null });
  return [first, (await drive(project, 0)).lines.length - 1];
}

/** A round that is killed at one point, restarted, and looked at when it is over. */
async function killedAt(point: number, before: number): Promise<void> {
  const project = await makeProject({ scenario });
  if (point > before) {
    await drive(project, 0);
    await resume(project, { choose: 'B', note: null, id: null });
  }
  expect((await drive(project, point > before ? point - before : point)).killed, `point ${point}`).toBe(true);
  await finish(project);
  expect(fileOf(project, 'ran.log'), `point ${point}`).toBe(expected);
  expect(handoffText(project)).toContain('status: ROUND-COMPLETE');
  expect(fileOf(project, 'coordination/decisions/D-R01-implementer-1.md')).toContain('**B** — b');
  expect(replayFile(join(project.own, 'journal.jsonl')).differences, `point ${point}`).toEqual([]);
}

describe('kill -9 of the runner', () => {
  it('at any point of a round loses nothing and runs no session twice', { timeout: 600_000 }, async () => {
    const [before, after] = await undisturbed();
    expect(before).toBeGreaterThan(10);
    expect(after).toBeGreaterThan(20);
    let point = 0;
    const lane = async (): Promise<void> => {
      while (point < before + after) {
        point += 1;
        await killedAt(point, before);
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
  });
});
