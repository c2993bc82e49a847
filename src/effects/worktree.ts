/**
 * Detached git worktrees of a commit, each in a folder of ours. Making one leaves the user's files, index and branches as
 * they are. Removing never forces: a worktree with anything in it that is not in its first commit is kept.
 */
import { git } from './git.ts';

/** The commit that a repository stands at; null when there is none. */
export async function headOf(folder: string): Promise<string | null> {
  const { code, stdout } = await git(folder, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']);
  return code === 0 ? stdout.trim() : null;
}

/** Where a folder lies below the top of its repository: empty, or with a slash behind it. */
export async function prefixOf(folder: string): Promise<string> {
  return (await git(folder, ['rev-parse', '--show-prefix'])).stdout.replace(/\n$/, '');
}

/** Checks a commit out into a new folder; gives what git said when it could not. */
export async function addWorktree(folder: string, path: string, commit: string): Promise<string | null> {
  const { code, stderr } = await git(folder, ['worktree', 'add', '--quiet', '--detach', path, commit]);
  return code === 0 ? null : stderr.trim();
}

/** Removes a worktree that is clean and still at its commit; gives whether it is gone. */
export async function removeWorktree(folder: string, path: string, commit: string): Promise<boolean> {
  if ((await headOf(path)) !== commit) return false;
  return (await git(folder, ['worktree', 'remove', path])).code === 0;
}
