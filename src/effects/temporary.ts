/**
 * The temporary files in which new content is written before it takes the place of the old: their names, and how those of
 * a writer that was killed are told from those of one at work. Never touches a file that a person could have named.
 */
import { randomBytes } from 'node:crypto';
import { type Dirent, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { lookAt } from './trouble.ts';

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

/** Clears away what a writer of this file that was killed left behind. */
export function sweepAbandoned(target: string): void {
  const folder = dirname(target);
  for (const name of namesIn(folder).filter((each) => each.startsWith(`.${basename(target)}${mark}`))) {
    const path = join(folder, name);
    if (isAbandoned(path)) rmSync(path, { force: true });
  }
}

/** Paths, relative to a root, of the temporary files in some of its folders, and one folder deeper, whose writer is gone. */
export function findAbandoned(root: string, folders: readonly string[]): readonly string[] {
  const below = folders.flatMap((folder) => foldersIn(join(root, folder)).map((name) => join(folder, name)));
  const paths = [...new Set([...folders, ...below])].flatMap((folder) =>
    namesIn(join(root, folder)).map((name) => join(folder, name)),
  );
  return paths.filter((path) => isAbandoned(join(root, path))).sort();
}

/** Removes what `findAbandoned` found. */
export function removeAbandoned(root: string, paths: readonly string[]): void {
  for (const path of paths) rmSync(join(root, path), { force: true });
}

/** Names of the folders in a folder. */
export function foldersIn(folder: string): readonly string[] {
  return entriesIn(folder).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
}

/** All names in a folder. */
export function namesIn(folder: string): readonly string[] {
  return entriesIn(folder).map(({ name }) => name);
}

/** A folder that is not there, or closed to us, has none that we could have left. */
function entriesIn(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Whether a path is a temporary file whose writer is gone, or so old that it must be. */
function isAbandoned(path: string): boolean {
  const name = basename(path);
  if (!isTemporary(name)) return false;
  // Where nothing can be said of it, it is not ours to remove.
  const info = lookAt(path);
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
