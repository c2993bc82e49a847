/** The built program as a process: exit codes, signals, pipes. `npm run build` must have been run. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { pausedHandoff, projectWith, read, removeFolders } from '../rig/project.ts';

const main = resolve('dist/bin/next-role.cjs');
const handoffPath = 'coordination/NEXT-ROLE.md';
const conditionMsMax = 15_000;
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGTERM');
    await new Promise((done) => child.once('close', done));
  }
  removeFolders();
});

type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

function start(
  cwd: string,
  argv: readonly string[],
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  if (!existsSync(main)) throw new Error('Build the program first: npm run build');
  const child = spawn(process.execPath, [main, ...argv], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = new Promise<Ended>((done) => child.once('close', (code) => done({ code, out, err })));
  return { child, ended };
}

const exec = (cwd: string, argv: readonly string[]): Promise<Ended> => start(cwd, argv).ended;

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + conditionMsMax;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('The condition did not come true');
    await new Promise((done) => setTimeout(done, 25));
  }
}

const helper = `---
title: Helper
class: cheap
reads: [coordination/PRD.md]
hides: []
writes: [coordination/]
owes: []
tools: [Read]
ends: [ROUND-COMPLETE, ESCALATE]
sees-answers: true
---

Help.
`;

/** A project whose round is one scripted session with these steps. */
function project(steps: string): string {
  return projectWith({
    [handoffPath]: '---\nround: R01\nnext-role: helper\nstatus: READY\ntier: short\n---\n',
    'coordination/PRD.md': '# PRD\n',
    'coordination/next-role.yaml':
      'agent: scripted\nagents:\n  scripted: { kind: scripted, scenario: s.yaml }\ncommit: false\n',
    'coordination/state/tiers.yaml': 'short: { about: One role., roles: [helper] }\n',
    'coordination/roles/helper.md': helper,
    's.yaml': `about: One role.\nroles:\n  helper:\n    - [${steps}]\n`,
  });
}
const good = '{ handoff: { next-role: human, status: ROUND-COMPLETE } }';
const asks = '{ escalate: { question: Which?, options: { A: one, B: two }, recommended: B } }';
const slow = `{ say: working }, { pause: 60000 }, ${good}`;

describe('the program', () => {
  it('says its version and nothing else', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await exec('/', ['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });

  it('refuses what it does not know with 64, on stderr', async () => {
    const refused = await exec('/', ['statsu']);
    expect(refused).toMatchObject({ code: 64, out: '' });
    expect(refused.err).toContain('Did you mean status?');
  });

  it('changes a handoff by the named key alone', async () => {
    const folder = projectWith();
    expect((await exec(folder, ['set', 'status=READY'])).code).toBe(0);
    expect(read(folder, handoffPath)).toBe(pausedHandoff.replace('PAUSED', 'READY'));
  });

  it('ends in peace when nobody reads on', async () => {
    const folder = projectWith();
    const { child, ended } = start(folder, ['prompt', 'reviewer', '--full']);
    child.stdout?.destroy();
    const { code, err } = await ended;
    expect(err).toBe('');
    expect(code).toBe(0);
  });
});

describe('run', () => {
  it('exits with 0 when the round is finished, and says what each role took', async () => {
    const folder = project(`{ write: { path: coordination/notes.md, text: hello } }, ${good}`);
    const end = await exec(folder, ['run']);
    expect(end.err).toBe('');
    expect(end.code).toBe(0);
    expect(end.out).toMatch(/▶ helper \(scripted\) starts: round R01, session 1/);
    expect(end.out).toMatch(/helper +1 +\S+ m?s +notes\.md/);
    expect(end.out).toContain('Orchestration tokens: 0');
    expect(end.out).toContain('Next: next-role set round=R02');
    expect((await exec(folder, ['replay'])).code).toBe(0);
  });

  it('exits with 2 at a question, shows it in full, and goes on with its answer', async () => {
    const folder = project(asks);
    writeFileSync(join(folder, handoffPath), read(folder, handoffPath).replace('tier:', 'anwser: B\ntier:'));
    const end = await exec(folder, ['run']);
    expect(end.code).toBe(2);
    expect(end.out).toMatch(/! coordination\/NEXT-ROLE\.md needs a look\n +line 5: The key "anwser"/);
    expect(end.out.match(/needs a look/g)).toHaveLength(1);
    expect(end.out).toContain('B  two  recommended');
    expect(end.out).toContain('Answer in one of three ways');
    expect((await exec(folder, ['status'])).code).toBe(2);
    expect((await exec(folder, ['resume', '--choose', 'B'])).code).toBe(0);
  });

  it('prints JSON lines, the last one saying how it ended', async () => {
    const end = await exec(project(good), ['run', '--json']);
    const notices = end.out
      .trim()
      .split('\n')
      .map((each) => JSON.parse(each) as Record<string, unknown>);
    expect(notices.map((each) => each['type'])).toContain('decided');
    expect(notices.at(-1)).toMatchObject({ type: 'end', end: { type: 'rest', situation: { rest: 0 } } });
  });

  it('exits with 2 when the settings have errors, and starts nothing', async () => {
    const folder = projectWith({ 'coordination/next-role.yaml': 'tier: fulll\n' });
    const end = await exec(folder, ['run']);
    expect(end.code).toBe(2);
    expect(end.out).toContain('coordination/next-role.yaml needs a look');
  });

  it('exits with 75 for a project that somebody else runs, and with 130 when it is interrupted', async () => {
    const folder = project(slow);
    const first = start(folder, ['run']);
    await until(() => read(folder, handoffPath).includes('WORKING'));
    const second = await exec(folder, ['run']);
    expect(second.code).toBe(75);
    expect(second.out).toContain(String(first.child.pid));
    const why = await exec(folder, ['why']);
    expect(why.out).toMatch(/process \d+ is alive/);
    first.child.kill('SIGINT');
    const end = await first.ended;
    expect(end.code).toBe(130);
    expect(end.err).toContain('Stopping');
    expect(read(folder, handoffPath)).toContain('status: READY');
  });

  it('leaves at once at the second interrupt, with the session alive and taken up by the next run', async () => {
    const folder = project(`{ misbehave: ignore-sigterm }`);
    const first = start(folder, ['run']);
    await until(() => read(folder, handoffPath).includes('WORKING'));
    first.child.kill('SIGINT');
    first.child.kill('SIGTERM');
    const end = await first.ended;
    expect(end.code).toBe(130);
    expect(end.err).toContain('Left at once');
    // What still lives is ended by the next runner's own interrupt, so that nothing is left behind.
    const next = start(folder, ['run']);
    await until(async () => (await exec(folder, ['why', '--json'])).out.includes('"runner": {'));
    next.child.kill('SIGINT');
    expect((await next.ended).code).toBe(130);
  });
});

describe('watch', () => {
  it('works projects side by side, reports one that is held, and ends all with 130', async () => {
    const [held, mine] = [project(slow), project(good)];
    const holder = start(held, ['run']);
    await until(() => read(held, handoffPath).includes('WORKING'));
    const watching = start('/', ['watch', held, mine]);
    await until(() => read(mine, handoffPath).includes('ROUND-COMPLETE'));
    watching.child.kill('SIGTERM');
    const end = await watching.ended;
    expect(end.code).toBe(130);
    expect(end.out).toContain('Another runner holds this project');
    expect(end.out).toContain('helper (scripted) starts');
    holder.child.kill('SIGINT');
    expect((await holder.ended).code).toBe(130);
  });
});

describe('demo', () => {
  it('plays to the question without anybody to ask, and exits with 2', async () => {
    const folder = projectWith();
    const end = await exec(folder, ['demo', '--dir', 'stage']);
    expect(end.code).toBe(2);
    expect(end.out).toContain('The agents are scripted');
    expect(end.out).toContain('next-role resume --choose A --dir stage');
    expect((await exec(folder, ['demo', '--dir', 'stage'])).code).toBe(64);
  });
});
