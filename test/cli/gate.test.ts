/** `next-role gate` as a person and a script see it, in a plain git repository and in a project. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { emptyFolder, pausedHandoff, projectWith, removeFolders } from '../rig/project.ts';
import { line } from './shell.ts';

afterEach(removeFolders);

const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args], {
    cwd,
    encoding: 'utf8',
  });

function save(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** A repository without coordination/, without an agent, with one commit. */
function plainRepository(): string {
  const folder = emptyFolder();
  git(folder, 'init', '-q', '-b', 'main');
  save(folder, { 'a.test.js': "it('a', () => { expect(1).toBe(1); });\n", 'src/a.js': '1\n' });
  git(folder, 'add', '-A');
  git(folder, 'commit', '-qm', 'start');
  return folder;
}

describe('gate, in a plain git repository', () => {
  it('prints the gates with their findings as JSON and exits with 0 or 1', async () => {
    const folder = plainRepository();
    const green = await line(folder, ['gate', '--tests', 'true', '--json']);
    expect(green.code).toBe(0);
    expect((await line(folder, ['gate', '--tests', 'true', '--only', 'tests,review'])).out).toMatch(
      /✓ 1 passed, 1 not run\n$/,
    );
    expect(JSON.parse(green.out)).toMatchObject({ pass: true });
    save(folder, { 'a.test.js': "it.only('a', () => {});\n", 'new.txt': 'x\n' });
    const red = await line(folder, ['gate', '--tests', 'echo boom; exit 4', '--json']);
    expect(red.code).toBe(1);
    const { gates, pass } = JSON.parse(red.out) as {
      gates: { gate: string; pass: boolean; findings: Record<string, unknown>[] }[];
      pass: boolean;
    };
    expect(pass).toBe(false);
    expect(gates.filter((gate) => !gate.pass).map(({ gate }) => gate)).toEqual(['weakened-tests', 'tests']);
    const findings = gates.flatMap((gate) => gate.findings);
    for (const finding of findings)
      expect(Object.keys(finding)).toEqual(['id', 'severity', 'file', 'line', 'text']);
    expect(findings[0]).toMatchObject({ severity: 'MAJOR', file: 'a.test.js', line: 1 });
    expect(findings.at(-1)?.['text']).toContain('boom');
    // Nothing of ours is left in the tree.
    expect(git(folder, 'status', '--porcelain')).toBe(' M a.test.js\n?? new.txt\n');
    expect(existsSync(join(folder, '.next-role'))).toBe(false);
  });

  it('compares with where the branch began, or with what it is told, and takes a spec', async () => {
    const folder = plainRepository();
    git(folder, 'checkout', '-qb', 'work');
    save(folder, { 'lib/b.js': '2\n', 'spec.md': '## Allowed paths\n- `src/`\n- `spec.md`\n' });
    git(folder, 'add', '-A');
    git(folder, 'commit', '-qm', 'work');
    const files = async (...more: string[]): Promise<unknown[]> => {
      const { out } = await line(folder, [
        'gate',
        '--only',
        'anti-scope',
        '--spec',
        'spec.md',
        '--json',
        ...more,
      ]);
      const { gates } = JSON.parse(out) as { gates: { findings: { file: string }[] }[] };
      return gates.flatMap(({ findings }) => findings.map(({ file }) => file));
    };
    expect(await files()).toEqual(['lib/b.js']);
    expect(await files('--since', 'HEAD')).toEqual([]);
  });

  it('is read by a person at a glance', async () => {
    const folder = plainRepository();
    const { out } = await line(folder, ['gate', '--tests', 'echo one; echo two; exit 1'], 80);
    expect(out).toMatch(/^– review +there is no report$/m);
    expect(out).toMatch(/^✗ tests /m);
    expect(out).toMatch(/^ {4}CRITICAL {2}`echo one; echo two; exit 1` ended with exit code 1/m);
    expect(out).toMatch(/^ {6}two$/m);
    expect(out).toMatch(/✗ 1 of \d+ gates is red, \d+ not run\n$/);
    for (const text of out.split('\n')) expect(text.length).toBeLessThanOrEqual(80 + folder.length);
  });

  it('refuses what cannot be meant, with a way forward', async () => {
    const folder = plainRepository();
    const wrong = await line(folder, ['gate', '--only', 'test']);
    expect([wrong.code, wrong.err]).toEqual([64, expect.stringContaining('Gates: artifact-contract')]);
    const since = await line(folder, ['gate', '--since', 'nowhere']);
    expect([since.code, since.err]).toEqual([64, expect.stringContaining('"nowhere" is no commit')]);
    const none = await line(emptyFolder(), ['gate']);
    expect([none.code, none.err]).toEqual([64, expect.stringContaining('No project and no git repository')]);
  });
});

describe('gate, in a project', () => {
  it('takes round, settings and spec from the project, and passes over what is not owed yet', async () => {
    const folder = projectWith(
      {
        'coordination/NEXT-ROLE.md': pausedHandoff,
        'coordination/next-role.yaml': 'gates: { tests: { command: "exit 2", severity: MINOR } }\n',
        'coordination/specs/Q-R01-SPEC.md': '# Spec\n\n## Goal\n\nx\n',
      },
      true,
    );
    const { code, out } = await line(folder, ['gate', '--json']);
    expect(code).toBe(1);
    const { gates } = JSON.parse(out) as {
      gates: { gate: string; pass: boolean; findings: { file: string }[] }[];
    };
    expect(gates.filter(({ pass }) => !pass).map(({ gate }) => gate)).toEqual(['artifact-contract']);
    expect(gates[0]?.findings.map(({ file }) => file)).toContain('coordination/specs/Q-R01-SPEC.md');
    expect(gates.find(({ gate }) => gate === 'tests')).toMatchObject({
      pass: true,
      findings: [{ severity: 'MINOR' }],
    });
    expect((await line(folder, ['gate', 'R09', '--json'])).code).toBe(64);
  });
});
