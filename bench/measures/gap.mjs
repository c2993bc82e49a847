// From one agent's last moment to the next one's first, inside a resident `watch`, with its journal synced; against the
// same starts made by a bare C and a bare Node loop. In turns of some rounds each, so that all three see the same machine.
import { join } from 'node:path';
import { rmSync, writeFileSync } from 'node:fs';
import { interleaved, median, ratio, spread } from '../figures.mjs';
import { chainProgram, measured, noop, ours, resident, root, until } from '../process.mjs';
import { freshProject, gapsOf, isFinished, roundText, stampsOf } from '../project.mjs';

/** What is left for us beyond it is reading, deciding, checking, and the look for what a session left behind. */
const keeping = 'Node loop with the same syncs and the same shell between';

export const about = 'Gap between two roles in a resident process (warm), against bare loops.';

export async function measure({ quick, n, tell, budgetMs }) {
  const roundsATurn = quick ? 3 : 8;
  const project = freshProject({ status: 'PAUSED' });
  const watching = resident([...ours, 'watch', project.folder]);
  let round = 1;
  const chain = (argv) => async () => {
    const bare = freshProject();
    const { code } = await measured(argv, { cwd: bare.folder, env: { BENCH_LOG: bare.stampsAt } });
    if (code !== 0) throw new Error(`${argv[0]} ended with ${code}`);
    return warm(stampsOf(bare));
  };
  try {
    await until('the watch to begin', () => watching.output().includes('Watching'));
    const cases = [
      ...(chainProgram === null
        ? []
        : [
            {
              name: 'C posix_spawn loop',
              kind: 'limit',
              run: chain([chainProgram, noop[0], String(roundsATurn)]),
            },
          ]),
      {
        name: 'Node spawn loop',
        kind: 'limit',
        run: chain([process.execPath, join(root, 'bench/agent/chain.mjs'), String(roundsATurn), ...noop]),
      },
      {
        name: keeping,
        kind: 'limit',
        run: chain([process.execPath, join(root, 'bench/agent/promises.mjs'), String(roundsATurn), ...noop]),
      },
      {
        name: 'next-role watch',
        kind: 'ours',
        async run() {
          rmSync(project.stampsAt, { force: true });
          for (let at = 0; at < roundsATurn; at += 1) {
            round += 1;
            writeFileSync(project.handoff, roundText(`R${round}`));
            await until(`the end of R${round}`, () => isFinished(project, `R${round}`));
          }
          return warm(stampsOf(project));
        },
      },
    ];
    const results = await interleaved(cases, n ?? (quick ? 3 : 15), tell, budgetMs);
    const per = (name) => results[name].map(median);
    const rows = cases.map(({ name, kind }) => ({
      name,
      kind,
      gapMs: spread(results[name].flat()),
      toNode: ratio(per(name), per('Node spawn loop')),
      toKeeping: ratio(per(name), per(keeping)),
      toC: chainProgram === null ? null : ratio(per(name), per('C posix_spawn loop')),
    }));
    const { toNode, toC, toKeeping } = rows.at(-1);
    return { rows, figures: { toNode, toC, toKeeping } };
  } finally {
    await watching.end();
  }
}

/** Gaps inside a round only: between rounds somebody saves the file. */
const warm = (stamps) => gapsOf(stamps).filter((_, at) => stamps[at + 1].role !== 'one');

export const columns = [
  ['case', ({ name }) => name],
  ['gap ms', ({ gapMs }) => gapMs],
  ['median / Node loop', ({ toNode }) => toNode],
  ['median / the same with syncs', ({ toKeeping }) => toKeeping],
  ['median / C loop', ({ toC }) => toC],
];
export const picture = {
  title: 'Gap between two roles, resident process, median',
  unit: 'ms',
  of: ({ gapMs }) => gapMs.median,
};
