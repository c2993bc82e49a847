/** Which files a brief is offered under `coordination/`: those that are there, and none that only a link leads to. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { filesScannedMax, findOffered } from '../../src/effects/project.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function project(files: readonly string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'next-role-offered-'));
  folders.push(root);
  for (const path of ['coordination/PRD.md', ...files]) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), `${path}\n`);
  }
  return root;
}

const offered = async (root: string): Promise<readonly string[]> =>
  (await findOffered(root, ['coordination/'])).map(({ path }) => path);

describe('findOffered()', () => {
  it('finds the files of all folders, sorted', async () => {
    const root = project(['coordination/specs/b.md', 'coordination/specs/a/c.md', 'src/a.ts']);
    expect(await offered(root)).toEqual([
      'coordination/PRD.md',
      'coordination/specs/a/c.md',
      'coordination/specs/b.md',
    ]);
  });

  it('follows no link to a folder, and ends where two lead to their own', async () => {
    const root = project(['coordination/specs/a.md', 'src/secret.ts']);
    symlinkSync('../../src', join(root, 'coordination/specs/code'));
    for (const name of ['again', 'and-again']) symlinkSync('.', join(root, 'coordination', name));
    expect(await offered(root)).toEqual(['coordination/PRD.md', 'coordination/specs/a.md']);
  });

  it('looks at no more names than it may', async () => {
    const many = Array.from({ length: filesScannedMax + 20 }, (_, at) => `coordination/specs/${at}.md`);
    const found = await offered(project(many));
    expect(found.length).toBeGreaterThan(filesScannedMax - 20);
    expect(found.length).toBeLessThanOrEqual(filesScannedMax);
  }, 60_000);
});
