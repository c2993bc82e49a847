import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commitCoordination, ensureIgnored, repositoryOf, version } from '../../src/effects/git.ts';

let home: string;
let project: string;
const outside = { ...process.env };
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'nr-git-')));
  project = join(home, 'project');
  mkdirSync(project);
  // No configuration of the machine, and no repository above the temporary folder, may decide a case.
  for (const name of Object.keys(process.env))
    if (/^GIT_|^EMAIL$/.test(name)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, {
    GIT_CONFIG_GLOBAL: join(home, 'gitconfig'),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CEILING_DIRECTORIES: home,
  });
  writeFileSync(
    join(home, 'gitconfig'),
    '[user]\n  name = Ada\n  email = ada@localhost\n[init]\n  defaultBranch = main\n',
  );
  git('init', '--quiet');
  write('src/code.js', 'code\n');
  write('coordination/NEXT-ROLE.md', 'STATUS: READY\n');
  write('coordination/old.md', 'old\n');
  git('add', '--all');
  git('commit', '--quiet', '-m', 'start');
});
afterEach(() => {
  for (const name of Object.keys(process.env))
    if (!(name in outside)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, outside);
  rmSync(home, { recursive: true, force: true });
});

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
function write(path: string, text: string): void {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), text);
}
const commit = (message = 'R01: round') => commitCoordination(project, ['coordination'], message);
const head = () => git('rev-parse', 'HEAD').trim();
/** Names and kinds of change of the last commit. */
const changes = () => git('show', '--format=', '--name-status', '--no-renames', 'HEAD').trim().split('\n');
/** What is staged outside of coordination: modes, contents, flags, and the difference it makes. */
const stagedElsewhere = () => {
  const others = ['--', '.', ':!coordination'];
  return git('ls-files', '--stage', '-t', ...others) + git('diff', '--cached', '--binary', ...others);
};

describe('commitCoordination()', () => {
  it('commits what is new, changed and deleted, and says under which id', async () => {
    write('coordination/NEXT-ROLE.md', 'STATUS: WORKING\n');
    write('coordination/specs/Q-R01-SPEC.md', 'spec\n');
    rmSync(join(project, 'coordination/old.md'));
    expect(await commit('R01: specification\n\n# not a comment')).toEqual({ type: 'committed', sha: head() });
    expect(changes()).toEqual([
      'M\tcoordination/NEXT-ROLE.md',
      'D\tcoordination/old.md',
      'A\tcoordination/specs/Q-R01-SPEC.md',
    ]);
    expect(git('log', '-1', '--format=%an <%ae>%n%B').trim()).toBe(
      'Ada <ada@localhost>\nR01: specification\n\n# not a comment',
    );
    expect(git('status', '--porcelain')).toBe('');
    expect(await commit()).toEqual({ type: 'nothing' });
  });

  it('leaves everything the human has staged elsewhere exactly as it was', async () => {
    write('src/code.js', 'staged\n');
    write('src/new.js', 'staged and new\n');
    write('src/later.js', 'only announced\n');
    git('add', 'src/code.js', 'src/new.js');
    git('add', '--intent-to-add', 'src/later.js');
    write('src/code.js', 'staged, and edited since\n');
    write('src/untracked.js', 'untracked\n');
    write('coordination/NEXT-ROLE.md', 'STATUS: WORKING\n');
    const before = stagedElsewhere();
    const status = git('status', '--porcelain', '--', 'src');
    expect((await commit()).type).toBe('committed');
    expect(changes()).toEqual(['M\tcoordination/NEXT-ROLE.md']);
    expect(stagedElsewhere()).toBe(before);
    expect(before).toContain('staged and new');
    expect(git('status', '--porcelain', '--', 'src')).toBe(status);
  });

  it('takes along what the human has staged in coordination itself, in its newest form', async () => {
    write('coordination/PRD.md', 'staged\n');
    git('add', 'coordination/PRD.md');
    write('coordination/PRD.md', 'newer\n');
    expect((await commit()).type).toBe('committed');
    expect(git('show', 'HEAD:coordination/PRD.md')).toBe('newer\n');
  });

  it('says "nothing" when a staged change was undone by hand', async () => {
    write('coordination/NEXT-ROLE.md', 'STATUS: WORKING\n');
    git('add', 'coordination');
    write('coordination/NEXT-ROLE.md', 'STATUS: READY\n');
    const before = head();
    expect(await commit()).toEqual({ type: 'nothing' });
    expect(head()).toBe(before);
  });

  it('makes the first commit of a repository, with other files staged', async () => {
    rmSync(join(project, '.git'), { recursive: true });
    git('init', '--quiet');
    git('add', 'src');
    expect((await commit()).type).toBe('committed');
    expect(changes()).toEqual(['A\tcoordination/NEXT-ROLE.md', 'A\tcoordination/old.md']);
    expect(git('diff', '--cached', '--name-only').trim()).toBe('src/code.js');
  });

  it('works in a project below the top of the repository', async () => {
    write('apps/shop/coordination/NEXT-ROLE.md', 'STATUS: READY\n');
    write('coordination/NEXT-ROLE.md', 'not of this project\n');
    const below = join(project, 'apps/shop');
    expect((await commitCoordination(below, ['coordination'], 'R01')).type).toBe('committed');
    expect(changes()).toEqual(['A\tapps/shop/coordination/NEXT-ROLE.md']);
  });

  it('takes file names literally, whatever they hold', async () => {
    const names = ['*.md', ':(top)x', '-m', 'ü "quoted"', 'two\nlines', 'tab\there', ' blank '];
    for (const name of names) write(`coordination/${name}`, name);
    writeFileSync(
      Buffer.concat([Buffer.from(`${project}/coordination/`), Buffer.from([0x61, 0xff])]),
      'not UTF-8',
    );
    write('coordination/old.md', 'changed\n');
    expect((await commit()).type).toBe('committed');
    expect(git('status', '--porcelain')).toBe('');
    expect(git('ls-files', '-z', 'coordination').split('\0')).toHaveLength(names.length + 4);
    write('coordination/*.md', 'changed\n');
    write('coordination/old.md', 'changed, and not to be taken\n');
    expect((await commitCoordination(project, ['coordination/*.md'], 'one')).type).toBe('committed');
    expect(changes()).toEqual(['M\tcoordination/*.md']);
  });

  it('passes over paths that do not exist, that leave the project, or that git ignores', async () => {
    write('.gitignore', 'coordination/logs/\n');
    write('coordination/logs/R01.log', 'x');
    write('coordination/.NEXT-ROLE.md.nr-0123456789ab', 'half a file');
    write('secret', 'x');
    const paths = ['coordination', 'coordination/none', 'none', '../project/secret', '/etc'];
    expect(await commitCoordination(project, paths, 'R01')).toEqual({ type: 'nothing' });
    expect(await commitCoordination(project, ['none'], 'R01')).toEqual({ type: 'nothing' });
    expect(git('diff', '--cached', '--name-only')).toBe('');
    rmSync(join(project, 'coordination'), { recursive: true });
    expect(await commit()).toEqual({ type: 'nothing' });
  });

  it('leaves alone a repository inside coordination', async () => {
    mkdirSync(join(project, 'coordination/clone'));
    execFileSync('git', ['init', '--quiet'], { cwd: join(project, 'coordination/clone') });
    execFileSync('git', ['commit', '--quiet', '--allow-empty', '-m', 'x'], {
      cwd: join(project, 'coordination/clone'),
    });
    expect(await commit()).toEqual({ type: 'nothing' });
    write('coordination/old.md', 'changed\n');
    expect((await commit()).type).toBe('committed');
    expect(changes()).toEqual(['M\tcoordination/old.md']);
  });

  it('runs no hook and asks no signing program', async () => {
    for (const hook of [
      'pre-commit',
      'prepare-commit-msg',
      'commit-msg',
      'post-commit',
      'reference-transaction',
    ]) {
      const path = join(project, '.git/hooks', hook);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `#!/bin/sh\necho ran >> '${join(home, 'ran')}'\nexit 1\n`);
      chmodSync(path, 0o755);
    }
    git('config', 'commit.gpgSign', 'true');
    git('config', 'gpg.program', '/bin/false');
    write('coordination/old.md', 'changed\n');
    expect((await commit()).type).toBe('committed');
    expect(() => readFileSync(join(home, 'ran'))).toThrow(/ENOENT/);
  });

  it('uses an identity of its own only where none is configured', async () => {
    const author = async () => {
      appendFileSync(join(project, 'coordination/old.md'), 'more\n');
      expect((await commit()).type).toBe('committed');
      return git('log', '-1', '--format=%an <%ae> %cn <%ce>').trim();
    };
    writeFileSync(join(home, 'gitconfig'), '');
    expect(await author()).toBe('next-role <next-role@localhost> next-role <next-role@localhost>');
    git('config', 'user.name', 'Grace');
    expect(await author()).toBe('Grace <next-role@localhost> Grace <next-role@localhost>');
    git('config', 'user.email', 'grace@localhost');
    expect(await author()).toBe('Grace <grace@localhost> Grace <grace@localhost>');
  });

  it.each([
    ['MERGE_HEAD', 'a merge'],
    ['CHERRY_PICK_HEAD', 'a cherry-pick'],
    ['rebase-merge/head-name', 'a rebase'],
    ['BISECT_LOG', 'a bisect'],
  ])('touches nothing while there is a %s', async (name, what) => {
    mkdirSync(dirname(join(project, '.git', name)), { recursive: true });
    writeFileSync(join(project, '.git', name), head());
    write('coordination/old.md', 'changed\n');
    const before = [head(), git('diff', '--cached')];
    expect(await commit()).toEqual({ type: 'skipped', why: `${what} is going on in "${project}"` });
    expect([head(), git('diff', '--cached')]).toEqual(before);
  });

  it('touches nothing in a real merge with a conflict', async () => {
    git('checkout', '--quiet', '-b', 'other');
    write('src/code.js', 'theirs\n');
    git('commit', '--quiet', '-am', 'theirs');
    git('checkout', '--quiet', 'main');
    write('src/code.js', 'ours\n');
    git('commit', '--quiet', '-am', 'ours');
    expect(() => git('merge', 'other')).toThrow();
    write('coordination/old.md', 'changed\n');
    const before = git('ls-files', '--stage');
    expect(await commit()).toMatchObject({
      type: 'skipped',
      why: expect.stringContaining('a merge') as string,
    });
    expect(git('ls-files', '--stage')).toBe(before);
  });

  it('works in a linked worktree, and sees only the state of that one', async () => {
    const tree = join(home, 'tree');
    git('worktree', 'add', '--quiet', tree);
    writeFileSync(join(project, '.git/MERGE_HEAD'), head());
    writeFileSync(join(tree, 'coordination/old.md'), 'changed\n');
    expect((await commitCoordination(tree, ['coordination'], 'R01')).type).toBe('committed');
    expect(await repositoryOf(tree)).toBe(tree);
  });

  it('waits for another git to end', async () => {
    write('coordination/old.md', 'changed\n');
    const lock = join(project, '.git/index.lock');
    writeFileSync(lock, '');
    const committing = commit();
    await delay(300);
    rmSync(lock);
    expect((await committing).type).toBe('committed');
  });

  it.each(['index.lock', 'HEAD.lock', 'refs/heads/main.lock'])(
    'gives up with a reason when %s stays',
    async (name) => {
      write('coordination/old.md', 'changed\n');
      writeFileSync(join(project, '.git', name), '');
      const before = head();
      expect(await commit()).toMatchObject({
        type: 'skipped',
        why: expect.stringContaining('.lock') as string,
      });
      expect(head()).toBe(before);
      rmSync(join(project, '.git', name));
      expect((await commit()).type).toBe('committed');
      expect(changes()).toEqual(['M\tcoordination/old.md']);
    },
  );

  it('works on the project also when it was started from a git hook', async () => {
    process.env['GIT_INDEX_FILE'] = join(home, 'foreign-index');
    process.env['GIT_DIR'] = join(home, 'foreign');
    write('coordination/old.md', 'changed\n');
    const done = await commit();
    Reflect.deleteProperty(process.env, 'GIT_INDEX_FILE');
    Reflect.deleteProperty(process.env, 'GIT_DIR');
    expect(done).toEqual({ type: 'committed', sha: head() });
  });

  it('never throws: outside a repository, without a folder, without git, behind a link', async () => {
    const bare = join(home, 'bare');
    mkdirSync(join(bare, 'coordination'), { recursive: true });
    expect(await commitCoordination(bare, ['coordination'], 'x')).toMatchObject({
      type: 'skipped',
      why: expect.stringContaining('not a git repository') as string,
    });
    expect((await commitCoordination(join(home, 'none'), ['coordination'], 'x')).type).toBe('skipped');
    renameSync(join(project, 'coordination'), join(home, 'moved'));
    symlinkSync(join(home, 'moved'), join(project, 'coordination'));
    expect((await commitCoordination(project, ['coordination/old.md'], 'x\0y')).type).not.toBe('committed');
    process.env['PATH'] = home;
    expect(await commit()).toMatchObject({
      type: 'skipped',
      why: expect.stringContaining('git is not installed') as string,
    });
    expect(await version()).toBeNull();
    expect(await repositoryOf(project)).toBeNull();
  });
});

describe('repositoryOf()', () => {
  it('names the top folder, from anywhere inside', async () => {
    expect(await repositoryOf(join(project, 'src'))).toBe(project);
    expect(await repositoryOf(home)).toBeNull();
  });
});

describe('ensureIgnored()', () => {
  it("hides the runner's folder from git without touching the project's .gitignore", async () => {
    await ensureIgnored(project);
    await ensureIgnored(project);
    write('.next-role/journal.jsonl', 'x');
    expect(git('status', '--porcelain', '--untracked-files=all')).toBe('');
    expect(readFileSync(join(project, '.next-role/.gitignore'), 'utf8')).toBe('*\n');
  });

  it('fills the file again that a full disk left empty', async () => {
    write('.next-role/.gitignore', '');
    await ensureIgnored(project);
    expect(readFileSync(join(project, '.next-role/.gitignore'), 'utf8')).toBe('*\n');
  });

  it('leaves what a human wrote there', async () => {
    write('.next-role/.gitignore', '*\n!keep\n');
    await ensureIgnored(project);
    expect(readFileSync(join(project, '.next-role/.gitignore'), 'utf8')).toBe('*\n!keep\n');
  });
});

describe('version()', () => {
  it('is the number alone', async () => {
    expect(await version()).toMatch(/^\d+\.\d+/);
  });
});
