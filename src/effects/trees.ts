/**
 * Snapshots of a working tree as git trees: everything that is there, committed or not, tracked or not, but for what git
 * ignores. The user's repository is read and never written to: index and new objects lie in a folder of our own, and no
 * reference is made. Without git, or during a merge, there is no snapshot, and callers say so.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runnerDir } from '../protocol/artifact.ts';
import { errorCode } from './files.ts';
import { bytewise, ensureIgnored, git, mayBeRepository, type Output } from './git.ts';

/** How one path differs between two trees; relative to the project. */
export type Change = { readonly path: string; readonly how: 'added' | 'changed' | 'deleted' };

/** How much of one file changed. */
export type LineCount = {
  readonly path: string;
  readonly added: number | null;
  readonly removed: number | null;
};

export type Trees = {
  /** The working tree now, as the name of a tree; null when git cannot say. */
  snapshot(): Promise<string | null>;
  /** `base` with everything taken over that changed between two other trees; null when git cannot say. */
  fold(base: string, change: { readonly from: string; readonly to: string }): Promise<string | null>;
  /** What differs below the project, sorted by path; null when a tree is gone. */
  changes(from: string, to: string): Promise<readonly Change[] | null>;
  /** Line numbers (1-based, as in `to`) that were added or changed in a file. */
  addedLines(from: string, to: string, path: string): Promise<readonly number[]>;
  /** Numbers of added and removed lines per file; null for a file that is no text. */
  counts(from: string, to: string): Promise<readonly LineCount[]>;
  /** A file's text in a tree or at a commit; null when it is not there, or is no text. */
  text(tree: string, path: string): Promise<string | null>;
  /** The tree or commit that a name such as `main` stands for; null when there is none. */
  resolve(name: string): Promise<string | null>;
};

/** Opens the snapshots of a project; null outside a git repository. `own` is a folder of ours. */
export async function openTrees(project: string, own: string): Promise<Trees | null> {
  const places = await placesOf(project);
  if (places === null) return null;
  const { common, index } = places;
  // A snapshot that held the snapshots would double with each one.
  if (own.startsWith(join(project, runnerDir))) await ensureIgnored(project);
  const objects = join(own, 'objects');
  await mkdir(objects, { recursive: true });
  const store = { GIT_OBJECT_DIRECTORY: objects, GIT_ALTERNATE_OBJECT_DIRECTORIES: join(common, 'objects') };
  const ask = (args: readonly string[], more: Parameters<typeof git>[2] = {}): Promise<Output> =>
    git(project, args, { ...more, env: { ...store, ...more.env } });
  /** A copy of the user's index knows which files are unchanged, so that only others are read. */
  const withIndex = async <T>(
    work: (env: Readonly<Record<string, string>>) => Promise<T>,
    copy: boolean,
  ): Promise<T> => {
    const path = join(own, `index-${randomBytes(6).toString('hex')}`);
    try {
      if (copy) await copyIfThere(index, path);
      return await work({ GIT_INDEX_FILE: path });
    } finally {
      await rm(path, { force: true });
      await rm(`${path}.lock`, { force: true });
    }
  };
  const treeOf = async (env: Readonly<Record<string, string>>): Promise<string | null> => {
    const written = await ask(['write-tree'], { env });
    return written.code === 0 ? written.stdout.trim() : null;
  };
  return {
    snapshot: () =>
      withIndex(async (env) => {
        // A file that cannot be read is left as it was; all others are taken.
        await ask(['-c', 'advice.addEmbeddedRepo=false', 'add', '--all', '--ignore-errors', '--', '.'], {
          env,
        });
        return treeOf(env);
      }, true),
    fold: (base, { from, to }) =>
      withIndex(async (env) => {
        const read = await ask(['read-tree', base], { env });
        const raw = await ask(['diff-tree', '-r', '-z', '--raw', '--no-abbrev', '--no-renames', from, to], {
          encoding: bytewise,
        });
        if (read.code !== 0 || raw.code !== 0) return null;
        const input = Buffer.from(indexInfo(raw.stdout), bytewise);
        const taken = await ask(['update-index', '-z', '--index-info'], { env, input });
        return taken.code === 0 ? treeOf(env) : null;
      }, false),
    async changes(from, to) {
      const flags = ['-r', '-z', '--relative', '--name-status', '--no-renames'];
      const { code, stdout } = await ask(['diff-tree', ...flags, from, to]);
      return code === 0 ? changesIn(stdout) : null;
    },
    async addedLines(from, to, path) {
      const flags = [
        '--no-color',
        '--no-ext-diff',
        '--no-textconv',
        '--no-renames',
        '--relative',
        '-U0',
        '-r',
        '-p',
      ];
      const { stdout } = await ask(['diff-tree', ...flags, from, to, '--', path]);
      return linesIn(stdout);
    },
    async counts(from, to) {
      const flags = ['-r', '-z', '--relative', '--no-renames', '--numstat'];
      return countsIn((await ask(['diff-tree', ...flags, from, to])).stdout);
    },
    async text(tree, path) {
      const { code, stdout } = await ask(['cat-file', 'blob', `${tree}:./${path}`]);
      return code === 0 && !stdout.includes('\0') ? stdout : null;
    },
    async resolve(name) {
      const { code, stdout } = await ask([
        'rev-parse',
        '--verify',
        '--quiet',
        '--end-of-options',
        `${name}^{tree}`,
      ]);
      return code === 0 ? stdout.trim() : null;
    },
  };
}

type Places = { readonly gitFolder: string; readonly common: string; readonly index: string };

/** Of the project asked about last: each session asks several times, and a repository stays where it is. */
let latest: { readonly project: string; readonly places: Places } | null = null;

async function placesOf(project: string): Promise<Places | null> {
  if (!mayBeRepository(project)) return null;
  if (latest?.project === project && existsSync(latest.places.gitFolder)) return latest.places;
  const flags = ['--absolute-git-dir', '--git-common-dir', '--git-path', 'index'];
  const found = await git(project, ['rev-parse', ...flags]);
  if (found.code !== 0) return null;
  const paths = found.stdout.split('\n').map((path) => resolve(project, path));
  const [gitFolder = '', common = '', index = ''] = paths;
  latest = { project, places: { gitFolder, common, index } };
  return latest.places;
}

async function copyIfThere(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to);
  } catch (error) {
    // A repository without a commit has no index yet.
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

function countsIn(stdout: string): readonly LineCount[] {
  const number = (word: string | undefined): number | null =>
    word === '-' || word === undefined ? null : Number(word);
  return stdout
    .split('\0')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [added, removed, ...path] = entry.split('\t');
      return { path: path.join('\t'), added: number(added), removed: number(removed) };
    });
}

/** Raw differences as `update-index --index-info` takes them; mode 0 removes a path. */
function indexInfo(raw: string): string {
  const fields = raw.split('\0');
  let info = '';
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, mode = '0', , object = ''] = (fields[at] ?? '').replace(/^:/, '').split(' ');
    info += `${/^0+$/.test(mode) ? '0' : mode} ${object}\t${fields[at + 1] ?? ''}\0`;
  }
  return info;
}

function changesIn(stdout: string): readonly Change[] {
  const fields = stdout.split('\0');
  const changes: Change[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const letter = fields[at] ?? '';
    const how = letter === 'A' ? 'added' : letter === 'D' ? 'deleted' : 'changed';
    changes.push({ path: fields[at + 1] ?? '', how });
  }
  return changes;
}

function linesIn(diff: string): readonly number[] {
  return [...diff.matchAll(/^@@ -\S+ \+(\d+)(?:,(\d+))? @@/gm)].flatMap((match) => {
    const count = match[2] === undefined ? 1 : Number(match[2]);
    return Array.from({ length: count }, (_, at) => Number(match[1]) + at);
  });
}
