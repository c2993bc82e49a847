/**
 * The temporary files in which new content is written before it takes the place of the old: their names, and how those of
 * a writer that was killed are told from those of one at work. Never touches a file that a person could have named.
 */
import { randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** A temporary file of this age was left by a writer that was killed; a living one needs milliseconds. */
const abandonedMs = 60_000;
/** How a temporary file is told from a person's: `.NEXT-ROLE.md.nr-0000126782b4`. */
const mark = '.nr-';
/** Hex digits that tell the writing process; larger numbers do not exist. */
const pidDigits = 8;

/** A fresh name for a temporary file beside a file. It tells who writes. */
export function temporaryName(name: string): string {
  const pid = process.pid.toString(16).padStart(pidDigits, '0');
  return `.${name}${mark}${pid}${randomBytes(2).toString('hex')}`;
}

/** Whether a file name is that of a temporary file of ours. */
export function isTemporary(name: string): boolean {
  return /^\..+\.nr-[0-9a-f]{12}$/.test(name);
}

/** Clears away what a writer of this file that was killed left behind; no reason to stop a write when it cannot. */
export async function sweepAbandoned(target: string): Promise<void> {
  const names = await readdir(dirname(target)).catch(() => []);
  for (const name of names.filter((each) => each.startsWith(`.${basename(target)}${mark}`))) {
    const path = join(dirname(target), name);
    if (await isAbandoned(path)) await rm(path, { force: true });
  }
}

/** Paths, relative to a root, of the temporary files in some of its folders whose writer is gone. */
export async function findAbandoned(root: string, folders: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(
    folders.map(async (folder) => {
      // A folder that is not there, or closed to us, has none that we could have left.
      const names = await readdir(join(root, folder)).catch(() => []);
      const paths = names.map((name) => join(folder, name));
      const left = await Promise.all(paths.map((path) => isAbandoned(join(root, path))));
      return paths.filter((_, at) => left[at]);
    }),
  );
  return found.flat().sort();
}

/** Removes what `findAbandoned` found. */
export async function removeAbandoned(root: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) await rm(join(root, path), { force: true });
}

/** Whether a path is a temporary file whose writer is gone, or so old that it must be. */
async function isAbandoned(path: string): Promise<boolean> {
  const name = basename(path);
  if (!isTemporary(name)) return false;
  const info = await stat(path).catch(() => null);
  if (info === null) return false;
  return Date.now() - info.mtimeMs > abandonedMs || isGone(writerOf(name));
}

function writerOf(name: string): number {
  const at = name.lastIndexOf(mark) + mark.length;
  return Number.parseInt(name.slice(at, at + pidDigits), 16);
}

/** Only a clear "no such process" counts; of a process on another machine, age alone tells. */
function isGone(pid: number): boolean {
  try {
    return !process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}
