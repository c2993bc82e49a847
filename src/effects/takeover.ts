/**
 * Takes single files over from a copy of a project into the project: as a whole, and only while the project's file is the
 * one that was copied. What cannot be taken over can be kept aside. Relies on the atomic writes of files.ts; it never
 * writes over an edit, nor through a link that leaves the project.
 */
import { cp, lstat, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FileChange } from '../protocol/touch.ts';
import { digestOf, digestText, insideProject, isMissing, readText, replaceIf } from './files.ts';

/** `edited`: somebody else changed it meanwhile. `odd`: it is no text, or no plain file of the project. */
export type TakenOver = 'taken' | 'edited' | 'odd';

/**
 * Puts a file into the project as it is in the copy. One that is there already counts as taken. Throws what the disk says.
 *
 * @example await takeOver('/p', '/copy', { path: 'coordination/reviews/R.md', before: null, after: '9f2c…' }) // 'taken'
 */
export async function takeOver(
  project: string,
  copy: string,
  { path, before, after }: FileChange,
): Promise<TakenOver> {
  const target = join(project, path);
  if (!insideProject(project, path)) return 'odd';
  const now = await digestNow(target);
  if (now === after) return 'taken';
  if (now !== before) return 'edited';
  if (after === null) {
    // Looked at once more, because nothing brings a deleted file back.
    if ((await kindAt(join(copy, path))) === 'file') return 'odd';
    await rm(target, { force: true });
    return 'taken';
  }
  if (!(await lstat(join(copy, path))).isFile()) return 'odd';
  const found = await readText(join(copy, path));
  // Not a text: it could not be put back byte for byte.
  if (found === null || digestText(found.text) !== found.digest) return 'odd';
  return (await swapText(target, before, found.text)) ? 'taken' : 'edited';
}

/** Replaces a file while it is the expected one; whether it was. Throws what the disk says. */
export async function swapText(path: string, expect: string | null, text: string): Promise<boolean> {
  const became = await replaceIf(path, expect, () => text);
  if (became.type === 'failed') throw new Error(became.message);
  return became.type === 'written';
}

/** Keeps what is at a path of one folder at the same path of another; nothing is no trouble. */
export async function keepAside(from: string, to: string, path: string): Promise<void> {
  if ((await kindAt(join(from, path))) === null) return;
  await mkdir(dirname(join(to, path)), { recursive: true });
  await cp(join(from, path), join(to, path), { recursive: true, force: true, verbatimSymlinks: true });
}

/** A folder, or a link, in the place of a file is neither what was copied nor what was left. */
async function digestNow(path: string): Promise<string | null> {
  const kind = await kindAt(path);
  return kind === 'file' ? digestOf(path) : kind;
}

/** What is at a path itself; null only where the system says that there is nothing. */
async function kindAt(path: string): Promise<'file' | 'no file' | null> {
  try {
    return (await lstat(path)).isFile() ? 'file' : 'no file';
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
