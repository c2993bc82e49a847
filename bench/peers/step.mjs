// What each peer's step does: starts the agent of one role and waits for it.
import { spawn } from 'node:child_process';

const [, , project] = process.argv;
const [program, ...args] = JSON.parse(process.env.BENCH_NOOP ?? '[]');

export const roles = ['one', 'two', 'three', 'four'];

export function step(role) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args, role], { cwd: project, stdio: 'ignore' });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve(role) : reject(new Error(`${role} ended with ${code}`)),
    );
  });
}
