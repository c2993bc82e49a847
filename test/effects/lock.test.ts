import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bootId, isAlive, startTimeIn, startTimeOf } from '../../src/effects/boot.ts';
import type { Acquired, LockOptions, Owner } from '../../src/effects/lock.ts';
import { acquire, ownerOf } from '../../src/effects/lock.ts';
import type { Compiled } from './compiled.ts';
import { compile } from './compiled.ts';

let built: Compiled;
beforeAll(() => {
  built = compile('effects/lock.ts');
  const child = `
import { acquire } from './effects/lock.js';
const lock = await acquire(process.argv[2], JSON.parse(process.argv[3]));
process.stdout.write(lock.type + '\\n');
setInterval(() => undefined, 1000);
process.on('message', async () => { await lock.release(); process.send('released'); });
`;
  writeFileSync(join(built.folder, 'holder.js'), child);
});
afterAll(() => built.dispose());

const temporary = tmpdir();
let project: string;
const held: Acquired[] = [];
const children: ChildProcess[] = [];
beforeEach(() => {
  project = realpathSync(mkdtempSync(join(temporary, 'nr-lock-')));
  // Socket files that killed holders leave behind go away with the project.
  process.env['TMPDIR'] = project;
});
afterEach(async () => {
  for (const child of children.splice(0)) await end(child);
  for (const lock of held.splice(0)) if (lock.type === 'held') await lock.release();
  process.env['TMPDIR'] = temporary;
  rmSync(project, { recursive: true, force: true });
});

async function take(options: LockOptions = {}, folder = project): Promise<Acquired> {
  const lock = await acquire(folder, options);
  held.push(lock);
  return lock;
}

/** A second process that asks for the project; resolves with what it got. */
async function holder(options: LockOptions = {}): Promise<{ child: ChildProcess; got: string }> {
  const script = join(built.folder, 'holder.js');
  const child = spawn(process.execPath, [script, project, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  children.push(child);
  const [output] = (await once(child.stdout!, 'data')) as [Buffer];
  return { child, got: output.toString().trim() };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

const ownerFile = () => join(project, '.next-role/owner.json');
const owner = () => JSON.parse(readFileSync(ownerFile(), 'utf8')) as Owner;
function leave(fields: Partial<Owner>): void {
  const left: Owner = {
    host: hostname(),
    pid: process.pid,
    startTime: startTimeOf(process.pid) ?? '',
    bootId: bootId(),
    since: '2026-01-01T00:00:00.000Z',
    command: 'next-role run',
    ...fields,
  };
  mkdirSync(join(project, '.next-role'), { recursive: true });
  writeFileSync(ownerFile(), JSON.stringify(left));
}

const kinds: readonly LockOptions[] = process.platform === 'linux' ? [{}, { socket: 'file' }] : [{}];

for (const options of kinds) {
  describe(`acquire() with ${options.socket === 'file' ? 'a socket file' : "the system's own kind of socket"}`, () => {
    it('gives the project to one process, and tells the next one who has it', async () => {
      const { child, got } = await holder(options);
      expect(got).toBe('held');
      expect(owner()).toMatchObject({ pid: child.pid, host: hostname(), bootId: bootId() });
      const lock = await take(options);
      expect(lock).toMatchObject({ type: 'taken', by: { pid: child.pid } });
      if (lock.type === 'taken') expect(lock.message).toContain(`"kill ${child.pid ?? 0}"`);
      expect(await ownerOf(project, options)).toMatchObject({ pid: child.pid });
      expect(owner().pid).toBe(child.pid);
    });

    it('is free at once after kill -9 of the holder', async () => {
      const { child } = await holder(options);
      await end(child);
      expect(await ownerOf(project, options)).toBeNull();
      expect((await take(options)).type).toBe('held');
      expect(owner().pid).toBe(process.pid);
    });

    it('stays with a holder that is frozen', async () => {
      const { child } = await holder(options);
      child.kill('SIGSTOP');
      expect(await take(options)).toMatchObject({ type: 'taken', by: { pid: child.pid } });
      rmSync(ownerFile());
      expect(await take(options)).toMatchObject({ type: 'taken', by: null });
      child.kill('SIGCONT');
      expect(await take(options)).toMatchObject({ type: 'taken', by: { pid: child.pid } });
    });

    it('refuses the same process a second time, and gives it back after release()', async () => {
      const first = await take(options);
      expect(first.type).toBe('held');
      expect(await take(options)).toMatchObject({ type: 'taken', by: { pid: process.pid } });
      if (first.type === 'held') await first.release();
      expect(existsSync(ownerFile())).toBe(false);
      expect((await take(options)).type).toBe('held');
    });

    it('is the same lock by every name of the folder, and another one for another folder', async () => {
      mkdirSync(join(project, 'a'));
      mkdirSync(join(project, 'b'));
      symlinkSync('a', join(project, 'link'));
      expect((await take(options, join(project, 'a'))).type).toBe('held');
      expect((await take(options, join(project, 'link'))).type).toBe('taken');
      expect((await take(options, join(project, 'a/../a/'))).type).toBe('taken');
      expect((await take(options, join(project, 'b'))).type).toBe('held');
    });

    it('goes to one of eight that ask at once', { timeout: 60_000 }, async () => {
      const { child } = await holder(options);
      await end(child);
      const got = await Promise.all(Array.from({ length: 8 }, () => holder(options)));
      expect(got.map((each) => each.got).sort()).toEqual([
        'held',
        ...Array.from({ length: 7 }, () => 'taken'),
      ]);
      const winner = got.find((each) => each.got === 'held');
      expect(owner().pid).toBe(winner?.child.pid);
    });
  });
}

describe('the owner file', () => {
  it('of another host is never taken over, and the message says what to check', async () => {
    leave({ host: 'elsewhere', startTime: '1', bootId: 'another' });
    const before = readFileSync(ownerFile(), 'utf8');
    const lock = await take();
    expect(lock).toMatchObject({ type: 'taken', by: { host: 'elsewhere' } });
    if (lock.type === 'taken')
      expect(lock.message).toMatch(/"elsewhere".*delete ".*owner\.json" and start again/);
    expect(readFileSync(ownerFile(), 'utf8')).toBe(before);
    expect(await ownerOf(project)).toMatchObject({ host: 'elsewhere' });
    rmSync(ownerFile());
    expect((await take()).type).toBe('held');
  });

  it('of a process that is gone is replaced', async () => {
    const gone: readonly Partial<Owner>[] = [
      { bootId: 'an earlier boot' },
      { startTime: '1' },
      { pid: 2 ** 22 + 1 },
    ];
    for (const fields of gone) {
      leave(fields);
      expect(await ownerOf(project)).toBeNull();
      const lock = await take();
      expect(lock.type).toBe('held');
      expect(isAlive(owner())).toBe(true);
      if (lock.type === 'held') await lock.release();
    }
  });

  it.runIf(process.platform === 'linux')(
    'of a living process keeps others out even where its socket cannot be seen',
    async () => {
      const child = spawn('sleep', ['60']);
      children.push(child);
      leave({ pid: child.pid ?? 0, startTime: startTimeOf(child.pid ?? 0) ?? '' });
      expect(await take()).toMatchObject({ type: 'taken', by: { pid: child.pid } });
      await end(child);
      expect((await take()).type).toBe('held');
    },
  );

  it('that is garbage does not lock anybody out', async () => {
    mkdirSync(join(project, '.next-role'));
    for (const text of ['', '{', 'null', '{"pid":"1"}', '[1]']) {
      writeFileSync(ownerFile(), text);
      const lock = await take();
      expect(lock.type).toBe('held');
      if (lock.type === 'held') await lock.release();
    }
  });

  it('that cannot be written leaves nothing held', async () => {
    writeFileSync(join(project, '.next-role'), 'a file in the way');
    await expect(acquire(project)).rejects.toThrow(/in the place of ".*\.next-role"\. Move it away/);
    rmSync(join(project, '.next-role'));
    expect((await take()).type).toBe('held');
  });

  it('is removed by release() only while it is ours', async () => {
    const lock = await take();
    leave({ host: 'elsewhere' });
    if (lock.type === 'held') await lock.release();
    expect(owner().host).toBe('elsewhere');
    expect(readdirSync(join(project, '.next-role'))).toEqual(['owner.json']);
  });
});

describe.runIf(process.platform === 'linux')('isAlive()', () => {
  const self = { pid: process.pid, startTime: startTimeOf(process.pid) ?? '', bootId: bootId() };

  it('tells a process from a later one with its number, and from one before a restart of the machine', () => {
    expect(isAlive(self)).toBe(true);
    expect(isAlive({ ...self, startTime: '1' })).toBe(false);
    expect(isAlive({ ...self, bootId: 'an earlier boot' })).toBe(false);
    for (const pid of [0, -1, 1.5, Number.NaN, 2 ** 22 + 1]) expect(startTimeOf(pid)).toBeNull();
  });

  it('calls a zombie dead', { timeout: 20_000 }, async () => {
    // The shell becomes a sleep that never waits for its child, so the child stays a zombie.
    const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    children.push(parent);
    const [output] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(output.toString());
    expect(startTimeOf(pid)).not.toBeNull();
    const until = performance.now() + 10_000;
    while (startTimeOf(pid) !== null && performance.now() < until) await delay(20);
    expect(startTimeOf(pid)).toBeNull();
    expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toContain(') Z ');
  });

  it('reads past a command name with spaces and parentheses', () => {
    const rest = 'S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 0 0';
    for (const name of ['node', 'a b', 'a) S 1', ') Z (', ''])
      expect(startTimeIn(`7 (${name}) ${rest}`)).toBe('4711');
    expect(startTimeIn(`7 (node) ${rest.replace('S', 'Z')}`)).toBeNull();
    expect(startTimeIn('')).toBeNull();
  });
});
