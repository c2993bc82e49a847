/**
 * Copies of a project for sessions that must not see all of it, in the user's own state folder: outside the project, so
 * that no path leads back into it, and on a disk that outlives a restart. Each is a working copy with a repository of its
 * own, of one commit: a linked worktree, or a clone, would hold every hidden file in its objects.
 */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, realpathSync } from 'node:fs';
import { chmod, mkdir, readdir, readlink, realpath, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import { copyTree, TooLarge } from './copytree.ts';
import { errorCode, isMissing } from './files.ts';
import { git, repositoryOf } from './git.ts';
import { sessionFolder } from './sessionfolder.ts';
import { userFolder } from './userfolder.ts';

const nameChars = 16;

/** Where the copies of a project are; nothing is made. */
export function copiesFolder(project: string): string {
  const root = existsSync(project) ? realpathSync.native(project) : project;
  const name = createHash('sha256').update(root).digest('hex').slice(0, nameChars);
  return join(userFolder('state'), 'copies', name);
}

/**
 * A fresh copy for an order, without the paths that `isHidden` names and without links to them. Made again, it takes the
 * place of one that a crash left before the session began.
 *
 * @example await makeCopy('/p', 'R07.3-reviewer-mi4k', (path) => path.startsWith('coordination/logs/'))
 */
export async function makeCopy(
  project: string,
  orderId: string,
  isHidden: (path: string) => boolean,
): Promise<string> {
  const folder = copyFor(project, orderId);
  await removeCopy(folder);
  // What is in a project may be for its user alone.
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    await copyTree(project, folder, isHidden);
  } catch (error) {
    await removeCopy(folder);
    if (!(error instanceof TooLarge)) throw error;
    throw new Error(`The project cannot be copied, ${error.message}: set "isolation: none" in its settings.`);
  }
  await removeForeignLinks(folder, isHidden);
  if ((await repositoryOf(project)) !== null) await commitAll(folder);
  return realpath(folder);
}

/** Where the copy of an order is, if it has one. */
export function copyFor(project: string, orderId: string): string {
  return sessionFolder(copiesFolder(project), orderId);
}

/** Whether there is a copy. Throws where nobody can say. */
export function isThere(folder: string): boolean {
  try {
    lstatSync(folder);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Removes a copy with all that is in it, and the folder of its project's copies with the last of them. */
export async function removeCopy(folder: string): Promise<void> {
  await rmTree(folder).catch(async (error: unknown) => {
    if (!['EACCES', 'EPERM'].includes(errorCode(error))) throw error;
    // Package managers write-protect folders of theirs, and a session may.
    await openFolders(folder);
    await rmTree(folder);
  });
  try {
    await rmdir(dirname(folder));
  } catch (error) {
    if (!isMissing(error) && !['ENOTEMPTY', 'EEXIST'].includes(errorCode(error))) throw error;
  }
}

function rmTree(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 3, retryDelay: 100 });
}

/** Gives its user every right to a folder and those below. */
async function openFolders(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries) if (entry.isDirectory()) await openFolders(join(folder, entry.name));
}

/** Every copy there is of a project, with the name of the session folder it belongs to. */
export async function listCopies(
  project: string,
): Promise<readonly { readonly session: string; readonly folder: string }[]> {
  const folders = copiesFolder(project);
  try {
    return (await readdir(folders)).map((session) => ({ session, folder: join(folders, session) }));
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return [];
  }
}

/** A link that leads out of the copy, or to what is hidden, would open the project again; installed packages may. */
async function removeForeignLinks(folder: string, isHidden: (path: string) => boolean): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  for (const entry of entries.filter((each) => each.isSymbolicLink())) {
    const path = join(entry.parentPath, entry.name);
    if (installed.has(basename(path))) continue;
    const target = await readlink(path);
    const way = relative(folder, join(dirname(path), target));
    const leaves = isAbsolute(target) || way.startsWith('..');
    if (leaves || isHidden(way)) await rm(path, { force: true });
  }
}

const installed: ReadonlySet<string> = new Set(['node_modules', '.venv', 'venv']);

/** A repository of one commit, for programs that want one and for `git diff` of what the session itself changes. */
async function commitAll(folder: string): Promise<void> {
  const identity = ['-c', 'user.name=next-role', '-c', 'user.email=next-role@localhost'];
  const commands = [
    ['init', '--quiet'],
    ['add', '--all'],
    [
      ...identity,
      'commit',
      '--quiet',
      '--no-verify',
      '--no-gpg-sign',
      '--allow-empty',
      '-m',
      'As it was given',
    ],
  ];
  for (const command of commands) {
    const { code, stderr } = await git(folder, command);
    if (code !== 0) throw new Error(`The copy "${folder}" could not be made a repository: ${stderr.trim()}`);
  }
}
