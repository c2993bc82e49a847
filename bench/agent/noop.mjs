// noop.c for machines without a C compiler: the same work, the same stamps; only its own start takes longer.
import { appendFileSync, closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

const start = process.hrtime.bigint();
const roles = ['one', 'two', 'three', 'four'];
const [role = ''] = process.argv.slice(2);
const at = roles.indexOf(role);
if (at < 0) {
  process.stderr.write('noop: ROLE is one, two, three or four\n');
  process.exit(64);
}
if (process.env.NOOP_SLEEP_MS) await setTimeout(Number(process.env.NOOP_SLEEP_MS));

function put(path, text) {
  const fd = openSync(path, 'w', 0o644);
  writeSync(fd, text);
  fsyncSync(fd);
  closeSync(fd);
}
put(`coordination/${role}.txt`, `work of ${role}\n`);
const header = `round: R01\nnext-role: ${roles[at + 1] ?? 'human'}\nstatus: ${at < 3 ? 'READY' : 'ROUND-COMPLETE'}\ntier: bench`;
put('coordination/.next', `---\n${header}\n---\n`);
renameSync('coordination/.next', 'coordination/NEXT-ROLE.md');
if (process.env.BENCH_LOG)
  appendFileSync(process.env.BENCH_LOG, `${role} ${start} ${process.hrtime.bigint()}\n`);
