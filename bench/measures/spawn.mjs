// Why the supervisor must stay small: starting a process copies the page tables of the one that starts it.
import { spawnSync } from 'node:child_process';
import { interleaved, ratio, spread } from '../figures.mjs';
import { environment, noop } from '../process.mjs';
import { freshProject } from '../project.mjs';

export const about = 'Time that spawn() holds the event loop, by the memory of the process that calls it.';

const script = `
const { spawn } = require('node:child_process');
const [mib, program, ...args] = process.argv.slice(1);
const held = Buffer.alloc(Number(mib) * 1024 * 1024, 1);
const times = [];
(async () => {
  for (let at = 0; at < 12; at += 1) {
    const start = performance.now();
    const child = spawn(program, args, { stdio: 'ignore' });
    times.push(performance.now() - start);
    await new Promise((resolve) => child.once('exit', resolve));
  }
  times.sort((a, b) => a - b);
  process.stdout.write(String(times[6]) + (held.length < 0 ? 'x' : ''));
})();`;

export async function measure({ quick, n, tell, budgetMs }) {
  const { folder } = freshProject();
  const cases = (quick ? [0, 250] : [0, 100, 250, 1000]).map((mib) => ({
    name: mib === 0 ? 'nothing more' : `${mib} MiB more`,
    kind: 'limit',
    run: () =>
      Promise.resolve(
        Number(
          spawnSync(process.execPath, ['-e', script, String(mib), ...noop, 'one'], {
            cwd: folder,
            env: environment(),
            encoding: 'utf8',
          }).stdout,
        ),
      ),
  }));
  const results = await interleaved(cases, n ?? (quick ? 3 : 9), tell, budgetMs);
  const rows = cases.map(({ name, kind }) => ({
    name,
    kind,
    ms: spread(results[name]),
    toSmall: ratio(results[name], results[cases[0].name]),
  }));
  return { rows, figures: { at250: rows.find(({ name }) => name.startsWith('250'))?.toSmall ?? null } };
}

export const columns = [
  ['a bare Node holds', ({ name }) => name],
  ['spawn() ms', ({ ms }) => ms],
  ['/ nothing more', ({ toSmall }) => toSmall],
];
export const picture = {
  title: 'spawn() by the memory of the caller, median',
  unit: 'ms',
  of: ({ ms }) => ms.median,
};
