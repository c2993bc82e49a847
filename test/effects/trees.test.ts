import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openTrees, type Trees } from '../../src/effects/trees.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'next-role-trees-')));
  folders.push(root);
  return root;
}
function save(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}
const git = (root: string, ...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args], {
    cwd: root,
    encoding: 'utf8',
  });

async function opened(
  files: Readonly<Record<string, string>>,
  below = '',
): Promise<{ root: string; trees: Trees }> {
  const repository = folder();
  git(repository, 'init', '-q');
  save(repository, { '.gitignore': 'ignored/\n.next-role/\n', ...files });
  git(repository, 'add', '-A');
  git(repository, 'commit', '-qm', 'start');
  const root = join(repository, below);
  const trees = await openTrees(root, join(root, '.next-role/trees'));
  if (trees === null) throw new Error('no trees');
  return { root, trees };
}
async function now(trees: Trees): Promise<string> {
  const tree = await trees.snapshot();
  if (tree === null) throw new Error('no snapshot');
  return tree;
}

describe('openTrees()', () => {
  it('sees what is staged, unstaged, untracked, committed and deleted, and nothing that is ignored', async () => {
    const { root, trees } = await opened({ 'a.txt': '1\n', 'b.txt': '1\n', 'c.txt': '1\n', 'd.txt': '1\n' });
    const before = await now(trees);
    save(root, { 'a.txt': '1\n2\n', 'b.txt': 'x\n', 'new/e f.txt': 'e\n', 'ignored/x': 'x' });
    git(root, 'add', 'b.txt');
    rmSync(join(root, 'c.txt'));
    save(root, { 'd.txt': 'd\n' });
    git(root, 'commit', '-qam', 'work');
    const after = await now(trees);
    expect(await trees.changes(before, after)).toEqual([
      { path: 'a.txt', how: 'changed' },
      { path: 'b.txt', how: 'changed' },
      { path: 'c.txt', how: 'deleted' },
      { path: 'd.txt', how: 'changed' },
      { path: 'new/e f.txt', how: 'added' },
    ]);
    expect(await trees.addedLines(before, after, 'a.txt')).toEqual([2]);
    expect(await trees.text(before, 'c.txt')).toBe('1\n');
    expect(await trees.text(after, 'c.txt')).toBeNull();
    expect(await trees.counts(before, after)).toContainEqual({ path: 'a.txt', added: 1, removed: 0 });
    expect(await trees.counts(before, after)).toHaveLength(5);
  });

  it('never holds our own folder, also where a full disk kept git from being told to ignore it', async () => {
    const { root, trees } = await opened({ '.gitignore': '', '.next-role/.gitignore': '', 'a.txt': 'a\n' });
    const [start, later] = [await trees.snapshot(), await trees.snapshot()];
    expect(start).not.toBeNull();
    expect(later).toBe(start);
    save(root, { '.next-role/journal.jsonl': 'x\n', 'b.txt': 'b\n' });
    expect(await trees.changes(start!, (await trees.snapshot())!)).toEqual([{ path: 'b.txt', how: 'added' }]);
  });

  it('writes nothing into the repository: no object, no reference, not the index', async () => {
    const { root, trees } = await opened({ 'a.txt': '1\n' });
    const look = (): string =>
      ['count-objects -v', 'for-each-ref', 'status --porcelain', 'ls-files --stage']
        .map((line) => git(root, ...line.split(' ')))
        .join('');
    save(root, { 'b.txt': 'new\n' });
    const before = look();
    await now(trees);
    expect(look()).toBe(before);
  });

  it('folds what a human changed between two sessions into the start of the round', async () => {
    const { root, trees } = await opened({ 'a.txt': '1\n', 'b.txt': '1\n', 'gone.txt': '1\n' });
    const start = await now(trees);
    save(root, { 'a.txt': 'session\n' });
    const left = await now(trees);
    save(root, { 'b.txt': 'human\n', 'h.txt': 'human\n' });
    rmSync(join(root, 'gone.txt'));
    const claim = await now(trees);
    const folded = await trees.fold(start, { from: left, to: claim });
    expect(await trees.changes(folded ?? '', claim)).toEqual([{ path: 'a.txt', how: 'changed' }]);
  });

  it('speaks of a project below the top of its repository with paths of the project', async () => {
    const { root, trees } = await opened({ 'app/a.txt': '1\n', 'other/b.txt': '1\n' }, 'app');
    const before = await now(trees);
    save(root, { 'a.txt': '2\n' });
    const after = await now(trees);
    expect(await trees.changes(before, after)).toEqual([{ path: 'a.txt', how: 'changed' }]);
    expect(await trees.text(after, 'a.txt')).toBe('2\n');
    expect(await trees.text('HEAD', 'a.txt')).toBe('1\n');
    expect(await trees.addedLines(before, after, 'a.txt')).toEqual([1]);
  });

  it('works before the first commit, gives nothing outside a repository and during a merge', async () => {
    const empty = folder();
    git(empty, 'init', '-q');
    save(empty, { 'a.txt': '1\n' });
    const trees = await openTrees(empty, join(empty, '.next-role/trees'));
    expect(await trees?.snapshot()).toMatch(/^[0-9a-f]{40,64}$/);
    expect(await openTrees(folder(), join(folder(), 'own'))).toBeNull();
    const { root, trees: merging } = await opened({ 'a.txt': '1\n' });
    git(root, 'checkout', '-qb', 'side');
    save(root, { 'a.txt': 'side\n' });
    git(root, 'commit', '-qam', 'side');
    git(root, 'checkout', '-q', '-');
    save(root, { 'a.txt': 'main\n' });
    git(root, 'commit', '-qam', 'main');
    expect(() => git(root, 'merge', '-q', 'side')).toThrow();
    // The marks of the conflict are what is there, so that is the snapshot.
    expect(await merging.text((await merging.snapshot()) ?? '', 'a.txt')).toContain('<<<<<<<');
    expect(await merging.changes('0'.repeat(40), '1'.repeat(40))).toBeNull();
  });
});
