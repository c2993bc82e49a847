// From a person's last write or rename of the handoff to the agent's first instruction, over the ways in which editors
// save. A save that starts nothing within the wait is a miss; one that starts two is a double.
import { closeSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { quantile, round as rounded, spread } from '../figures.mjs';
import { monotonicMs, ours, pause, resident, until } from '../process.mjs';
import { freshProject, isFinished, stampsOf } from '../project.mjs';

export const about = 'A saved edit to the first instruction of the agent it starts, in four save styles.';

/** The watcher's own safety look comes every two seconds: whatever is later than this was not seen. */
const missedMs = 6_000;
/** A start later than this came from the safety look, not from the event. */
const lateMs = 400;

/** Each writes the text and returns the moment of its last write or rename. */
export const saves = {
  'rename over': async (path, text) => {
    writeFileSync(`${path}.tmp`, text);
    renameSync(`${path}.tmp`, path);
    return monotonicMs();
  },
  'in place': async (path, text) => {
    writeFileSync(path, text);
    return monotonicMs();
  },
  'move away, create': async (path, text) => {
    renameSync(path, `${path}~`);
    writeFileSync(path, text);
    const at = monotonicMs();
    rmSync(`${path}~`);
    return at;
  },
  'two writes': async (path, text) => {
    const fd = openSync(path, 'w');
    const half = text.indexOf('status');
    writeSync(fd, text.slice(0, half));
    await pause(10);
    writeSync(fd, text.slice(half));
    closeSync(fd);
    return monotonicMs();
  },
};

export async function measure({ quick, n, tell, budgetMs = Infinity }) {
  const endMs = performance.now() + budgetMs;
  const edits = n ?? (quick ? 5 : 200);
  const project = freshProject({ status: 'PAUSED' });
  const watching = resident([...ours, 'watch', project.folder]);
  const seen = Object.fromEntries(
    Object.keys(saves).map((style) => [style, { ms: [], misses: 0, doubles: 0 }]),
  );
  try {
    await until('the watch to begin', () => watching.output().includes('Watching'));
    for (let edit = -1; edit < edits && performance.now() < endMs; edit += 1) {
      for (const [style, save] of Object.entries(saves)) {
        rmSync(project.stampsAt, { force: true });
        const round = `R${edit + 1}${style.replaceAll(/[^a-z]/g, '')}`;
        const savedMs = await save(
          project.handoff,
          `---\nround: ${round}\nnext-role: four\nstatus: READY\ntier: bench\n---\n`,
        );
        const started = await until(round, () => stampsOf(project)[0], missedMs, 2).catch(() => null);
        // A save under a working session is another case; and a second start would come at the watcher's second look.
        if (started !== null) await until(`the end of ${round}`, () => isFinished(project, round));
        await pause(120 + Math.random() * 60);
        if (edit < 0) continue;
        const its = seen[style];
        if (started === null) its.misses += 1;
        else its.ms.push(started.startMs - savedMs);
        its.doubles += Math.max(0, stampsOf(project).length - 1);
      }
      tell(edit + 1, edits);
    }
  } finally {
    await watching.end();
  }
  const rows = Object.entries(seen).map(([name, { ms, misses, doubles }]) => ({
    name,
    kind: 'ours',
    ms: spread(ms),
    p99: rounded(quantile(ms, 0.99)),
    late: ms.filter((each) => each > lateMs).length,
    misses,
    doubles,
  }));
  const all = Object.values(seen).flatMap(({ ms }) => ms);
  const sum = (figure) => rows.reduce((total, row) => total + row[figure], 0);
  return {
    rows,
    edits: rows.reduce((total, { ms, misses }) => total + (ms?.n ?? 0) + misses, 0),
    figures: {
      medianMs: rounded(quantile(all, 0.5)),
      p99Ms: rounded(quantile(all, 0.99)),
      misses: sum('misses'),
      doubles: sum('doubles'),
      late: sum('late'),
    },
  };
}

export const columns = [
  ['save', ({ name }) => name],
  ['saves', ({ ms, misses }) => (ms?.n ?? 0) + misses],
  ['saved → agent ms', ({ ms }) => ms],
  ['p99 ms', ({ p99 }) => p99],
  ['later than 400 ms', ({ late }) => late],
  ['misses', ({ misses }) => misses],
  ['doubles', ({ doubles }) => doubles],
];
export const picture = {
  title: 'A saved edit to the first instruction of the agent, median',
  unit: 'ms',
  of: ({ ms }) => ms?.median ?? 0,
};
