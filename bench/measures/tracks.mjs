// Many projects at work in one `watch`, all started by one stroke, which is the worst case: every role of every project
// ends at about the same time. Each session sleeps, as one that waits for a model does.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { median, round } from '../figures.mjs';
import { looked, monotonicMs, ours, resident, root, stage, until } from '../process.mjs';
import { freshProject, isFinished, roundText, stampsOf } from '../project.mjs';

export const about =
  'Tracks at work in one process: dispatches per second and core, memory, lag of the event loop.';

export async function measure({ quick, tell, budgetMs = 300_000 }) {
  const rows = [];
  for (const [count, sleepMs] of quick
    ? [[10, 300]]
    : [
        [10, 2_000],
        [100, 2_000],
        [500, 2_000],
      ]) {
    rows.push(await row(count, sleepMs, budgetMs));
    tell(rows.length, 3);
  }
  const most = rows.at(-1);
  return {
    rows,
    figures: { perCoreSecond: most.perCoreSecond, lagP99Ms: most.lagP99Ms, peakMiB: most.peakMiB },
  };
}

async function row(count, sleepMs, budgetMs) {
  const projects = Array.from({ length: count }, () => freshProject({ status: 'PAUSED' }));
  const lagAt = join(stage, 'lag.json');
  rmSync(lagAt, { force: true });
  const env = {
    NOOP_SLEEP_MS: String(sleepMs),
    BENCH_LAG: lagAt,
    NODE_OPTIONS: `--require ${join(root, 'bench/agent/lag.cjs')}`,
  };
  const watching = resident([...ours, 'watch', ...projects.map(({ folder }) => folder)], { env });
  let its;
  let wallMs;
  try {
    await until('the watch to begin', () => watching.output().includes('Watching'), 60_000);
    const before = looked(watching.pid);
    const startMs = monotonicMs();
    for (const { handoff } of projects) writeFileSync(handoff, roundText('R02'));
    let first = 0;
    await until(
      'every round to end',
      () => {
        while (first < count && isFinished(projects[first], 'R02')) first += 1;
        return first === count;
      },
      budgetMs,
      50,
    );
    wallMs = monotonicMs() - startMs;
    const after = looked(watching.pid);
    its = { cpuMs: after.cpuMs - before.cpuMs, peakMiB: after.peakMiB };
  } finally {
    await watching.end();
  }
  const gaps = projects.flatMap((project) => {
    const stamps = stampsOf(project);
    return stamps.slice(1).map(({ startMs }, at) => startMs - stamps[at].endMs);
  });
  for (const { folder } of projects) rmSync(folder, { recursive: true, force: true });
  const lag = JSON.parse(readFileSync(lagAt, 'utf8'));
  const dispatches = count * 4;
  return {
    name: `${count} tracks`,
    kind: 'ours',
    dispatches,
    overheadMs: round(wallMs / 4 - sleepMs),
    gapMs: round(median(gaps)),
    cpuMsEach: round(its.cpuMs / dispatches),
    perCoreSecond: round((dispatches / its.cpuMs) * 1000),
    peakMiB: round(its.peakMiB),
    lagP50Ms: round(lag.p50),
    lagP99Ms: round(lag.p99),
    lagMaxMs: round(lag.max),
  };
}

export const columns = [
  ['at work', ({ name }) => name],
  ['dispatches', ({ dispatches }) => dispatches],
  ['overhead a role ms', ({ overheadMs }) => overheadMs],
  ['our cpu a dispatch ms', ({ cpuMsEach }) => cpuMsEach],
  ['dispatches a core-second', ({ perCoreSecond }) => perCoreSecond],
  ['peak MiB', ({ peakMiB }) => peakMiB],
  [
    'loop lag p50 / p99 / max ms',
    ({ lagP50Ms, lagP99Ms, lagMaxMs }) => `${lagP50Ms} / ${lagP99Ms} / ${lagMaxMs}`,
  ],
];
export const picture = {
  title: 'Our processor time for one dispatch',
  unit: 'ms',
  of: ({ cpuMsEach }) => cpuMsEach,
};
