import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { bootId, isAlive, startTimeOf } from '../../src/effects/boot.ts';
import type { ProcessIdentity } from '../../src/effects/boot.ts';
import { sessionFolder } from '../../src/effects/sessionfolder.ts';
import { readClaim, shimRefusals, shimScript } from '../../src/effects/shim.ts';
import { localRunner } from '../../src/effects/spawn.ts';
import type { RunnerOptions } from '../../src/effects/spawn.ts';
import type { Limits } from '../../src/protocol/policy.ts';
import type { Command } from '../../src/protocol/session.ts';
import {
  gated,
  mustNotPrepare,
  openGate,
  orderOf,
  recorder,
  resolved,
  runnerConformance,
  shell,
  tempFolder,
  until,
} from '../conformance/runner.ts';

const patient: Limits = {
  firstByteMs: 60_000,
  idleMs: 60_000,
  totalMs: 60_000,
  lingerMs: 300,
  graceMs: 500,
  outputBytes: 1024 ** 3,
  turns: 50,
};

function open(project: string, limits: Partial<Limits> = {}, more: Partial<RunnerOptions> = {}) {
  return localRunner({
    project,
    sessions: join(project, '.next-role/sessions'),
    limitsOf: () => ({ ...patient, ...limits }),
    isDone: (line) => line === 'DONE',
    ...more,
  });
}

runnerConformance('localRunner', (project) => ({
  project,
  runner: open(project),
  again: () => open(project),
}));

const temporary: string[] = [];
const started: number[] = [];

function newProject(): string {
  const project = tempFolder();
  temporary.push(project);
  return project;
}

afterEach(() => {
  for (const pid of started.splice(0)) if (startTimeOf(pid) !== null) process.kill(pid, 'SIGKILL');
  for (const folder of temporary.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folderOf(project: string, id: string): string {
  return sessionFolder(join(project, '.next-role/sessions'), id);
}

function claimIn(project: string): ProcessIdentity {
  const claim = readClaim(folderOf(project, 'a'));
  if (claim === null || claim === 'half') throw new Error('no claim');
  return claim;
}

/** The pid a script has written, as soon as it has. */
async function pidIn(path: string): Promise<number> {
  await until(`a pid in ${path}`, () => existsSync(path) && /^\d+\n/.test(readFileSync(path, 'utf8')));
  const pid = Number(readFileSync(path, 'utf8'));
  started.push(pid);
  return pid;
}

describe('localRunner before the start', () => {
  it('ensure() leaves everything a session was given in its folder', async () => {
    const project = newProject();
    const command = shell('true', { stdin: 'the prompt', files: { 'system.md': 'be brief' } });
    await open(project).ensure(orderOf('R07.1-implementer'), resolved(command), recorder());
    const folder = folderOf(project, 'R07.1-implementer');
    expect(readFileSync(join(folder, 'stdin'), 'utf8')).toBe('the prompt');
    expect(readFileSync(join(folder, 'system.md'), 'utf8')).toBe('be brief');
    expect(JSON.parse(readFileSync(join(folder, 'order.json'), 'utf8'))).toEqual(
      orderOf('R07.1-implementer'),
    );
    expect(readFileSync(join(folder, 'exit'), 'utf8')).toBe('{"code":0}\n');
    expect(readClaim(folder)).toMatchObject({ bootId: bootId() });
  });

  it('ensure() gives a session the chosen environment, its marks, and the project as its folder', async () => {
    const project = newProject();
    const watch = recorder();
    const inheritEnv = {
      ...process.env,
      LC_ALL: 'C',
      SECRET_KEY: 's',
      ANTHROPIC_API_KEY: 'k',
      NEXT_ROLE_ORDER: 'x',
    };
    const command = shell('env; pwd', { passEnv: ['ANTHROPIC_*'], env: { NEXT_ROLE_HANDOFF: '/h' } });
    await open(project, {}, { inheritEnv }).ensure(orderOf('a'), resolved(command), watch);
    expect(watch.lines).toEqual(
      expect.arrayContaining([
        'NEXT_ROLE_ORDER=a',
        `NEXT_ROLE_PROJECT=${project}`,
        'NEXT_ROLE_ROLE=implementer',
        'NEXT_ROLE_ROUND=R07',
        'NEXT_ROLE_HANDOFF=/h',
        'ANTHROPIC_API_KEY=k',
        'LC_ALL=C',
        `PATH=${process.env['PATH'] ?? ''}`,
        project,
      ]),
    );
    expect(watch.lines.join('\n')).not.toContain('SECRET_KEY');
  });

  it('ensure() passes three megabytes of stdin on whole', async () => {
    const project = newProject();
    const watch = recorder();
    await open(project).ensure(
      orderOf('a'),
      resolved(shell('wc -c', { stdin: 'ü'.repeat(1_500_000) })),
      watch,
    );
    expect(watch.lines.map((line) => line.trim())).toEqual(['3000000']);
  });

  it('ensure() starts a program named like a shell builtin, not the builtin', async () => {
    const project = newProject();
    writeFileSync(join(project, 'exit'), '#!/bin/sh\necho the program\n', { mode: 0o755 });
    const watch = recorder();
    const command: Command = { ...shell(''), argv: ['exit', '9'], env: { PATH: `${project}:/usr/bin:/bin` } };
    const end = await open(project).ensure(orderOf('a'), resolved(command), watch);
    expect(end.exit).toEqual({ type: 'exited', code: 0 });
    expect(watch.lines).toEqual(['the program']);
  });

  it('ensure() says what to do when arguments are too large for the system', async () => {
    const command: Command = { ...shell(''), argv: ['/bin/sh', '-c', ':', 'x'.repeat(3_000_000)] };
    const end = await open(newProject()).ensure(orderOf('a'), resolved(command), recorder());
    expect(end.exit).toMatchObject({
      type: 'not-started',
      message: expect.stringContaining('E2BIG') as unknown,
    });
  });

  it('ensure() says so when the project folder or the place for sessions is not usable', async () => {
    const project = newProject();
    const blocked = join(project, 'a-file');
    writeFileSync(blocked, '');
    const inFile = await open(project, {}, { sessions: blocked }).ensure(
      orderOf('a'),
      resolved(shell('true')),
      recorder(),
    );
    expect(inFile.exit).toMatchObject({
      type: 'not-started',
      message: expect.stringContaining('could not be written') as unknown,
    });
    const gone = open(join(project, 'gone'), {}, { sessions: join(project, 'sessions') });
    const nowhere = await gone.ensure(orderOf('a'), resolved(shell('true')), recorder());
    expect(nowhere.exit).toMatchObject({
      type: 'not-started',
      message: expect.stringContaining('is gone') as unknown,
    });
  });

  it('ensure() refuses a command whose files would leave the folder or replace ours', async () => {
    for (const name of ['../escape', 'claim', '.hidden', 'a/b']) {
      const command = shell('true', { files: { [name]: '' } });
      const end = await open(newProject()).ensure(orderOf('a'), resolved(command), recorder());
      expect(end.exit).toMatchObject({
        type: 'not-started',
        message: expect.stringContaining(name) as unknown,
      });
    }
  });
});

describe('the shim', () => {
  it('runs once when eight start at once, and seven leave with exit 75', async () => {
    const folder = newProject();
    for (const name of ['stdin', 'stdout', 'stderr']) writeFileSync(join(folder, name), '');
    const script = `echo ran >>'${folder}/runs'; sleep 0.2`;
    const codes = await Promise.all(
      Array.from({ length: 8 }, () => {
        const shim = spawn('/bin/sh', ['-c', shimScript, 'shim', folder, bootId(), '/bin/sh', '-c', script]);
        return new Promise<number | null>((resolve) => shim.once('exit', resolve));
      }),
    );
    expect(codes.filter((code) => code === 0)).toHaveLength(1);
    expect(codes.filter((code) => code === shimRefusals.claimed)).toHaveLength(7);
    expect(readFileSync(join(folder, 'runs'), 'utf8')).toBe('ran\n');
  });

  it('runs nothing when somebody had asked to stop, but claims first so that they see it', async () => {
    const folder = newProject();
    for (const name of ['stdin', 'stdout', 'stderr', 'stop']) writeFileSync(join(folder, name), '');
    const shim = spawn('/bin/sh', [
      '-c',
      shimScript,
      'shim',
      folder,
      bootId(),
      '/bin/touch',
      `${folder}/ran`,
    ]);
    const code = await new Promise<number | null>((resolve) => shim.once('exit', resolve));
    expect(code).toBe(shimRefusals.stopped);
    expect(existsSync(join(folder, 'ran'))).toBe(false);
    expect(readClaim(folder)).toMatchObject({ pid: shim.pid });
  });

  it('outlives a signal to its group until the exit of its child is written', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const project = newProject();
      const watch = recorder();
      const script = `trap 'sleep 0.2; exit 9' TERM INT; echo up; while :; do sleep 0.02; done`;
      const ended = open(project).ensure(orderOf('a'), resolved(shell(script)), watch);
      await until('the session is up', () => watch.lines.length === 1);
      process.kill(-claimIn(project).pid, signal);
      expect((await ended).exit).toEqual({ type: 'exited', code: 9 });
    }
  });

  it('leaves its child the default action for the signals it catches itself', async () => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const) {
      const project = newProject();
      const ended = open(project).ensure(
        orderOf('a'),
        resolved(shell('echo $$ >pid; exec sleep 60')),
        recorder(),
      );
      process.kill(await pidIn(join(project, 'pid')), signal);
      expect((await ended).exit).toEqual({ type: 'signalled', signal });
    }
  });
});

describe('localRunner finding a session', () => {
  /** A folder as an earlier runner would have left it. */
  function leave(project: string, claim: string): string {
    const folder = folderOf(project, 'a');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'stdout'), 'before the end\n');
    writeFileSync(join(folder, 'claim'), claim);
    return folder;
  }

  it('ensure() reports a session whose process is gone without an exit as lost', async () => {
    const project = newProject();
    leave(project, `{"pid":${process.pid},"startTime":"1","bootId":"${bootId()}"}\n`);
    const watch = recorder();
    const end = await open(project).ensure(orderOf('a'), mustNotPrepare, watch);
    expect(end).toMatchObject({ exit: { type: 'lost' }, adopted: false });
    expect(watch.lines).toEqual(['before the end']);
  });

  it('ensure() reports a claim that was never finished as lost', async () => {
    const project = newProject();
    leave(project, '{"pid":12');
    const end = await open(project).ensure(orderOf('a'), mustNotPrepare, recorder());
    expect(end.exit).toEqual({ type: 'lost' });
  });

  it.each([
    ['another start time', (pid: number) => ({ pid, startTime: '1', bootId: bootId() })],
    ['another boot', (pid: number) => ({ pid, startTime: startTimeOf(pid), bootId: 'an-earlier-boot' })],
  ])('a stranger with the number of a claim but %s is neither adopted nor killed', async (_, claimOf) => {
    const project = newProject();
    const stranger = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
    const pid = stranger.pid ?? 0;
    started.push(pid);
    leave(project, `${JSON.stringify(claimOf(pid))}\n`);
    const startTime = startTimeOf(pid) ?? '';
    const runner = open(project);
    await runner.stop('a', 'paused');
    expect((await runner.ensure(orderOf('a'), mustNotPrepare, recorder())).exit).toEqual({ type: 'lost' });
    expect(isAlive({ pid, startTime, bootId: bootId() })).toBe(true);
  });

  it('ensure() keeps counting the total time of an adopted session from its real start', async () => {
    const project = newProject();
    const first = recorder();
    const ended = open(project).ensure(orderOf('a'), resolved(shell('echo up; exec sleep 60')), first);
    await until('the session is up', () => first.lines.length === 1);
    await until('a second of its life', () => ageOf(project) > 1_000);
    const begun = performance.now();
    const end = await open(project, { totalMs: 1_000 }).ensure(orderOf('a'), mustNotPrepare, recorder());
    expect(end).toMatchObject({ exit: { type: 'stopped', why: 'total' }, adopted: true });
    expect(end.ms).toBeGreaterThan(1_000);
    expect(performance.now() - begun).toBeLessThan(1_000);
    expect((await ended).exit).toEqual({ type: 'stopped', why: 'total' });
  });

  function ageOf(project: string): number {
    const claim = readClaim(folderOf(project, 'a'));
    if (claim === null || claim === 'half') return 0;
    return (
      (Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) - Number(claim.startTime) / 100) * 1000
    );
  }

  it('ensure() marks a project reached through a link with its real path, so that any runner finds it', async () => {
    const project = newProject();
    const link = `${project}-link`;
    symlinkSync(project, link);
    temporary.push(link);
    const watch = recorder();
    await open(link).ensure(orderOf('a'), resolved(shell('echo "$NEXT_ROLE_PROJECT"')), watch);
    expect(watch.lines).toEqual([project]);
  });

  it('a session whose shim was killed is lost, and what it ran is reaped', async () => {
    const project = newProject();
    const ended = open(project).ensure(
      orderOf('a'),
      resolved(shell('echo $$ >pid; exec sleep 60')),
      recorder(),
    );
    const pid = await pidIn(join(project, 'pid'));
    process.kill(claimIn(project).pid, 'SIGKILL');
    expect(await ended).toMatchObject({ exit: { type: 'lost' }, leftovers: 1 });
    expect(startTimeOf(pid)).toBeNull();
  });

  it('a session that removes its own folder still ends with its exit code and all its lines', async () => {
    const project = newProject();
    const watch = recorder();
    const script = `echo up; while [ ! -e gate ]; do sleep 0.02; done; rm -rf .next-role; echo after; exit 7`;
    const ended = open(project).ensure(orderOf('a'), resolved(shell(script)), watch);
    await until('the session is up', () => watch.lines.length === 1);
    openGate(project);
    expect((await ended).exit).toEqual({ type: 'exited', code: 7 });
    expect(watch.lines).toEqual(['up', 'after']);
  });

  it('stop() ends a session that removed its own folder', async () => {
    const project = newProject();
    const ended = open(project);
    const end = ended.ensure(
      orderOf('a'),
      resolved(shell('rm -rf .next-role; echo $$ >pid; exec sleep 60')),
      recorder(),
    );
    await pidIn(join(project, 'pid'));
    await ended.stop('a', 'paused');
    expect((await end).exit).toEqual({ type: 'stopped', why: 'paused' });
  });

  it('a session that puts a folder or a pipe in the place of its output does not hang or throw', async () => {
    for (const trick of ['rm stdout && mkdir stdout', 'rm stdout && mkfifo stdout']) {
      const project = newProject();
      const script = `cd .next-role/sessions/a && ${trick}; exit 0`;
      const end = await open(project).ensure(orderOf('a'), resolved(shell(script)), recorder());
      expect(end.exit).toEqual({ type: 'exited', code: 0 });
      const again = await open(project).ensure(orderOf('a'), mustNotPrepare, recorder());
      expect(again.exit).toEqual({ type: 'exited', code: 0 });
    }
  });
});

describe('localRunner ending a session', () => {
  it('stop() kills a session that ignores SIGTERM once the grace is over', async () => {
    const project = newProject();
    const runner = open(project, { graceMs: 200 });
    const script = `trap '' TERM INT; echo $$ >pid; while :; do sleep 0.05; done`;
    const ended = runner.ensure(orderOf('a'), resolved(shell(script)), recorder());
    const pid = await pidIn(join(project, 'pid'));
    const begun = performance.now();
    await runner.stop('a', 'paused');
    const tookMs = performance.now() - begun;
    expect(startTimeOf(pid)).toBeNull();
    expect(tookMs).toBeGreaterThanOrEqual(200);
    expect((await ended).exit).toEqual({ type: 'stopped', why: 'paused' });
  });

  it('stop() during the preparation does not even start the shim, and what a killed runner left half written goes', async () => {
    const project = newProject();
    const half = join(folderOf(project, 'a'), 'stdin.c564b3b0ea56.tmp');
    mkdirSync(dirname(half), { recursive: true });
    writeFileSync(half, '');
    const runner = open(project);
    const prepare = async () => {
      await runner.stop('a', 'paused');
      return shell('true');
    };
    const end = await runner.ensure(orderOf('a'), prepare, recorder());
    expect(end.exit).toEqual({ type: 'stopped', why: 'paused' });
    expect(readClaim(folderOf(project, 'a'))).toBeNull();
    expect(existsSync(half)).toBe(false);
  });

  it('stop() reaps what left the group, also what was forked twice', async () => {
    const project = newProject();
    const runner = open(project);
    const script = `setsid sleep 60 & echo $! >one
      (setsid sh -c 'trap "" TERM; echo $$ >two; while :; do sleep 0.05; done' &) ; sleep 60; true`;
    const ended = runner.ensure(orderOf('a'), resolved(shell(script)), recorder());
    const pids = [await pidIn(join(project, 'one')), await pidIn(join(project, 'two'))];
    await runner.stop('a', 'interrupted');
    expect(pids.map(startTimeOf)).toEqual([null, null]);
    const end = await ended;
    expect(end.exit).toEqual({ type: 'stopped', why: 'interrupted' });
    expect(end.leftovers).toBeGreaterThanOrEqual(2);
  });

  it('a child that holds the output open delays nothing and is reaped at the end', async () => {
    const project = newProject();
    const begun = performance.now();
    const script = `sh -c 'echo $$ >pid; exec sleep 60' & while [ ! -s pid ]; do sleep 0.01; done; echo bye`;
    const watch = recorder();
    const end = await open(project).ensure(orderOf('a'), resolved(shell(script)), watch);
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(end).toMatchObject({ exit: { type: 'exited', code: 0 }, leftovers: 1 });
    expect(watch.lines).toEqual(['bye']);
    expect(startTimeOf(await pidIn(join(project, 'pid')))).toBeNull();
  });

  it('the sweep spares sessions of the same name in another project', async () => {
    const [one, other] = [newProject(), newProject()];
    const watch = recorder();
    const ended = open(other).ensure(orderOf('a'), resolved(shell(gated(other))), watch);
    await until('the other session is up', () => watch.lines.length === 1);
    await open(one).ensure(orderOf('a'), resolved(shell('true')), recorder());
    openGate(other);
    expect((await ended).exit).toEqual({ type: 'exited', code: 5 });
  });

  it('a session that ends by itself is seen at once, not at the next look', async () => {
    const nextLookMs = 3_600_000;
    const runner = open(newProject(), {}, { lookEveryMs: nextLookMs });
    const end = await runner.ensure(orderOf('a'), resolved(shell('sleep 0.02')), recorder());
    expect(end.exit).toEqual({ type: 'exited', code: 0 });
  });
});

describe('localRunner clocks', () => {
  it('a session without any output is ended by the first-byte clock', async () => {
    const end = await open(newProject(), { firstByteMs: 300 }).ensure(
      orderOf('a'),
      resolved(shell('exec sleep 60')),
      recorder(),
    );
    expect(end.exit).toEqual({ type: 'stopped', why: 'first-byte' });
  });

  it('a silent, sleeping session is ended by the idle clock', async () => {
    const end = await open(newProject(), { idleMs: 400 }).ensure(
      orderOf('a'),
      resolved(shell('echo up; exec sleep 60')),
      recorder(),
    );
    expect(end.exit).toEqual({ type: 'stopped', why: 'idle' });
  });

  it('a silent session that computes is not idle, even in a process of its own group', async () => {
    const project = newProject();
    const busy = `const end = Date.now() + 2500; while (Date.now() < end);`;
    const command = shell(`echo up; setsid "$NODE" -e "$BUSY"; echo computed`, {
      env: { BUSY: busy, NODE: process.execPath },
    });
    const watch = recorder();
    const end = await open(project, { idleMs: 800 }).ensure(orderOf('a'), resolved(command), watch);
    expect(end.exit).toEqual({ type: 'exited', code: 0 });
    expect(watch.lines).toEqual(['up', 'computed']);
  });

  it('growing stderr keeps a session from being idle', async () => {
    const script = `for i in 1 2 3 4 5 6 7 8 9 10; do echo "$i" >&2; sleep 0.2; done`;
    const end = await open(newProject(), { idleMs: 1_200, firstByteMs: 1_500 }).ensure(
      orderOf('a'),
      resolved(shell(script)),
      recorder(),
    );
    expect(end.exit).toEqual({ type: 'exited', code: 0 });
  });

  it('a chatty session is ended by the total clock', async () => {
    const end = await open(newProject(), { totalMs: 500 }).ensure(
      orderOf('a'),
      resolved(shell('while :; do echo on; sleep 0.02; done')),
      recorder(),
    );
    expect(end.exit).toEqual({ type: 'stopped', why: 'total' });
  });

  it('a process that stays after its terminal event is ended as lingering', async () => {
    const watch = recorder();
    const runner = open(newProject());
    const end = await runner.ensure(orderOf('a'), resolved(shell('echo DONE; sleep 60; true')), watch);
    expect(end.exit).toEqual({ type: 'stopped', why: 'lingered' });
    expect(watch.lines).toEqual(['DONE']);
  });

  it('a process that ends soon after its terminal event keeps its own exit', async () => {
    const runner = open(newProject(), { lingerMs: 10_000 });
    const end = await runner.ensure(
      orderOf('a'),
      resolved(shell('echo DONE; sleep 0.3; exit 2')),
      recorder(),
    );
    expect(end.exit).toEqual({ type: 'exited', code: 2 });
  });
});

describe('localRunner under load', () => {
  it('a flood of 200 MB passes whole and in order, in bounded memory', async () => {
    const project = newProject();
    const lines = 2_000_000;
    const line = 'x'.repeat(92);
    const flood = `yes ${line} | head -n ${lines}; echo last`;
    let count = 0;
    let last = '';
    let reported = 0;
    let peak = 0;
    const before = process.memoryUsage().rss;
    const end = await open(project).ensure(orderOf('a'), resolved(shell(flood)), {
      line: (text) => {
        count += 1;
        last = text;
        if (count % 10_000 === 0) peak = Math.max(peak, process.memoryUsage().rss);
      },
      bytes: (total) => (reported = total),
    });
    expect(end.exit).toEqual({ type: 'exited', code: 0 });
    expect({ count, last }).toEqual({ count: lines + 1, last: 'last' });
    expect(reported).toBe(lines * 93 + 5);
    expect((peak - before) / 2 ** 20).toBeLessThan(100);
  });

  it('nothing is left of a runner after its sessions: no timers, no open files', async () => {
    const project = newProject();
    const runner = open(project);
    await runner.ensure(orderOf('warm-up'), resolved(shell('exit 0')), recorder());
    const before = openFiles();
    const ids = Array.from({ length: 10 }, (_, index) => `s${index}`);
    await Promise.all(ids.map((id) => runner.ensure(orderOf(id), resolved(shell('sleep 0.1')), recorder())));
    await Promise.all(ids.map((id) => runner.stop(id, 'paused')));
    expect(openFiles()).toEqual(before);
    expect(process.getActiveResourcesInfo().filter((resource) => resource === 'ProcessWrap')).toEqual([]);
  });
});

/** Regular files this process holds open below a project. */
function openFiles(): readonly string[] {
  return readdirSync('/proc/self/fd')
    .map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return '';
      }
    })
    .filter((target) => target.includes('.next-role'));
}
