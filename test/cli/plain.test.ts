import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPlain } from '../../src/cli/plain.ts';

let folder = '';
const opened: number[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'next-role-plain-'));
});
afterEach(() => {
  for (const fd of opened.splice(0)) closeSync(fd);
  rmSync(folder, { recursive: true, force: true });
});

function open(path: string, flags: number): number {
  const fd = openSync(path, flags);
  opened.push(fd);
  return fd;
}

function close(fd: number): void {
  closeSync(fd);
  opened.splice(opened.indexOf(fd), 1);
}

function newPipe(): string {
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  return path;
}

describe('openPlain()', () => {
  it('writes to a file, which has no colours and the width of nothing', () => {
    const path = join(folder, 'out');
    const output = openPlain(open(path, constants.O_WRONLY | constants.O_CREAT), {});
    output?.write('one – \n');
    output?.write('two\n');
    expect(readFileSync(path, 'utf8')).toBe('one – \ntwo\n');
    expect(output).toMatchObject({ isTerminal: false, colour: false, columns: 80 });
  });

  it('writes all of it to a pipe that is full and does not make its writers wait', async () => {
    const path = newPipe();
    const fd = open(path, constants.O_RDWR | constants.O_NONBLOCK);
    const reader = spawn('/bin/sh', ['-c', 'sleep 0.1; cat "$0" >"$1"', path, join(folder, 'read')]);
    const text = 'x–'.repeat(200_000);
    openPlain(fd, {})?.write(text);
    // Before its end the reader must have opened the pipe, which it has: nobody else emptied it.
    close(fd);
    await once(reader, 'close');
    expect(readFileSync(join(folder, 'read'), 'utf8')).toBe(text);
  });

  it('is silent once its reader is gone', () => {
    const path = newPipe();
    const reader = open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const output = openPlain(open(path, constants.O_WRONLY), {});
    close(reader);
    expect(output).not.toBeNull();
    output?.write('one\n');
    output?.write('two\n');
  });

  it('throws what else the system says', () => {
    const path = join(folder, 'out');
    const output = openPlain(open(path, constants.O_RDONLY | constants.O_CREAT), {});
    expect(() => output?.write('one\n')).toThrow('EBADF');
  });

  it.runIf(process.platform === 'linux')('takes the null device for what it is', () => {
    expect(openPlain(open('/dev/null', constants.O_WRONLY), {})).not.toBeNull();
  });

  it.each([
    ['a terminal', () => open('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY), {}],
    [
      'what is coloured all the same',
      () => open(join(folder, 'out'), constants.O_CREAT),
      { FORCE_COLOR: '1' },
    ],
    ['a descriptor that is closed', () => 9_999, {}],
  ])('leaves to Node’s own stream: %s', (_, fd, env) => {
    expect(openPlain(fd(), env)).toBeNull();
  });
});
