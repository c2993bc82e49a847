/**
 * The order of the system calls themselves, as strace sees them in a whole round: what a power cut leaves to build on.
 * Where there is no strace, the steps that faults.mjs counts are judged instead, and the test says so.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { findProgram } from '../../src/effects/environment.ts';
import { resume } from '../../src/runner/answer.ts';
import { countRound } from '../rig/crash.ts';
import { handoffText, removeProjects, self } from '../rig/journey.ts';
import { breachesOf, stepsOfStrace } from '../rig/order.ts';
import { makeShellProject } from '../rig/shell-agent.ts';

afterAll(removeProjects);

const traced = 'execve,write,pwrite64,fdatasync,fsync,rename';

it('a record is on disk before anything that follows from it', async () => {
  if (findProgram('strace', process.env['PATH'], '/') === null) {
    console.log('no strace here: judged by the steps that the program makes');
    const { halves } = await countRound(makeShellProject);
    for (const { steps } of halves) expect(breachesOf(steps)).toEqual([]);
    return;
  }
  const project = await makeShellProject();
  for (const answers of [false, true]) {
    if (answers) await resume(project, { choose: 'B', note: null, id: null });
    const out = join(project.own, '..', '..', `${project.root.split('/').at(-1) ?? ''}.strace`);
    const args = ['-f', '-y', '-s', '32', '-e', `trace=${traced}`, '-o', out];
    try {
      execFileSync('strace', [...args, ...self, 'run', '--dir', project.root], { stdio: 'ignore' });
    } catch (error) {
      // Exit code 2: it waits for the answer.
      expect(error).toMatchObject({ status: 2 });
    }
    const steps = stepsOfStrace(out);
    expect(steps.filter(({ name }) => name === 'spawn').length).toBe(answers ? 3 : 2);
    expect(
      steps.filter(({ name, what }) => name === 'fdatasync' && what.endsWith('journal.jsonl')).length,
    ).toBeGreaterThan(5);
    expect(breachesOf(steps)).toEqual([]);
  }
  expect(handoffText(project)).toContain('status: ROUND-COMPLETE');
});
