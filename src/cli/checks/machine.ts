/**
 * What `doctor` asks of the machine: Node, git, the agents, watches, and free disk. Starts only `git --version` and
 * `<agent> --version`, and touches one file of its own to see whether changes are noticed.
 */
import { mkdtemp, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { agents } from '../../agents/index.ts';
import { findProgram } from '../../effects/environment.ts';
import { errorCode } from '../../effects/files.ts';
import { version as gitVersion } from '../../effects/git.ts';
import { runProgram } from '../../effects/program.ts';
import { watchFiles } from '../../effects/watch.ts';
import { bytes } from '../quantity.ts';
import { oneLine } from '../text.ts';
import { caution, fault, fine } from './check.ts';
import type { Check } from './check.ts';

const versionMsMax = 5_000;
/** A hint comes after 30 ms where events work; a slow disk gets a second. */
const hintMsMax = 1_500;
/** The safety looks of the watcher are put off, so that only real events count. */
const neverMs = 600_000;
const watchesMin = 8_192;
const instancesMin = 128;
const freeBytesMin = 50 * 1024 * 1024;
const freeBytesWanted = 1024 * 1024 * 1024;
const nodeMin = { major: 20, minor: 19 };

export function checkNode(running: string): Check {
  const [major = 0, minor = 0] = running.split('.').map(Number);
  if (major > nodeMin.major || (major === nodeMin.major && minor >= nodeMin.minor))
    return fine('node', running);
  return fault('node', running, `Install Node ${nodeMin.major}.${nodeMin.minor} or newer`);
}

export async function checkGit(): Promise<Check> {
  const found = await gitVersion();
  if (found !== null) return fine('git', oneLine(found));
  return caution('git', 'not installed', 'Install git, so that each step of a round is kept as a commit');
}

/** Every agent program we can drive, with its version. Which of them is needed is the project's matter. */
export async function checkAgents(path: string | undefined, cwd: string): Promise<readonly Check[]> {
  const programs = agents.flatMap(({ program }) => (program === null ? [] : [program]));
  return Promise.all(programs.map((program) => checkAgent(program, path, cwd)));
}

/** What their makers say; the programs of the end-to-end tests are installed so (test/e2e/clients). */
const installing: Readonly<Record<string, string>> = {
  claude: 'npm install -g @anthropic-ai/claude-code',
  codex: 'npm install -g @openai/codex',
  gemini: 'npm install -g @google/gemini-cli',
  opencode: 'npm install -g opencode-ai',
};

/** Outside a project nothing says that another agent is meant: one of the programs must be there. */
export function checkSomeAgent(found: readonly Check[]): readonly Check[] {
  if (found.some(({ words }) => words !== missingWords)) return [];
  const remedy = `Install one, for example Claude Code: ${installing['claude'] ?? ''}`;
  return [fault('agents', 'none is installed, and a round needs one', remedy)];
}

const missingWords = 'not installed';

async function checkAgent(program: string, path: string | undefined, cwd: string): Promise<Check> {
  const name = `agent ${program}`;
  const found = findProgram(program, path, cwd);
  if (found === null) {
    return caution(
      name,
      missingWords,
      `${installing[program] ?? 'Install it'}; or describe another agent in coordination/next-role.yaml`,
    );
  }
  const end = await runProgram([found, '--version'], { cwd, timeoutMs: versionMsMax });
  switch (end.type) {
    case 'ended':
      if (end.code === 0) return fine(name, `${oneLine(end.stdout).slice(0, 60)} (${found})`);
      return caution(name, `"${found} --version" ended with ${end.code}`, `Run ${found} --version by hand`);
    case 'timed-out':
      return caution(name, `"${found} --version" said nothing for 5 s`, `Run ${found} --version by hand`);
    case 'missing':
    case 'failed':
      return caution(name, `"${found}" could not be started`, `Run ${found} --version by hand`);
    default:
      return end satisfies never;
  }
}

/** Touches a file of its own in this folder and waits to be told. */
export async function checkWatching(folder: string): Promise<Check> {
  const name = 'watching';
  const own = await mkdtemp(join(folder, '.next-role-doctor-'));
  try {
    const file = join(own, 'touched');
    await writeFile(file, 'before');
    const { hint, waited } = signalled();
    const watch = await watchFiles([file], hint, { statEveryMs: neverMs, rereadEveryMs: neverMs });
    try {
      if (watch.mode === 'polling') return polling(name, watch.reason ?? 'events are not to be had');
      const startedAt = performance.now();
      await writeFile(file, 'after');
      const seen = await Promise.race([waited, after(hintMsMax)]);
      if (seen)
        return fine(name, `a change is noticed after ${Math.round(performance.now() - startedAt)} ms`);
      return polling(name, `no event came within ${hintMsMax} ms`);
    } finally {
      await watch.close();
    }
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

function polling(name: string, why: string): Check {
  return caution(
    name,
    `by looking twice a second: ${why}`,
    'Nothing must be done; on a local disk it would be faster',
  );
}

function signalled(): { readonly hint: () => void; readonly waited: Promise<boolean> } {
  let hint = (): void => undefined;
  const waited = new Promise<boolean>((resolve) => {
    hint = () => resolve(true);
  });
  return { hint: () => hint(), waited };
}

function after(ms: number): Promise<false> {
  return new Promise((resolve) => setTimeout(() => resolve(false), ms).unref());
}

/** The limits of inotify, where there is one. */
export async function checkInotify(): Promise<readonly Check[]> {
  const [watches, instances] = await Promise.all([
    readNumber('/proc/sys/fs/inotify/max_user_watches'),
    readNumber('/proc/sys/fs/inotify/max_user_instances'),
  ]);
  if (watches === null || instances === null) return [];
  const words = `${watches} watches, ${instances} instances`;
  if (watches >= watchesMin && instances >= instancesMin) return [fine('inotify', words)];
  const remedy = `sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512`;
  return [caution('inotify', `${words}; little for many projects`, remedy)];
}

async function readNumber(path: string): Promise<number | null> {
  try {
    const value = Number(await readFile(path, 'utf8'));
    return Number.isFinite(value) ? value : null;
  } catch (error) {
    if (errorCode(error) !== '') return null;
    throw error;
  }
}

export async function checkDisk(folder: string): Promise<Check> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const words = `${bytes(free)} free`;
  if (free < freeBytesMin)
    return fault('disk', words, 'Free some space: the journal must be written before anything starts');
  if (free < freeBytesWanted) return caution('disk', words, 'Free some space before a long round');
  return fine('disk', words);
}
