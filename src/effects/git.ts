/**
 * Commits the round's files, and only those, with the git program. What the human has staged elsewhere stays staged exactly as
 * it is; during a merge, a rebase or the like nothing is touched. It relies on `git commit --only`, never runs hooks,
 * asks for nothing on the terminal, rewrites no history, and never throws: a run must not fail because git does.
 */
import type { ExecFileException } from 'node:child_process';
import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { access, mkdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runnerDir, staysInside } from '../protocol/artifact.ts';
import { errorCode, explain } from './files.ts';
import { isTemporary } from './temporary.ts';

export type Committed =
  | { readonly type: 'committed'; readonly sha: string }
  | { readonly type: 'nothing' }
  /** Nothing was committed; `why` is one line for a person. */
  | { readonly type: 'skipped'; readonly why: string };

const commandMs = 30_000;
const outputBytesMax = 16 * 1024 * 1024;
/** Another git at work in the same repository is waited for this often. */
const attemptsMax = 5;
const betweenAttemptsMs = 200;
const messageLengthMax = 10_000;
/** The identity of a commit where the human has configured none. */
const fallback = { name: 'next-role', email: 'next-role@localhost' };

/** Any of these in the git folder means that the human is in the middle of something. */
const unfinished: Readonly<Record<string, string>> = {
  MERGE_HEAD: 'a merge',
  CHERRY_PICK_HEAD: 'a cherry-pick',
  REVERT_HEAD: 'a revert',
  'rebase-merge': 'a rebase',
  'rebase-apply': 'a rebase',
  sequencer: 'a cherry-pick or revert',
  BISECT_LOG: 'a bisect',
};

/**
 * The version of git, `null` when there is none.
 *
 * @example await version() // '2.39.5'
 */
export async function version(): Promise<string | null> {
  const { code, stdout } = await git('.', ['--version']);
  return code === 0 ? (/\d+(?:\.\d+)+/.exec(stdout)?.[0] ?? null) : null;
}

/**
 * Whether a folder can lie in a repository at all: there is a `.git` above it, or the environment names one. Git itself has
 * the last word; this spares a process for each question where the answer is no.
 *
 * @example mayBeRepository('/') // false
 */
export function mayBeRepository(folder: string): boolean {
  if (process.env['GIT_DIR'] !== undefined) return true;
  for (let at = realOf(folder); ; at = dirname(at)) {
    // A bare repository is its own folder of git's.
    if (existsSync(join(at, '.git')) || existsSync(join(at, 'HEAD'))) return true;
    if (at === dirname(at)) return false;
  }
}

function realOf(folder: string): string {
  try {
    return realpathSync.native(folder);
  } catch {
    // Gone, or not ours to read: git would say the same of its parents.
    return resolve(folder);
  }
}

/** The top folder of the repository that a project lies in, `null` when it lies in none or there is no git. */
export async function repositoryOf(project: string): Promise<string | null> {
  if (!mayBeRepository(project)) return null;
  const { code, stdout } = await git(project, ['rev-parse', '--show-toplevel']);
  return code === 0 ? stdout.replace(/\n$/, '') : null;
}

/** Git's own folder of the clone or worktree that a folder lies in; null when it lies in none. */
export async function gitFolderOf(folder: string): Promise<string | null> {
  const { code, stdout } = await git(folder, ['rev-parse', '--absolute-git-dir']);
  return code === 0 ? stdout.replace(/\n$/, '') : null;
}

/**
 * Where the work on this branch began: its last commit in common with the main branch, and the last commit of all on the
 * main branch itself. Null before the first commit.
 */
export async function startOfWork(folder: string): Promise<string | null> {
  for (const main of ['origin/HEAD', 'main', 'master']) {
    const { code, stdout } = await git(folder, ['merge-base', 'HEAD', main]);
    if (code === 0) return stdout.trim();
  }
  const { code, stdout } = await git(folder, ['rev-parse', '--verify', '--quiet', 'HEAD']);
  return code === 0 ? stdout.trim() : null;
}

/**
 * Commits what has changed, is new or was deleted under some files and folders of the project, given relative to it.
 * Those that do not exist are passed over, and so are ignored files and our own temporary ones.
 *
 * @example await commitCoordination('.', ['coordination'], 'R07: specification') // { type: 'committed', sha: '4f0c…' }
 */
export async function commitCoordination(
  project: string,
  paths: readonly string[],
  message: string,
): Promise<Committed> {
  const top = await git(project, ['rev-parse', '--show-toplevel', '--absolute-git-dir']);
  if (top.code !== 0) return skipped(top);
  const [repository = '', folder = ''] = top.stdout.split('\n');
  const present = await existing(project, paths.filter(staysInside));
  if (present.length === 0) return { type: 'nothing' };
  let last: Committed = { type: 'nothing' };
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    if (attempt > 1) await delay(betweenAttemptsMs);
    const busy = await unfinishedIn(folder);
    if (busy !== null) return { type: 'skipped', why: `${busy} is going on in "${repository}"` };
    const files = await changedFiles(project, present);
    if ('code' in files) return skipped(files);
    if (files.length === 0) return { type: 'nothing' };
    const done = await commitFiles(
      repository,
      files,
      message.replaceAll('\0', ' ').slice(0, messageLengthMax),
    );
    if (done.type === 'done') return done.committed;
    last = skipped(done.output);
    // Somebody else's git holds the index or HEAD, or a file vanished between two commands.
    if (!/\.lock'|cannot lock ref|did not match any file/.test(done.output.stderr)) return last;
  }
  return last;
}

/**
 * Makes sure that git ignores the runner's own folder, by a .gitignore inside it; the project's is never touched.
 *
 * @example await ensureIgnored('.') // .next-role/.gitignore holds "*"
 */
export async function ensureIgnored(project: string): Promise<void> {
  const folder = join(project, runnerDir);
  // Not recursive, which calls a read-only file system a folder that is not found.
  await unlessThere(mkdir(folder));
  const path = join(folder, '.gitignore');
  await unlessThere(writeFile(path, '*\n', { flag: 'wx' }));
  // A disk that was full leaves it empty.
  if ((await stat(path)).size === 0) await writeFile(path, '*\n');
}

async function unlessThere(making: Promise<unknown>): Promise<void> {
  try {
    await making;
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}

/** What a git command came to. */
export type Output = { readonly code: number; readonly stdout: string; readonly stderr: string };

type Tried =
  | { readonly type: 'done'; readonly committed: Committed }
  | { readonly type: 'failed'; readonly output: Output };

/** Files as git names them, literally: a name may hold any character. */
async function commitFiles(repository: string, files: readonly string[], message: string): Promise<Tried> {
  const listed = ['--pathspec-from-file=-', '--pathspec-file-nul'];
  const input = Buffer.from(files.join('\0'), bytewise);
  const added = await git(repository, ['add', '--all', ...listed], { input });
  if (added.code !== 0) return { type: 'failed', output: added };
  const flags = ['--only', '--no-verify', '--no-gpg-sign', '--quiet', '--cleanup=whitespace', '-m', message];
  const identity = await missingIdentity(repository);
  const committed = await git(repository, [...identity, 'commit', ...flags, ...listed], { input });
  if (committed.code !== 0) {
    // Staged and then put back by hand: it differed from the index, not from the last commit.
    const nothing = /nothing to commit|nothing added to commit|no changes added/.test(committed.stdout);
    return nothing ? { type: 'done', committed: { type: 'nothing' } } : { type: 'failed', output: committed };
  }
  const head = await git(repository, ['rev-parse', 'HEAD']);
  if (head.code !== 0) return { type: 'failed', output: head };
  return { type: 'done', committed: { type: 'committed', sha: head.stdout.trim() } };
}

/** Paths, as bytes, relative to the top of the repository, of changed, new and deleted files; the output when git failed. */
async function changedFiles(project: string, paths: readonly string[]): Promise<readonly string[] | Output> {
  const flags = ['--porcelain=v2', '-z', '--untracked-files=all', '--no-renames', '--ignore-submodules=all'];
  const output = await git(project, ['status', ...flags, '--', ...paths], { encoding: bytewise });
  if (output.code !== 0) return output;
  return (
    output.stdout
      .split('\0')
      .map(pathInStatus)
      .filter((path) => path !== null)
      // A name with a slash at its end is another repository inside this one, and not ours to add.
      .filter((path) => !path.endsWith('/') && !isTemporary(basename(path)))
  );
}

/** The path stands behind 8 fields in a `1` line and 10 in a `u` line (git-status(1), porcelain format version 2). */
function pathInStatus(line: string): string | null {
  const fields = { '1': 8, u: 10, '?': 1 }[line.charAt(0)];
  return fields === undefined ? null : line.split(' ').slice(fields).join(' ');
}

async function missingIdentity(repository: string): Promise<readonly string[]> {
  const flags: string[] = [];
  for (const part of ['name', 'email'] as const) {
    const variables = [`GIT_AUTHOR_${part.toUpperCase()}`, `GIT_COMMITTER_${part.toUpperCase()}`];
    const known = part === 'email' ? [...variables, 'EMAIL'] : variables;
    if (known.some((name) => (process.env[name] ?? '') !== '')) continue;
    const { code } = await git(repository, ['config', '--get', `user.${part}`]);
    if (code === 1) flags.push('-c', `user.${part}=${fallback[part]}`);
  }
  return flags;
}

async function unfinishedIn(folder: string): Promise<string | null> {
  for (const [name, what] of Object.entries(unfinished)) {
    if (await exists(join(folder, name))) return what;
  }
  return null;
}

async function existing(project: string, paths: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(paths.map((path) => exists(join(project, path))));
  return paths.filter((_, at) => found[at]);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function skipped(output: Output): Extract<Committed, { type: 'skipped' }> {
  const lines = `${output.stderr}\n${output.stdout}`.split('\n').filter((line) => line.trim() !== '');
  return { type: 'skipped', why: lines[0] ?? `git ended with code ${output.code}` };
}

/** No hooks, no background housekeeping, no helper programs: nothing but what was asked for. */
const quietly = ['core.hooksPath=/dev/null', 'core.fsmonitor=false', 'gc.auto=0', 'maintenance.auto=false'];

/** Keeps every byte of a file name apart, also of one that is not UTF-8. */
export const bytewise = 'latin1';

type Ask = {
  readonly input?: Buffer;
  readonly encoding?: BufferEncoding;
  /** Set beside the environment, which never says where a repository is. */
  readonly env?: Readonly<Record<string, string>>;
};

/** Runs git to its end, quietly and within bounds; never throws. */
export async function git(folder: string, args: readonly string[], ask: Ask = {}): Promise<Output> {
  const all = [...quietly.flatMap((setting) => ['-c', setting]), '--literal-pathspecs', ...args];
  const settings = {
    cwd: folder,
    env: { ...environment(), ...ask.env },
    timeout: commandMs,
    maxBuffer: outputBytesMax,
    encoding: ask.encoding ?? 'utf8',
  };
  try {
    return await new Promise((resolve) => {
      const child = execFile('git', all, settings, (error, stdout, stderr) => {
        if (error === null) resolve({ code: 0, stdout, stderr });
        else resolve({ code: exitCode(error), stdout, stderr: `${trouble(error)}${stderr}` });
      });
      // A git that ends before it has read everything closes the pipe; its exit code tells the rest.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(ask.input);
    });
  } catch (error) {
    return { code: noExit, stdout: '', stderr: explain(error) };
  }
}

/** As a shell says it when a program cannot be started. */
const noExit = 127;

function exitCode(error: ExecFileException): number {
  return typeof error.code === 'number' ? error.code : noExit;
}

/** What git itself could not say, as the first line of what it did say. */
function trouble(error: ExecFileException): string {
  if (error.killed === true) return `git did not end within ${commandMs / 1000} s\n`;
  if (error.code === 'ENOENT') return 'git is not installed, or the folder is gone\n';
  return typeof error.code === 'number' ? '' : `${error.message}\n`;
}

/** Without the variables that a git hook sets: started from one, we would work on its index instead of the project's. */
function environment(): NodeJS.ProcessEnv {
  const local =
    /^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|PREFIX|NAMESPACE)$/;
  const kept = Object.entries(process.env).filter(([name]) => !local.test(name));
  return { ...Object.fromEntries(kept), GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' };
}
