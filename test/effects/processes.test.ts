import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { bootId, startTimeOf } from '../../src/effects/boot.ts';
import { markVariables } from '../../src/effects/environment.ts';
import {
  createCpuMeter,
  findProcesses,
  isRunning,
  reap,
  reapGroup,
  signal,
  waitUntilGone,
} from '../../src/effects/processes.ts';
import type { Trail } from '../../src/effects/processes.ts';
import { until } from '../conformance/runner.ts';

const started: number[] = [];
const temporary: string[] = [];

afterEach(() => {
  for (const pid of started.splice(0)) if (startTimeOf(pid) !== null) process.kill(pid, 'SIGKILL');
  for (const folder of temporary.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A project of its own for each test, so that nothing else on the machine carries its mark. */
function newTrail(more: Partial<Trail> = {}): Trail {
  const project = mkdtempSync(join(tmpdir(), 'next-role-processes-'));
  temporary.push(project);
  return { mark: { order: 'R07.1-implementer', project }, sinceTicks: 0, group: null, ...more };
}

/** Starts a script in its own group and waits until it says `up`. */
async function run(script: string, env: Readonly<Record<string, string>>): Promise<number> {
  const child = spawn('/bin/sh', ['-c', script], {
    env: { PATH: process.env['PATH'], ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const pid = child.pid ?? 0;
  started.push(pid);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.stdout.destroy();
  return pid;
}

const sleeping = 'echo up; exec sleep 60';

function pidsOf(trail: Trail): number[] {
  return findProcesses(trail).map(({ pid }) => pid);
}

describe('findProcesses', () => {
  it('finds processes by their marks, whole and both of them', async () => {
    const trail = newTrail();
    const marked = await run(sleeping, markVariables(trail.mark));
    await run(sleeping, markVariables({ ...trail.mark, order: `${trail.mark.order}2` }));
    await run(sleeping, markVariables({ ...trail.mark, project: `${trail.mark.project}2` }));
    await run(sleeping, { X_NEXT_ROLE_ORDER: trail.mark.order, X_NEXT_ROLE_PROJECT: trail.mark.project });
    expect(pidsOf(trail)).toEqual([marked]);
  });

  it('finds processes without marks by their group', async () => {
    const group = await run('sleep 60 & echo up; exec sleep 60', {});
    expect(pidsOf(newTrail({ group }))).toHaveLength(2);
    expect(pidsOf(newTrail())).toEqual([]);
  });

  it('finds a mark behind 300 KB of other variables', async () => {
    const trail = newTrail();
    const bulk = Object.fromEntries([1, 2, 3].map((each) => [`BULK${each}`, 'x'.repeat(100_000)]));
    const pid = await run(sleeping, { ...bulk, ...markVariables(trail.mark) });
    expect(pidsOf(trail)).toEqual([pid]);
  });

  it('leaves out what is older than the session', async () => {
    const trail = newTrail();
    const pid = await run(sleeping, markVariables(trail.mark));
    const ticks = Number(startTimeOf(pid));
    expect(pidsOf({ ...trail, sinceTicks: ticks })).toEqual([pid]);
    expect(pidsOf({ ...trail, sinceTicks: ticks + 1 })).toEqual([]);
  });

  it('leaves out the process that asks', () => {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const group = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
    expect(pidsOf(newTrail({ group }))).not.toContain(process.pid);
    expect(group).toBeGreaterThan(0);
  });

  it('leaves out zombies', async () => {
    const trail = newTrail();
    const file = join(trail.mark.project, 'child');
    // The shell becomes a sleep, which waits for nobody, so its child stays a zombie.
    const group = await run(
      `sleep 0.1 & echo $! >${file}; echo up; exec sleep 60`,
      markVariables(trail.mark),
    );
    const child = readFileSync(file, 'utf8').trim();
    await until('the child is a zombie', () => readFileSync(`/proc/${child}/stat`, 'utf8').includes(') Z '));
    expect(pidsOf({ ...trail, group })).toEqual([group]);
  });
});

describe('reap', () => {
  it('ends what it finds and counts each process once', async () => {
    const trail = newTrail();
    const pid = await run('sleep 60 & setsid sleep 60 & echo up; exec sleep 60', markVariables(trail.mark));
    await until('all three run', () => pidsOf(trail).length === 3);
    const keys = await reap(trail, 1_000);
    expect(new Set(keys).size).toBe(3);
    expect(keys.filter((key) => key.startsWith(`${pid}:`))).toHaveLength(1);
    expect(pidsOf(trail)).toEqual([]);
  });

  it('lets a process end in its own way within the grace', async () => {
    const trail = newTrail();
    const file = join(trail.mark.project, 'said-goodbye');
    await run(
      `trap 'echo bye >${file}; exit' TERM; echo up; while :; do sleep 0.02; done`,
      markVariables(trail.mark),
    );
    await reap(trail, 5_000);
    await until('the goodbye', () => existsSync(file));
  });

  it('kills what ignores the request once the grace is over', async () => {
    const trail = newTrail();
    await run(`trap '' TERM; echo up; while :; do sleep 0.02; done`, markVariables(trail.mark));
    const begun = performance.now();
    await reap(trail, 200);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(200);
    expect(pidsOf(trail)).toEqual([]);
  });

  it('catches processes that replace themselves faster than it looks', async () => {
    const again = `trap '' TERM; sleep 0.01; setsid /bin/sh -c "$AGAIN" &`;
    for (let chain = 0; chain < 8; chain += 1) {
      const trail = newTrail();
      await run(`echo up; setsid /bin/sh -c "$AGAIN" &`, { ...markVariables(trail.mark), AGAIN: again });
      await reap(trail, 60);
      expect(pidsOf(trail)).toEqual([]);
    }
  });

  it('of nothing is one look and an empty answer', async () => {
    expect(await reap(newTrail(), 10_000)).toEqual([]);
  });
});

describe('reapGroup', () => {
  it('ends a group by its number, also one that ignores the request', async () => {
    const trail = newTrail();
    const gentle = await run('sleep 60 & echo up; exec sleep 60', markVariables(trail.mark));
    expect(await reapGroup(gentle, 5_000)).toBe(true);
    const stubborn = await run(
      `trap '' TERM; echo up; while :; do sleep 0.02; done`,
      markVariables(trail.mark),
    );
    expect(await reapGroup(stubborn, 100)).toBe(true);
    await until('both are gone', () => pidsOf(trail).length === 0);
    expect(await reapGroup(gentle, 100)).toBe(false);
  });
});

describe('isRunning', () => {
  it('tells a process from a later one with its number, and a zombie from a living one', async () => {
    const pid = await run(sleeping, {});
    const claim = { pid, startTime: startTimeOf(pid) ?? '', bootId: bootId() };
    expect(isRunning(claim, false)).toBe(true);
    expect(isRunning({ ...claim, startTime: `${claim.startTime}0` }, true)).toBe(false);
    expect(isRunning({ ...claim, bootId: 'another' }, true)).toBe(false);
    expect(await waitUntilGone(claim, 50)).toBe(false);
    expect(signal(pid, 'SIGKILL')).toBe(true);
    expect(await waitUntilGone(claim, 5_000)).toBe(true);
    await until('it is reaped', () => !signal(pid, 0));
  });
});

describe('createCpuMeter', () => {
  it('only grows: what ended stays counted, and no process counts backwards', () => {
    const meter = createCpuMeter();
    const process = (pid: number, cpuMs: number) => ({ pid, key: `${pid}:1`, cpuMs });
    expect(meter.read([process(1, 10), process(2, 20)])).toBe(30);
    expect(meter.read([process(1, 15)])).toBe(35);
    expect(meter.read([process(1, 5), process(3, 10)])).toBe(45);
    expect(meter.read([])).toBe(45);
    expect(meter.read([{ ...process(1, 10), key: '1:2' }])).toBe(55);
  });
});
