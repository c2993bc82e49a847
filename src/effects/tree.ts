/**
 * What a project's files hold at one moment, path by path, to tell later what a session changed, by whatever program.
 * Reads only. A file that has the size, time and number it had when it was last read is not read again, so that a look
 * at an unchanged project costs little more than its listing. Links are not followed: their target counts as content.
 * What could not be read is never taken for gone.
 */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { runnerDir } from '../protocol/artifact.ts';
import { unread, type FileChange } from '../protocol/touch.ts';
import { errorCode, isMissing } from './files.ts';
import { isTemporary } from './temporary.ts';

/** Files of one look; what comes behind is not compared, and `whole` says so. */
export const treeFilesMax = 20_000;
/** A larger file is told by its size and times alone. */
const hashedBytesMax = 4 * 1024 * 1024;
/** A look goes on for so long before somebody else gets a turn. */
const turnMs = 3;

/** Folders of tools, at any depth, that hold no work of a project. */
const foreignFolders = new Set(['.git', '.hg', '.svn', 'node_modules', '.venv', '__pycache__']);

export type Tree = {
  /** Digest by path, relative to the root, with forward slashes. */
  readonly files: Readonly<Record<string, string>>;
  /** Nothing was left out for the number of files. */
  readonly whole: boolean;
  /** Files, and folders with all that is below, that are there but could not be read; `` is the root. */
  readonly unread?: readonly string[] | undefined;
};

/** What was read before; one for a project and a run. */
export type TreeMemory = Map<string, { readonly stamp: string; readonly digest: string }>;

/**
 * Looks at every file below a folder.
 *
 * @example (await lookAtTree('/p', new Map())).files['coordination/PRD.md'] // '9f2c…'
 */
export async function lookAtTree(root: string, memory: TreeMemory): Promise<Tree> {
  const turn = createTurn();
  const unreadable: string[] = [];
  const paths = await listed(root, turn, unreadable);
  const found: [string, string][] = [];
  for (const path of paths.slice(0, treeFilesMax)) {
    await turn();
    const digest = digestAt(root, path, memory);
    if (digest === unread) unreadable.push(path);
    else if (digest !== null) found.push([path, digest]);
  }
  return { files: Object.fromEntries(found), whole: paths.length <= treeFilesMax, unread: unreadable };
}

/**
 * What differs between two looks, sorted by path. Where one of them was not whole, only what both saw is compared; what
 * one of them could not read is `unread` there, not gone.
 *
 * @example changesBetween(before, after) // [{ path: 'src/a.ts', before: '…', after: null }]
 */
export function changesBetween(before: Tree, after: Tree): readonly FileChange[] {
  const paths = new Set([...Object.keys(before.files), ...Object.keys(after.files)]);
  const isWhole = before.whole && after.whole;
  const [was, is] = [digests(before), digests(after)];
  return [...paths].sort().flatMap((path) => {
    const change = { path, before: was(path), after: is(path) };
    if (change.before === change.after) return [];
    return isWhole || (change.before !== null && change.after !== null) ? [change] : [];
  });
}

/**
 * What a look says of a path: its digest, `unread`, or null where there is no file.
 *
 * @example digests({ files: {}, whole: true, unread: ['data'] })('data/a') // 'unread'
 */
export function digests(tree: Tree): (path: string) => string | null {
  const closed = new Set(tree.unread);
  return (path) => tree.files[path] ?? (closed.size > 0 && isBelowOne(closed, path) ? unread : null);
}

function isBelowOne(closed: ReadonlySet<string>, path: string): boolean {
  const parts = path.split('/');
  return closed.has('') || parts.some((_, at) => closed.has(parts.slice(0, at + 1).join('/')));
}

async function listed(
  root: string,
  turn: () => Promise<void> | undefined,
  unreadable: string[],
): Promise<readonly string[]> {
  const files: string[] = [];
  const folders = [''];
  for (;;) {
    const folder = folders.pop();
    if (folder === undefined || files.length > treeFilesMax) return files.sort();
    await turn();
    const entries = entriesOf(join(root, folder));
    // A root that is not there was taken away, and holds no files that somebody deleted.
    if (entries === null || (entries.length === 0 && folder === '')) unreadable.push(folder);
    for (const entry of entries ?? []) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (path === runnerDir || foreignFolders.has(entry.name)) continue;
      if (entry.isDirectory()) folders.push(path);
      else if ((entry.isFile() || entry.isSymbolicLink()) && !isTemporary(entry.name)) files.push(path);
    }
  }
}

/** A folder that vanished has nothing to compare; null for one that cannot be read. */
function entriesOf(folder: string): readonly Dirent[] | null {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (errorCode(error) === '') throw error;
    return isMissing(error) ? [] : null;
  }
}

/** Synchronous: a trip to the thread pool costs ten times the look, and a session takes two for each file. */
/** The digest of one file as a look gives it; null where there is none. */
export function digestAt(root: string, path: string, memory: TreeMemory): string | null {
  const full = join(root, path);
  try {
    const info = lstatSync(full, { bigint: true });
    if (info.isSymbolicLink()) return `link:${readlinkSync(full)}`;
    const stamp = [info.ino, info.size, info.mtimeNs, info.ctimeNs, info.mode].join(' ');
    const known = memory.get(full);
    if (known?.stamp === stamp) return known.digest;
    const digest = info.size > hashedBytesMax ? `stamp:${stamp}` : hashOf(full);
    memory.set(full, { stamp, digest });
    return digest;
  } catch (error) {
    if (errorCode(error) === '') throw error;
    return isMissing(error) ? null : unread;
  }
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Waits for nothing, unless it is somebody else's turn. */
function createTurn(): () => Promise<void> | undefined {
  let since = performance.now();
  return () => {
    if (performance.now() - since < turnMs) return undefined;
    return new Promise((resolve) =>
      setImmediate(() => {
        since = performance.now();
        resolve();
      }),
    );
  };
}
