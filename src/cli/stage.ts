/**
 * Sets the stage of the demo: a copy of the example project in a folder of its own, under git where there is git. It
 * never plays in the example itself and never in a folder that holds anything.
 */
import { cp, mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../effects/catalog.ts';
import { errorCode } from '../effects/files.ts';
import { runProgram } from '../effects/program.ts';

const exampleName = 'examples/compare-semver';
const gitMsMax = 10_000;
/** Files listed of a small example; more would be no example. */
const filesMax = 500;
/** What is there before the first role works, and what is ours. */
const unlisted = /^(\.git|\.next-role|node_modules|scripted)(\/|$)/;

export type Stage =
  | { readonly type: 'set'; readonly folder: string; readonly underGit: boolean }
  | { readonly type: 'occupied'; readonly folder: string };

/** Copies the example into `folder`, or into a fresh temporary one when it is null. */
export async function setStage(folder: string | null): Promise<Stage> {
  const target = folder ?? (await mkdtemp(join(tmpdir(), 'next-role-demo-')));
  if (folder !== null && !(await isFree(folder))) return { type: 'occupied', folder };
  await mkdir(target, { recursive: true });
  await cp(join(packageRoot, exampleName), target, { recursive: true });
  return { type: 'set', folder: target, underGit: await putUnderGit(target) };
}

async function isFree(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return true;
    if (errorCode(error) === 'ENOTDIR') return false;
    throw error;
  }
}

/** The demo works without git too; then nothing is committed, and it says so. */
async function putUnderGit(folder: string): Promise<boolean> {
  const identity = [
    '-c',
    'user.name=next-role demo',
    '-c',
    'user.email=demo@localhost',
    '-c',
    'commit.gpgsign=false',
  ];
  const steps: readonly (readonly [string, ...string[]])[] = [
    ['git', 'init', '--quiet'],
    ['git', 'add', '--all'],
    ['git', ...identity, 'commit', '--quiet', '--no-verify', '--message', 'The example as it is shipped'],
  ];
  for (const step of steps) {
    const end = await runProgram(step, { cwd: folder, timeoutMs: gitMsMax });
    if (end.type !== 'ended' || end.code !== 0) return false;
  }
  return true;
}

/** The files of a stage that a visitor may care about, relative and sorted. */
export async function filesOn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((path) => !unlisted.test(path))
    .sort()
    .slice(0, filesMax);
}
