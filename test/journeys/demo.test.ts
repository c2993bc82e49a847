/**
 * The demo as a visitor meets it: answered in advance, in the terminal, in the file, or by nobody. Every case plays the
 * real example; most of its seconds are pauses and `node --test`, so the cases share them.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { edit } from '../../src/protocol/codec.ts';
import { emptyFolder, read, removeFolders } from '../rig/project.ts';
import { closeTerminals, ctrlC, ctrlD, exec, openTerminal, processesIn } from '../rig/terminal.ts';

afterAll(async () => {
  await closeTerminals();
  removeFolders();
});

const handoffPath = 'coordination/NEXT-ROLE.md';
const decisionPath = 'coordination/decisions/D-R01-implementer-1.md';
const prompt = 'Your answer (A, B)';

/** What the round built, tested once more by us. Throws when a test fails. */
function runTests(stage: string): string {
  const env = { ...process.env };
  // Set by a test runner for its children, and would make node report in another form.
  delete env['NODE_TEST_CONTEXT'];
  return execFileSync('node', ['--test', '--test-reporter=tap'], { cwd: stage, encoding: 'utf8', env });
}

/** Checks a stage on which the round was finished with a letter. */
function expectFinished(stage: string, letter: string): void {
  expect(read(stage, handoffPath)).toContain('status: ROUND-COMPLETE\n');
  expect(read(stage, handoffPath)).not.toMatch(/^(answer|escalation|dispatch|since|by):/m);
  expect(read(stage, decisionPath)).toMatch(new RegExp(`^choice: ${letter}$`, 'm'));
  expect(read(stage, 'test/invalid-input.test.js').includes('TypeError')).toBe(letter === 'A');
  const tap = runTests(stage);
  expect(tap).toMatch(/^# fail 0$/m);
  expect(Number(/^# pass (\d+)$/m.exec(tap)?.[1])).toBeGreaterThan(10);
}

describe.concurrent('the demo', { timeout: 240_000 }, () => {
  it('plays to the end with --answer A: the code works, the answer is kept, and nothing was paid', async () => {
    const letter = 'A';
    const folder = emptyFolder();
    const end = await exec(folder, 'demo', '--answer', letter, '--dir', 'stage');
    expect(end.err).toBe('');
    expect(end.code).toBe(0);
    const stage = join(folder, 'stage');
    expectFinished(stage, letter);
    expect(end.out).toContain('The agents are scripted: no model is asked and nothing is paid.');
    expect(end.out).toMatch(/^5 sessions, .* Orchestration tokens: 0$/m);
    expect(end.out).toContain(`R01-implementer-1 answered ${letter}`);
    expect(end.out).toContain('✓ Round R01 is finished');
    const commits = execFileSync('git', ['log', '--format=%s'], { cwd: stage, encoding: 'utf8' });
    expect(commits.match(/^chore\(R01\): /gm)).toHaveLength(6);
  });

  it('stops at the question when nobody can be asked, says how to go on, and goes on that way', async () => {
    const folder = emptyFolder();
    const end = await exec(folder, 'demo', '--dir', 'stage');
    expect(end.code).toBe(2);
    expect(end.out).toContain('Next: next-role resume --choose A --dir stage');
    expect(end.out).toContain('Go on: next-role run --dir stage');
    expect((await exec(folder, 'status', 'stage')).code).toBe(2);

    const answered = await exec(folder, 'resume', '--choose', 'b', '--dir', 'stage');
    expect(answered).toMatchObject({ code: 0, err: '' });
    expect(answered.out).toContain('Next: next-role run --dir stage');
    const run = await exec(folder, 'run', '--dir', 'stage');
    expect(run.code).toBe(0);
    expectFinished(join(folder, 'stage'), 'B');
  });

  it('asks in the terminal, bears a slip of the finger, and builds what was answered', async () => {
    const folder = emptyFolder();
    const terminal = openTerminal(['demo', '--dir', 'stage'], { cwd: folder });
    await terminal.until(prompt);
    terminal.type('x\r');
    await terminal.until('"x" is none of the options A, B');
    terminal.type('b\r');
    expect(await terminal.ended).toBe(0);
    expectFinished(join(folder, 'stage'), 'B');
    expect(terminal.text()).toContain('Orchestration tokens: 0');
    expect(terminal.text()).not.toContain('Answered in the file');
  });

  it('takes the question back when the file is answered while the terminal waits', async () => {
    const folder = emptyFolder();
    const terminal = openTerminal(['demo', '--dir', 'stage'], { cwd: folder });
    await terminal.until(prompt);
    const path = join(folder, 'stage', handoffPath);
    const edited = edit(readFileSync(path, 'utf8'), { answer: 'A', note: 'say it loudly' });
    if (!edited.ok) throw new Error(JSON.stringify(edited.problems));
    writeFileSync(path, edited.text);
    await terminal.until('Answered in the file.');
    await terminal.until('R01-implementer-1 answered A');
    terminal.type(ctrlC);
    expect(await terminal.ended).toBe(130);
    expect(read(join(folder, 'stage'), decisionPath)).toMatch(/^choice: A$/m);
    expect(read(join(folder, 'stage'), decisionPath)).toContain('say it loudly');
  });

  it('plays nowhere but in a folder that is empty', async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'mine.txt'), 'mine\n');
    const end = await exec(folder, 'demo', '--answer', 'A', '--dir', '.');
    expect(end).toMatchObject({ code: 64, out: '' });
    expect(end.err).toContain('is not empty');
    expect(readdirSync(folder)).toEqual(['mine.txt']);
  });

  it('leaves nothing behind when Ctrl-C meets a working role, and goes on with the next run', async () => {
    const folder = emptyFolder();
    const terminal = openTerminal(['demo', '--dir', 'stage'], { cwd: folder });
    await terminal.until('architect (scripted) starts');
    expect(processesIn(folder)).not.toEqual([]);
    terminal.type(ctrlC);
    expect(await terminal.ended).toBe(130);
    expect(terminal.text()).toContain('Stopping: a working session is ended gracefully');
    expect(terminal.text()).toContain('Go on: next-role run --dir stage');
    expect(processesIn(folder)).toEqual([]);
    const stage = join(folder, 'stage');
    expect(read(stage, handoffPath)).toMatch(/next-role: (architect|implementer)\nstatus: READY\n/);
    const run = await exec(stage, 'run');
    expect(run.code).toBe(2);
    expect(run.out).toContain('implementer asks');
  });

  it('leaves nothing behind when Ctrl-C or Ctrl-D meets the question, which stays open', async () => {
    const folder = emptyFolder();
    const leave = async (stage: string, key: string): Promise<number | null> => {
      const terminal = openTerminal(['demo', '--dir', stage], { cwd: folder });
      await terminal.until(prompt);
      terminal.type(key);
      const code = await terminal.ended;
      expect(terminal.text()).toContain(`next-role resume --choose A --dir ${stage}`);
      expect(read(join(folder, stage), handoffPath)).toContain('status: ESCALATE\n');
      return code;
    };
    expect(await Promise.all([leave('one', ctrlC), leave('two', ctrlD)])).toEqual([130, 2]);
    expect(processesIn(folder)).toEqual([]);
  });
});
