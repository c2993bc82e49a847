// From process launch to exit, of commands that people and scripts ask for often; against a Node that does nothing.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { interleaved, ratio, spread } from '../figures.mjs';
import { measured, ours, root } from '../process.mjs';
import { freshProject, reset } from '../project.mjs';

export const about = 'Launch to exit of --version and status, against node -e 0.';

export async function measure({ quick, peers, n, tell, budgetMs }) {
  const done = freshProject();
  reset(done);
  const { code } = await measured([...ours, 'run'], { cwd: done.folder });
  if (code !== 0) throw new Error(`The round before "status" ended with ${code}`);
  const fresh = freshProject({ status: 'PAUSED' });
  const takt = join(root, 'bench/peers/node_modules/.bin/takt');
  const cases = [
    { name: 'node -e 0', kind: 'limit', argv: [process.execPath, '-e', '0'] },
    { name: 'next-role --version', kind: 'ours', argv: [...ours, '--version'] },
    { name: 'next-role status, after a round', kind: 'ours', argv: [...ours, 'status'], cwd: done.folder },
    { name: 'next-role status, no journal yet', kind: 'ours', argv: [...ours, 'status'], cwd: fresh.folder },
    ...(peers && existsSync(takt)
      ? [{ name: 'takt --version', kind: 'peer', argv: [takt, '--version'] }]
      : []),
    ...(peers ? [{ name: 'npm --version', kind: 'peer', argv: ['npm', '--version'] }] : []),
  ].map((its) => ({ ...its, run: () => measured(its.argv, { cwd: its.cwd }) }));
  const results = await interleaved(cases, n ?? (quick ? 9 : 25), tell, budgetMs);
  const base = results['node -e 0'];
  const of = (all, figure) => all.map((its) => its[figure]);
  const rows = cases.map(({ name, kind }) => ({
    name,
    kind,
    wallMs: spread(of(results[name], 'wallMs')),
    cpuMs: spread(of(results[name], 'cpuMs')),
    wallToFloor: ratio(of(results[name], 'wallMs'), of(base, 'wallMs')),
    cpuToFloor: ratio(of(results[name], 'cpuMs'), of(base, 'cpuMs')),
  }));
  return {
    rows,
    figures: { version: rows[1].wallToFloor, status: rows[2].wallToFloor, statusFresh: rows[3].wallToFloor },
  };
}

export const columns = [
  ['command', ({ name }) => name],
  ['wall ms', ({ wallMs }) => wallMs],
  ['cpu ms', ({ cpuMs }) => cpuMs],
  ['wall / node -e 0', ({ wallToFloor }) => wallToFloor],
  ['cpu / node -e 0', ({ cpuToFloor }) => cpuToFloor],
];
export const picture = {
  title: 'Launch to exit, as a multiple of node -e 0',
  unit: 'x',
  of: ({ wallToFloor }) => wallToFloor,
};
