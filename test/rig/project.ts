/**
 * Projects in temporary folders for the tests of the command line: files as given, and git where it is wanted. Every
 * folder is removed by `removeFolders()`.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const made: string[] = [];

/** A handoff that waits for nobody's money: paused. */
export const pausedHandoff =
  '---\nround: R01\nnext-role: architect\nstatus: PAUSED\ntier: full\n---\n\n## Directive\n\nBuild it.\n';

/** An empty folder. */
export function emptyFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'next-role-cli-')));
  made.push(folder);
  return folder;
}

/** A project with these files, by path; it has a paused handoff unless one is given. */
export function projectWith(files: Readonly<Record<string, string>> = {}, git = false): string {
  const folder = emptyFolder();
  const all = { 'coordination/NEXT-ROLE.md': pausedHandoff, ...files };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  if (git) {
    const run = (...args: string[]): void => void execFileSync('git', args, { cwd: folder, stdio: 'ignore' });
    run('init', '--quiet');
    run('add', '--all');
    run('-c', 'user.name=t', '-c', 'user.email=t@localhost', 'commit', '--quiet', '--message', 'start');
  }
  return folder;
}

export function read(folder: string, path: string): string {
  return readFileSync(join(folder, path), 'utf8');
}

export function removeFolders(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
}
