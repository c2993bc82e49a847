/**
 * What a project's files hold at one moment, path by path, to tell later what a session changed, by whatever program.
 * Reads only. A file that has the size, time and number it had when it was last read is not read again, so that a look
 * at an unchanged project costs little more than its listing. Links are not followed: their target counts as content.
 */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { runnerDir } from '../protocol/artifact.ts';
import type { FileChange } from '../protocol/touch.ts';
import { errorCode } from './files.ts';
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
  /** Every file was looked at. */
  readonly whole: boolean;
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
  const paths = await listed(root, turn);
  const found: [string, string][] = [];
  for (const path of paths.slice(0, treeFilesMax)) {
    await turn();
    const digest = digestAt(root, path, memory);
    if (digest !== null) found.push([path, digest]);
  }
  return { files: Object.fromEntries(found), whole: paths.length <= treeFilesMax };
}

/**
 * What differs between two looks, sorted by path. Where one of them was not whole, only what both saw is compared.
 *
 * @example changesBetween(before, after) // [{ path: 'src/a.ts', before: '…', after: null }]
 */
export function changesBetween(before: Tree, after: Tree): readonly FileChange[] {
  const paths = new Set([...Object.keys(before.files), ...Object.keys(after.files)]);
  const isWhole = before.whole && after.whole;
  return [...paths].sort().flatMap((path) => {
    const change = { path, before: before.files[path] ?? null, after: after.files[path] ?? null };
    if (change.before === change.after) return [];
    return isWhole || (change.before !== null && change.after !== null) ? [change] : [];
  });
}

async function listed(root: string, turn: () => Promise<void> | undefined): Promise<readonly string[]> {
  const files: string[] = [];
  const folders = [''];
  for (;;) {
    const folder = folders.pop();
    if (folder === undefined || files.length > treeFilesMax) return files.sort();
    await turn();
    for (const entry of entriesOf(join(root, folder))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (path === runnerDir || foreignFolders.has(entry.name)) continue;
      if (entry.isDirectory()) folders.push(path);
      else if ((entry.isFile() || entry.isSymbolicLink()) && !isTemporary(entry.name)) files.push(path);
    }
  }
}

/** A folder that vanished or may not be read has nothing to compare. */
function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (errorCode(error) === '') throw error;
    return [];
  }
}

/** Synchronous: a trip to the thread pool costs ten times the look, and a session takes two for each file. */
function digestAt(root: string, path: string, memory: TreeMemory): string | null {
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
    return null;
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
