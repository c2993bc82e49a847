import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
  mkdirSync,
  lstatSync,
  realpathSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { runCheck, type Check } from '../../src/effects/check.ts';
import { copyTree, placeOf } from '../../src/effects/copytree.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
function folder(): string {
  const made = realpathSync(mkdtempSync(join(tmpdir(), 'next-role-check-')));
  folders.push(made);
  return made;
}
const check = (line: string, cwd: string, more: Partial<Check> = {}): Check => ({
  line,
  cwd,
  timeoutMs: 20_000,
  output: join(cwd, 'out/kept.txt'),
  mark: { order: 'R01.check', project: cwd },
  ...more,
});

describe('runCheck()', () => {
  it('gives the end and keeps both streams', async () => {
    const cwd = folder();
    const { end, output } = await runCheck(check('echo out; echo err >&2; exit 3', cwd));
    expect(end).toEqual({ type: 'exited', code: 3 });
    expect(output).toBe('out\nerr\n');
    expect(readFileSync(join(cwd, 'out/kept.txt'), 'utf8')).toBe('out\nerr\n');
  });

  it('stops what takes too long, with everything it started', async () => {
    const cwd = folder();
    const line = 'setsid sh -c "sleep 60; touch late" & echo begun; sleep 60';
    const { end, output } = await runCheck(check(line, cwd, { timeoutMs: 500 }));
    expect(end).toEqual({ type: 'timed-out' });
    expect(output).toContain('begun');
    expect(existsSync(join(cwd, 'late'))).toBe(false);
  });

  it('gives head and tail of a flood', async () => {
    const cwd = folder();
    const { output } = await runCheck(check('echo first; yes | head -n 500000; echo last', cwd));
    expect(output.startsWith('first\n')).toBe(true);
    expect(output.endsWith('last\n')).toBe(true);
    expect(output.length).toBeLessThan(140_000);
  });

  it('stops what prints without end, long before its time is over', async () => {
    const cwd = folder();
    const { end, ms } = await runCheck(check('yes', cwd, { outputBytesMax: 100_000 }));
    expect(end).toEqual({ type: 'flooded' });
    expect(ms).toBeLessThan(15_000);
  });

  it('says that a folder is gone instead of throwing', async () => {
    const cwd = folder();
    const { end } = await runCheck(check('true', join(cwd, 'no'), { output: join(cwd, 'o.txt') }));
    expect(end).toMatchObject({ type: 'not-started' });
  });
});

describe('copyTree()', () => {
  it('copies a project without git, our own folder and what is to be left out; dependencies are linked', async () => {
    const [root, to] = [folder(), join(folder(), 'work')];
    for (const [path, text] of Object.entries({
      'a.txt': 'a',
      'src/b.txt': 'b',
      '.next-role/j': 'j',
      'hidden/c': 'c',
      'node_modules/d/e': 'e',
    })) {
      mkdirSync(join(root, path, '..'), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    await copyTree(root, to, ['hidden']);
    expect(readFileSync(join(to, 'src/b.txt'), 'utf8')).toBe('b');
    expect(existsSync(join(to, 'hidden'))).toBe(false);
    expect(existsSync(join(to, '.next-role'))).toBe(false);
    expect(lstatSync(join(to, 'node_modules')).isSymbolicLink()).toBe(true);
    writeFileSync(join(to, 'a.txt'), 'changed');
    expect(readFileSync(join(root, 'a.txt'), 'utf8')).toBe('a');
  });
});

describe('placeOf()', () => {
  it.each([
    ['../checks', { path: '/checks', inside: null }],
    ['checks/', { path: '/p/checks', inside: 'checks' }],
    ['/q', { path: '/q', inside: null }],
    ['/p/a', { path: '/p/a', inside: 'a' }],
  ])('places %s', (given, place) => {
    expect(placeOf('/p', given)).toEqual(place);
  });
});
