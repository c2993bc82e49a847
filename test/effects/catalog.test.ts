/**
 * The policy of real projects in temporary folders: shipped files, overrides, settings, programs on PATH. Nothing is
 * doubled; an agent "is installed" when there is an executable file of its name in a folder of the PATH given.
 */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { builtinFile, builtinNames, packageRoot, readCatalog } from '../../src/effects/catalog.ts';
import type { CatalogReading } from '../../src/effects/catalog.ts';

let project = '';
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'next-role-catalog-'));
});
afterEach(async () => {
  await rm(project, { recursive: true, force: true });
});

async function save(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(project, path)), { recursive: true });
  await writeFile(join(project, path), text);
}

const read = (): Promise<CatalogReading> => readCatalog(project, { path: '' });
const tester = `---
title: Tester
class: cheap
reads: [coordination/specs/]
writes: [coordination/NEXT-ROLE.md]
tools: [Read]
ends: [READY]
---

Try to break {round}.
`;

describe('readCatalog()', () => {
  it('reads the shipped files for a project that overrides nothing, without a problem', async () => {
    const { policy, problems } = await read();
    expect(problems).toEqual([]);
    expect(policy.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(Object.keys(policy.roles).sort()).toEqual([
      'architect',
      'coordinator',
      'implementer',
      'memorial',
      'oracle',
      'reviewer',
      'second-reviewer',
    ]);
    expect(Object.keys(policy.tiers)).toEqual(['solo', 'audit', 'full', 'oracle', 'coordinator']);
  });

  it('finds a role and a tier that the project adds', async () => {
    await save('coordination/roles/tester.md', tester);
    await save('coordination/roles/README.md', '# Our roles\n');
    await save(
      'coordination/state/tiers.yaml',
      'tested:\n  about: With a tester.\n  roles: [implementer, tester]\n',
    );
    const { policy, problems } = await read();
    expect(problems).toEqual([]);
    expect(policy.roles['tester']?.body).toBe('Try to break {round}.');
    expect(policy.tiers['tested']?.roles).toEqual(['implementer', 'tester']);
    expect(policy.assignments['tester']?.ladder.cheap).toEqual(['haiku', 'sonnet']);
  });

  it('lets the project replace a shipped role, one limit and one model', async () => {
    const shipped = (await builtinFile('roles/reviewer.md')) ?? '';
    await save('coordination/roles/reviewer.md', shipped.replace('title: Reviewer', 'title: Sceptic'));
    await save('coordination/state/limits.yaml', 'roles: { reviewer: { idleMinutes: 0.02 } }\n');
    await save('coordination/state/models.yaml', 'frontier: { claude: my-model }\n');
    const { policy, problems } = await read();
    expect(problems).toEqual([]);
    expect(policy.roles['reviewer']?.title).toBe('Sceptic');
    expect(policy.roles['reviewer']?.limits).toMatchObject({ idleMs: 1_200, turns: 60 });
    expect(policy.assignments['reviewer']?.ladder.frontier).toEqual(['my-model']);
  });

  it('keeps the shipped role when the override is broken, and names its line', async () => {
    const shipped = (await builtinFile('roles/reviewer.md')) ?? '';
    await save('coordination/roles/reviewer.md', shipped.replace('class: frontier', 'clas: frontier'));
    const { policy, problems } = await read();
    expect(policy.roles['reviewer']?.class).toBe('frontier');
    expect(problems).toEqual([
      {
        file: 'coordination/roles/reviewer.md',
        diagnostics: [
          expect.objectContaining({ code: 'data-missing', line: 1, message: '"class" is missing.' }),
          expect.objectContaining({
            code: 'data-invalid',
            line: 3,
            severity: 'error',
            message: '"clas" is no key here.',
            hint: expect.stringContaining('Did you mean "class"?') as string,
          }),
        ],
      },
    ]);
  });

  it('reads the settings, and reports them by their own path', async () => {
    await save('coordination/next-role.yaml', '# ours\ntier: audit\n');
    expect((await read()).policy.defaultTier).toBe('audit');
    await save('coordination/next-role.yaml', '# ours\ntier: audti\n');
    const { policy, problems } = await read();
    expect(policy.defaultTier).toBe('full');
    expect(problems).toMatchObject([{ file: 'coordination/next-role.yaml', diagnostics: [{ line: 2 }] }]);
  });

  it('reports a file that cannot be read instead of passing it over', async () => {
    await mkdir(join(project, 'coordination/state/limits.yaml'), { recursive: true });
    await writeFile(
      join(project, 'coordination/next-role.yaml'),
      Buffer.from([0x74, 0x3a, 0x20, 0xff, 0xfe]),
    );
    await save('coordination/roles/big.md', 'x'.repeat(1_000_000));
    const { policy, problems } = await read();
    expect(policy.caps.perRole).toBe(4);
    expect(problems.map((problem) => [problem.file, problem.diagnostics[0]?.code])).toEqual([
      ['coordination/roles/big.md', 'file-unreadable'],
      ['coordination/state/limits.yaml', 'file-unreadable'],
      ['coordination/next-role.yaml', 'file-unreadable'],
    ]);
  });

  it('warns of a state file that nobody reads', async () => {
    await save('coordination/state/tier.yml', 'x: {}\n');
    expect((await read()).problems).toMatchObject([
      {
        file: 'coordination/state/tier.yml',
        diagnostics: [
          {
            severity: 'warning',
            hint: 'Valid names here: tiers.yaml, models.yaml, router.yaml, limits.yaml, gates.yaml, agents.yaml, memorial.yaml, failures.yaml, prices.yaml.',
          },
        ],
      },
    ]);
  });

  it('gives the same digest for the same meaning, and another one for another', async () => {
    const { digest } = (await read()).policy;
    await save('coordination/next-role.yaml', '# a comment only\ncommit: true\ntier: full\n');
    expect((await read()).policy.digest).toBe(digest);
    await save('coordination/next-role.yaml', 'tier: full\ncommit: true\n');
    expect((await read()).policy.digest).toBe(digest);
    await save('coordination/next-role.yaml', 'agents: { a: { kind: claude }, b: { kind: claude } }\n');
    const two = (await read()).policy.digest;
    await save('coordination/next-role.yaml', 'agents: { b: { kind: claude }, a: { kind: claude } }\n');
    expect((await read()).policy.digest).toBe(two);
    expect(two).not.toBe(digest);
    await save('coordination/next-role.yaml', 'commit: false\n');
    expect((await read()).policy.digest).not.toBe(digest);
  });

  it('finds an agent on PATH only when it is an executable file', async () => {
    const because = async (path: string): Promise<string> =>
      (await readCatalog(project, { path })).policy.assignments['architect']?.because ?? '';
    await mkdir(join(project, 'folder/claude'), { recursive: true });
    await save('plain/claude', '#!/bin/sh\n');
    await chmod(join(project, 'plain/claude'), 0o644);
    await save('bin/claude', '#!/bin/sh\n');
    await chmod(join(project, 'bin/claude'), 0o755);
    const without = ['folder', 'plain', 'missing'].map((name) => join(project, name)).join(':');
    expect(await because(`:relative:${without}`)).toContain(
      'no agent is installed; install Claude Code, or set',
    );
    expect(await because(`${without}:${join(project, 'bin')}`)).toMatch(/^claude is installed$/);
  });

  it('reads another home when it is given one', async () => {
    await save('home/roles/only.md', tester);
    await save('home/state/tiers.yaml', 'full: { about: One., roles: [only] }\n');
    const { policy, problems } = await readCatalog(project, { path: '', home: join(project, 'home') });
    expect(problems).toEqual([]);
    expect(Object.keys(policy.roles)).toEqual(['only']);
  });
});

describe('builtinFile()', () => {
  it('gives every shipped file by its name, and nothing else', async () => {
    const names = await builtinNames();
    expect(names).toContain('roles/reviewer.md');
    expect(names).toContain('state/tiers.yaml');
    expect(names).toContain('templates/NEXT-ROLE.md');
    for (const name of names)
      expect(await builtinFile(name)).toBe(await readFile(join(packageRoot, name), 'utf8'));
    for (const name of ['package.json', '../package.json', 'roles/../package.json', 'roles', 'roles/', '']) {
      expect(await builtinFile(name)).toBeNull();
    }
  });
});
