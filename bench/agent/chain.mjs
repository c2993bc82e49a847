// The limit for anything written in Node: spawn and wait, once for each role. Usage: chain.mjs ROUNDS PROGRAM ARGS…
import { spawn } from 'node:child_process';

const [rounds, program, ...args] = process.argv.slice(2);
const roles = ['one', 'two', 'three', 'four'];
for (let at = 0; at < Number(rounds) * roles.length; at += 1) {
  const child = spawn(program, [...args, roles[at % roles.length]], { stdio: 'ignore' });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) process.exit(1);
}
