/**
 * The reviewer's right-reasons audit: breaks a copy of the code in one way at a time, runs the project's own tests on
 * the copy, and prints which criteria turned red. Works in a temporary folder that it removes, and never touches the
 * project. Exits 1 when a break goes unnoticed, or when the code no longer holds the line that is to be broken.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const breaks = [
  {
    name: 'numbers as doubles',
    from: 'if (aIsNumber && bIsNumber) return compareNumbers(a, b);',
    to: 'if (aIsNumber && bIsNumber) return Math.sign(Number(a) - Number(b));',
  },
  {
    name: 'numbers as text',
    from: 'if (a.length !== b.length) return a.length < b.length ? -1 : 1;',
    to: '',
  },
  {
    name: 'letters before numbers',
    from: 'return aIsNumber ? -1 : 1;',
    to: 'return aIsNumber ? 1 : -1;',
  },
  {
    name: 'a longer pre-release is no higher',
    from: 'return Math.sign(a.length - b.length);',
    to: 'return 0;',
  },
];
const testMsMax = 20_000;

const copy = mkdtempSync(join(tmpdir(), 'right-reasons-'));
try {
  for (const part of ['package.json', 'src', 'test']) cpSync(part, join(copy, part), { recursive: true });
  const file = join(copy, 'src', 'compare-semver.js');
  const sound = readFileSync(file, 'utf8');
  for (const { name, from, to } of breaks) {
    writeFileSync(file, sound.replace(from, to));
    const red = sound.includes(from) ? failingCriteria(copy) : 'nothing to break: the line is gone';
    console.log(`${name}: ${red === '' ? 'NOT NOTICED' : red}`);
    if (!red.startsWith('AC-')) process.exitCode = 1;
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}

/** The criteria with a failing test, such as `AC-1 AC-6`; empty when all tests pass. */
function failingCriteria(folder) {
  const red = readdirSync(join(folder, 'test')).flatMap((file) => {
    const args = ['--test-reporter=tap', join('test', file)];
    const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', timeout: testMsMax });
    return [...stdout.matchAll(/^\s*not ok \d+ - (AC-\d+)/gm)].map((match) => match[1]);
  });
  return [...new Set(red)].join(' ');
}
