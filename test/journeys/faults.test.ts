/**
 * What a machine can do to a runner, one fault each: it ends or waits with words and a way on, nothing is overwritten, and
 * when the fault is gone the round goes on. Every step under each of these faults is `npm run test:long`.
 */
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Project } from '../../src/protocol/project.ts';
import { resume } from '../../src/runner/answer.ts';
import { finish, outcomeOf, runUnder } from '../rig/crash.ts';
import { goodRound, handoff, handoffText, makeProject, removeProjects, self, start } from '../rig/journey.ts';
import { makeShellProject, ranInOrder } from '../rig/shell-agent.ts';

const made: string[] = [];
afterAll(() => {
  removeProjects();
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'next-role-fault-'));
  made.push(path);
  return path;
}

/** Runs `next-role run` as a plain user would, who may be kept out by rights even where the tests run as root. */
function asUser(
  project: Project,
  limits: readonly string[] = [],
): Promise<{ code: number | null; said: string }> {
  const drop =
    userInfo().uid === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'] : [];
  const [program, ...args] = [...limits, ...drop, ...self, 'run', '--dir', project.root];
  const env = { ...process.env, NO_COLOR: '1', HOME: project.root };
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, said })));
}

const plain = (said: string): string => said.replace(/\s+/g, ' ');

async function endsWell(project: Project): Promise<void> {
  await finish(project);
  expect(outcomeOf(project)).toMatchObject({ sessions: ranInOrder, differences: [] });
}

describe('a disk', () => {
  it.each([
    ['that fails to sync the journal', 'journal.jsonl', 'fdatasyncSync', 'EIO', 'could not be made durable'],
    [
      'that is full when the handoff is written',
      'NEXT-ROLE.md.nr-',
      'writeSync',
      'ENOSPC',
      'The disk is full',
    ],
  ])('%s ends the run with words, and the next run goes on', async (_name, path, step, act, words) => {
    const project = await makeShellProject();
    const before = handoffText(project);
    const hit = await runUnder(project, { at: { name: step, path }, act, for: Number.MAX_SAFE_INTEGER });
    expect(plain(hit.said)).toContain(words);
    expect(hit.said).not.toContain('made a mistake of its own');
    expect([1, 2]).toContain(hit.code);
    if (path.includes('NEXT-ROLE')) expect(handoffText(project)).toBe(before);
    await endsWell(project);
  });
});

describe('rights', () => {
  it('that are missing to a read-only project are named with the remedy, and not a byte is changed', async () => {
    const project = await makeProject({ scenario: goodRound });
    const all = (): string =>
      execFileSync('sh', ['-c', 'find . -type f -exec cksum {} + | sort'], {
        cwd: project.root,
        encoding: 'utf8',
      });
    const before = all();
    execFileSync('chmod', ['-R', 'a-w,a+rX', project.root]);
    const ran = await asUser(project);
    expect(plain(ran.said)).toMatch(/No permission to use ".*\.next-role.*Give this user the right/);
    expect(ran.code).toBe(1);
    execFileSync('chmod', ['-R', 'u+w', project.root]);
    expect(all()).toBe(before);
  });

  it('that are missing to the handoff alone make the run wait, and it goes on when they are there', async () => {
    const project = await makeShellProject({ git: false });
    execFileSync('chmod', ['-R', 'a+rwX', project.root]);
    chmodSync(project.handoff, 0);
    const ran = await asUser(project);
    expect(ran.code).toBe(2);
    expect(plain(ran.said)).toContain('Make the file readable');
    chmodSync(project.handoff, 0o666);
    expect((await runUnder(project, null)).code).toBe(2);
    expect(handoffText(project)).toContain('status: ESCALATE');
  });

  it('to open files that run out are told, and cost nothing', async () => {
    const project = await makeShellProject();
    execFileSync('chmod', ['-R', 'a+rwX', project.root]);
    const before = handoffText(project);
    const ran = await asUser(project, ['prlimit', '--nofile=21:21']);
    expect(plain(ran.said)).toMatch(/may not open more files|[Tt]oo many (open )?files|EMFILE/);
    expect(ran.code).not.toBe(0);
    expect(handoffText(project)).toBe(before);
    expect(existsSync(join(project.root, '.next-role/ran.log'))).toBe(false);
    expect((await runUnder(project, null)).code).toBe(2);
  });
});

describe('a link', () => {
  it('in the place of the handoff that leaves the project is refused, and its target not written to', async () => {
    const project = await makeProject({ scenario: goodRound });
    const outside = join(folder(), 'NEXT.md');
    writeFileSync(outside, handoff());
    rmSync(project.handoff);
    symlinkSync(outside, project.handoff);
    const journey = start(project, ({ rest }) => rest !== null);
    expect(await journey.end).toMatchObject({ situation: { state: 'unreadable', rest: 2 } });
    expect(JSON.stringify(journey.notices)).toContain('leaves the project');
    expect(readFileSync(outside, 'utf8')).toBe(handoff());
    rmSync(project.handoff);
    writeFileSync(project.handoff, handoff());
    expect(await start(project).end).toMatchObject({ situation: { rest: 0 } });
  });

  it('in the place of an answer that leaves the project is not written through, and no answer is lost', async () => {
    const project = await makeShellProject({ git: false });
    expect((await runUnder(project, null)).code).toBe(2);
    const outside = join(folder(), 'mine.md');
    writeFileSync(outside, 'mine\n');
    const answer = join(project.root, 'coordination/decisions/D-R01-implementer-1.md');
    mkdirSync(join(project.root, 'coordination/decisions'), { recursive: true });
    symlinkSync(outside, answer);
    expect((await resume(project, { choose: 'B', note: null, id: null })).type).toBe('answered');
    const hit = await runUnder(project, null);
    expect(plain(hit.said)).toContain('a link that leaves the project');
    expect(hit.code).not.toBe(0);
    expect(readFileSync(outside, 'utf8')).toBe('mine\n');
    rmSync(answer);
    expect((await runUnder(project, null)).code).toBe(0);
    expect(readFileSync(answer, 'utf8')).toContain('choice: B');
  });
});

describe('a folder', () => {
  it('of the coordination that is taken away and comes back is waited for, and taken up again', async () => {
    const project = await makeProject({ scenario: goodRound, handoff: handoff({ status: 'PAUSED' }) });
    const journey = start(project);
    await journey.inState('parked');
    const away = join(project.root, 'elsewhere');
    renameSync(join(project.root, 'coordination'), away);
    await journey.inState('unreadable');
    expect(JSON.stringify(journey.notices)).toContain('There is no');
    mkdirSync(join(project.root, 'coordination'));
    for (const name of readdirSync(away))
      renameSync(join(away, name), join(project.root, 'coordination', name));
    await journey.inState('parked');
    writeFileSync(project.handoff, handoff());
    expect(await journey.end).toMatchObject({ situation: { rest: 0 } });
  });
});

describe('a lock', () => {
  it('that another host left is refused with what to check, and is there afterwards', async () => {
    const project = await makeShellProject();
    const owner = {
      host: 'elsewhere',
      pid: 1,
      startTime: '1',
      bootId: 'x',
      since: '2026-01-01T00:00:00Z',
      command: 'run',
    };
    mkdirSync(project.own, { recursive: true });
    writeFileSync(join(project.own, 'owner.json'), JSON.stringify(owner));
    const ran = await runUnder(project, null);
    expect(ran.code).toBe(75);
    expect(plain(ran.said)).toContain('"elsewhere"');
    expect(plain(ran.said)).toMatch(/delete ".*owner.json"/);
    expect(JSON.parse(readFileSync(join(project.own, 'owner.json'), 'utf8'))).toEqual(owner);
  });

  it('of before a restart of the machine holds nobody up', async () => {
    const project = await makeShellProject();
    const host = execFileSync('hostname', { encoding: 'utf8' }).trim();
    const owner = {
      host,
      pid: process.pid,
      startTime: '1',
      bootId: 'an-earlier-boot',
      since: '2026-01-01T00:00:00Z',
      command: 'run',
    };
    mkdirSync(project.own, { recursive: true });
    writeFileSync(join(project.own, 'owner.json'), JSON.stringify(owner));
    expect((await runUnder(project, null)).code).toBe(2);
  });
});
