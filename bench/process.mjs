// Starts what is measured and tells what it took. The environment is ours without NODE_EXTRA_CA_CERTS: with it Node 20
// starts three times slower, before any code runs, which would measure the machine's settings and nothing else.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../', import.meta.url));
/** The program as it is published: the bundle, started as a user's shell would start it. */
export const ours = [process.execPath, join(root, 'dist/bin/next-role.cjs')];

const { NODE_EXTRA_CA_CERTS: _removed, ...inherited } = process.env;

/** A folder for this run of the bench; `leave()` removes it. */
export const stage = mkdtempSync(join(tmpdir(), 'next-role-bench-'));
export const leave = () => rmSync(stage, { recursive: true, force: true });

/** A small C program of bench/agent, built once; null where there is no compiler. */
function built(name) {
  const target = join(stage, 'c', name);
  if (existsSync(target)) return target;
  mkdirSync(join(stage, 'c'), { recursive: true });
  const { status } = spawnSync('cc', ['-O2', '-o', target, join(root, `bench/agent/${name}.c`)]);
  return status === 0 ? target : null;
}

/** The agent of every case, as a command line that lacks only the role. */
const noopProgram = built('noop');
export const noop =
  noopProgram === null ? [process.execPath, join(root, 'bench/agent/noop.mjs')] : [noopProgram];
export const chainProgram = noopProgram === null ? null : built('chain');
const measureProgram = built('measure');

export const hasC = noopProgram !== null && measureProgram !== null;

/** The environment of everything that is measured. */
export const environment = (more = {}) => ({ ...inherited, ...more });

/** CLOCK_MONOTONIC in ms, as the agents stamp it. */
export const monotonicMs = () => Number(process.hrtime.bigint()) / 1e6;

/**
 * Runs a command to its end: wall and processor time of it and all it waited for, the largest process's memory, its exit
 * code. The measuring itself adds one fork, the same for every case.
 */
export async function measured(argv, { cwd = stage, env = {}, stdin = 'ignore' } = {}) {
  const report = join(stage, 'measure.json');
  rmSync(report, { force: true });
  const all = environment(env);
  if (measureProgram === null) {
    // bash's own `times`: no memory, and three digits.
    const script = `TIMEFORMAT='{"wallMs":%3R,"user":%3U,"sys":%3S}'; { time "$@" >/dev/null 2>/dev/null; } 2>"$BENCH_REPORT"`;
    const startMs = monotonicMs();
    const code = await ended(
      spawn('bash', ['-c', script, 'bash', ...argv], {
        cwd,
        env: { ...all, BENCH_REPORT: report },
        stdio: 'ignore',
      }),
    );
    const { wallMs, user, sys } = JSON.parse(readFileSync(report, 'utf8'));
    return { startMs, wallMs: wallMs * 1000, cpuMs: (user + sys) * 1000, rssMiB: null, code };
  }
  await ended(
    spawn(measureProgram, [report, ...argv], { cwd, env: all, stdio: [stdin, 'ignore', 'ignore'] }),
  );
  const { rssKb, ...its } = JSON.parse(readFileSync(report, 'utf8'));
  return { ...its, rssMiB: rssKb / 1024 };
}

const ended = (child) => new Promise((resolve) => child.once('exit', (code) => resolve(code ?? -1)));

/** Starts something that stays; its output as text so far, and how to end it. */
export function resident(argv, { cwd = stage, env = {} } = {}) {
  const [program, ...args] = argv;
  const child = spawn(program, args, { cwd, env: environment(env), stdio: ['ignore', 'pipe', 'pipe'] });
  const kept = { out: '' };
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (kept.out = (kept.out + text).slice(-100_000)));
  const gone = new Promise((resolve) => child.once('exit', resolve));
  return {
    pid: child.pid,
    output: () => kept.out,
    async end() {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await gone;
      clearTimeout(late);
    },
  };
}

/** Waits for a condition; throws with its name when it does not come true. */
export async function until(name, condition, waitMs = 30_000, lookEveryMs = 5) {
  const end = performance.now() + waitMs;
  for (;;) {
    const value = await condition();
    if (value !== null && value !== false && value !== undefined) return value;
    if (performance.now() > end) throw new Error(`Did not come true within ${waitMs} ms: ${name}`);
    await pause(lookEveryMs);
  }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What /proc says of a living process. */
export function looked(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    cpuMs: (Number(fields[11]) + Number(fields[12])) * 10,
    rssMiB: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024,
    peakMiB: Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024,
  };
}
