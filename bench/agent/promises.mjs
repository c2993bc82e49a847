// The limit for anything written in Node that keeps our promises: the spawn loop of chain.mjs with what must be on disk
// before and after each session, and nothing decided, read or checked. A record is synced before the handoff says WORKING,
// before the session starts, and before the next header; each header is a synced file in the place of the old one, and its
// name is synced; the session stands behind a shell that claims it once and leaves its exit.
// Usage: promises.mjs ROUNDS PROGRAM ARGS…
import { spawn } from 'node:child_process';
import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';

const [rounds, program, ...args] = process.argv.slice(2);
const roles = ['one', 'two', 'three', 'four'];
mkdirSync('.promises', { recursive: true });
const journal = openSync('.promises/journal', 'a');

function record() {
  writeSync(journal, `${'x'.repeat(1000)}\n`);
  fdatasyncSync(journal);
}

function header(text) {
  const fd = openSync('coordination/.next-header', 'w');
  writeSync(fd, text);
  fsyncSync(fd);
  closeSync(fd);
  renameSync('coordination/.next-header', 'coordination/NEXT-ROLE.md');
  const folder = openSync('coordination', 'r');
  fsyncSync(folder);
  closeSync(folder);
}

const shim = `set -C; printf '%s\\n' "$$" >"$1/claim" || exit 75; set +C; folder=$1; shift
"$@" <"$folder/stdin" >>"$folder/stdout" 2>>"$folder/stderr"; code=$?
printf '%s\\n' "$code" >"$folder/exit"; exit "$code"`;

for (let at = 0; at < Number(rounds) * roles.length; at += 1) {
  const role = roles[at % roles.length];
  record();
  header(`---\nround: R01\nnext-role: ${role}\nstatus: WORKING\n---\n`);
  record();
  const folder = `.promises/${at}`;
  mkdirSync(folder);
  for (const name of ['order', 'manifest', 'stdin']) writeFileSync(`${folder}/${name}`, 'x'.repeat(1000));
  const argv = ['-c', shim, 'shim', folder, program, ...args, role];
  const child = spawn('/bin/sh', argv, { stdio: 'ignore', detached: true });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) process.exit(1);
  record();
  const next = roles[(at + 1) % roles.length];
  const isLast = at + 1 === Number(rounds) * roles.length;
  header(
    `---\nround: R01\nnext-role: ${isLast ? 'human' : next}\nstatus: ${isLast ? 'ROUND-COMPLETE' : 'READY'}\n---\n`,
  );
}
