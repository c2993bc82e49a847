// What a `watch` over 1, 100 and 1,000 resting projects costs: memory, processor, inotify watches, time until all of
// them are watched.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { round } from '../figures.mjs';
import { looked, monotonicMs, ours, pause, resident, until } from '../process.mjs';
import { freshProject } from '../project.mjs';

export const about = 'An idle watch over 1, 100 and 1,000 projects.';

/** The first seconds still hold what starting up left for the collector, and looks become rarer during the first minute. */
const restMs = { quick: 1_000, few: 5_000, most: 70_000 };
/** Two turns of the slowest look. */
const windowMs = { quick: 2_000, few: 10_000, most: 32_000 };

export async function measure({ quick, tell, budgetMs = 600_000 }) {
  const rows = [];
  for (const [count, phase] of quick
    ? [
        [1, 'quick'],
        [20, 'quick'],
      ]
    : [
        [1, 'few'],
        [100, 'few'],
        [1000, 'most'],
      ]) {
    const projects = Array.from({ length: count }, () => freshProject({ status: 'PAUSED' }));
    const startMs = monotonicMs();
    const watching = resident([...ours, 'watch', ...projects.map(({ folder }) => folder)]);
    try {
      const parked = ({ folder }) => {
        const path = join(folder, '.next-role/journal.jsonl');
        return existsSync(path) && readFileSync(path, 'utf8').includes('"value":"parked"');
      };
      let first = 0;
      await until(
        'every project to rest',
        () => {
          while (first < count && parked(projects[first])) first += 1;
          return first === count;
        },
        budgetMs,
        20,
      );
      const readyMs = monotonicMs() - startMs;
      await pause(restMs[phase]);
      const before = looked(watching.pid);
      await pause(windowMs[phase]);
      const after = looked(watching.pid);
      rows.push({
        name: `${count} project${count === 1 ? '' : 's'}`,
        kind: 'ours',
        count,
        rssMiB: round(after.rssMiB),
        cpuPercent: round(((after.cpuMs - before.cpuMs) / windowMs[phase]) * 100),
        watches: watchesOf(watching.pid),
        readyMs: round(readyMs),
      });
    } finally {
      await watching.end();
      for (const { folder } of projects) rmSync(folder, { recursive: true, force: true });
    }
    tell(rows.length, 3);
  }
  const [one, , most = one] = rows;
  return {
    rows,
    figures: {
      oneMiB: one.rssMiB,
      mostMiB: most.rssMiB,
      mostCpuPercent: most.cpuPercent,
      watchesEach: round(most.watches / most.count),
    },
  };
}

function watchesOf(pid) {
  return readdirSync(`/proc/${pid}/fdinfo`)
    .map((name) => readFileSync(`/proc/${pid}/fdinfo/${name}`, 'utf8').match(/^inotify wd/gm)?.length ?? 0)
    .reduce((sum, count) => sum + count, 0);
}

export const columns = [
  ['watched', ({ name }) => name],
  ['memory MiB', ({ rssMiB }) => rssMiB],
  ['cpu % of a core', ({ cpuPercent }) => cpuPercent],
  ['inotify watches', ({ watches }) => watches],
  ['launch → all watched ms', ({ readyMs }) => readyMs],
];
export const picture = { title: 'Memory of an idle watch', unit: 'MiB', of: ({ rssMiB }) => rssMiB };
