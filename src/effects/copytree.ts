/**
 * Copies a project to a temporary folder, so that a check can run on exactly what is there without being seen by, or
 * touching, the tree it checks. In a git repository the copy holds what git does not ignore; elsewhere everything but
 * our own folder. Folders of installed dependencies are linked, not copied. Bounded in files and bytes.
 */
import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, mkdtemp, readdir, readlink, realpath, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { runnerDir } from '../protocol/artifact.ts';
import { errorCode } from './files.ts';
import { git } from './git.ts';

/** Installed by the project's tools, large, and read only by a check. */
const linkedNames: ReadonlySet<string> = new Set(['node_modules', '.venv', 'venv']);
const leftOutNames: ReadonlySet<string> = new Set(['.git', runnerDir]);
const filesMax = 100_000;
const bytesMax = 2 * 1024 * 1024 * 1024;
/** Copied at once. */
const together = 16;

/** A project too large to be copied; `message` says by which bound. */
export class TooLarge extends Error {}

/** A fresh folder for a check, outside every project. */
export async function freshFolder(): Promise<string> {
  return realpath(await mkdtemp(join(tmpdir(), 'next-role-check-')));
}

/**
 * Copies a project into a folder that is not there yet. `leaveOut` are paths relative to the project that the copy must
 * not hold, or says of each path whether it is one.
 *
 * @example await copyTree('/p', '/tmp/check/work', ['acceptance'])
 */
export async function copyTree(
  project: string,
  to: string,
  leaveOut: readonly string[] | ((path: string) => boolean) = [],
): Promise<void> {
  const isLeftOut = typeof leaveOut === 'function' ? leaveOut : (path: string) => isBelow(leaveOut, path);
  const paths = (await listed(project)).filter((path) => !isLeftOut(path));
  if (paths.length > filesMax) throw new TooLarge(`it has more than ${filesMax} files`);
  await mkdir(to, { recursive: true });
  let bytes = 0;
  for (let at = 0; at < paths.length; at += together) {
    const sizes = await Promise.all(paths.slice(at, at + together).map((path) => copyOne(project, to, path)));
    bytes += sizes.reduce((sum, size) => sum + size, 0);
    if (bytes > bytesMax) throw new TooLarge(`it has more than ${bytesMax} bytes`);
  }
}

function isBelow(folders: readonly string[], path: string): boolean {
  return folders.some((left) => path === left || path.startsWith(`${left.replace(/\/+$/, '')}/`));
}

/** Files and links below a project, and its folders of dependencies. */
async function listed(project: string): Promise<readonly string[]> {
  const { code, stdout } = await git(project, [
    'ls-files',
    '-z',
    '--cached',
    '--others',
    '--exclude-standard',
  ]);
  if (code !== 0) return walk(project, '');
  const known = [...new Set(stdout.split('\0').filter((path) => path !== ''))];
  const folders = new Set(['', ...known.flatMap(parentsOf)]);
  const links = await Promise.all(
    [...folders].flatMap((folder) =>
      [...linkedNames].map(async (name) => {
        const path = folder === '' ? name : `${folder}/${name}`;
        return (await isThere(join(project, path))) ? [path] : [];
      }),
    ),
  );
  return [
    ...known.filter((path) => !path.split('/').some((part) => leftOutNames.has(part))),
    ...links.flat(),
  ];
}

function parentsOf(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, at) => parts.slice(0, at + 1).join('/'));
}

async function walk(project: string, folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(project, folder), { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (leftOutNames.has(entry.name)) continue;
    if (entry.isDirectory() && !linkedNames.has(entry.name)) found.push(...(await walk(project, path)));
    else found.push(path);
    if (found.length > filesMax) break;
  }
  return found;
}

/** Gives the bytes it copied. A file that vanished meanwhile is passed over, and so is what is no file. */
async function copyOne(project: string, to: string, path: string): Promise<number> {
  const [from, target] = [join(project, path), join(to, path)];
  try {
    const stats = await lstat(from);
    await mkdir(dirname(target), { recursive: true });
    if (linkedNames.has(basename(path))) await symlink(from, target);
    else if (stats.isSymbolicLink()) await symlink(await readlink(from), target);
    else if (stats.isFile()) await copyFile(from, target, constants.COPYFILE_FICLONE);
    return stats.isFile() ? stats.size : 0;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 0;
    throw error;
  }
}

/** Whether there is anything at a path. */
export async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/**
 * Where a folder of the settings is: absolute or relative to the project; and its path inside the project, null when it
 * lies outside.
 *
 * @example placeOf('/p', '../checks') // { path: '/checks', inside: null }
 */
export function placeOf(
  project: string,
  folder: string,
): { readonly path: string; readonly inside: string | null } {
  const path = resolve(project, folder);
  const way = relative(project, path);
  const isInside = way !== '' && way !== '..' && !way.startsWith('../') && !isAbsolute(way);
  return { path, inside: isInside ? way : null };
}
