/**
 * Runs a small program to its end and gives what it printed: for questions such as "which version is installed". Both
 * its time and its output are bounded, nothing is typed into it, and it never throws for what the program does. Agents
 * are never started through here.
 */
import { execFile } from 'node:child_process';

export type ProgramEnd =
  | { readonly type: 'ended'; readonly code: number; readonly stdout: string; readonly stderr: string }
  | { readonly type: 'missing' }
  | { readonly type: 'timed-out' }
  | { readonly type: 'failed'; readonly message: string };

export type ProgramOptions = { readonly cwd: string; readonly timeoutMs: number };

/** Of each stream; a program that prints more is ended. */
const outputBytesMax = 1024 * 1024;

/**
 * Runs a program.
 *
 * @example await runProgram(['git', '--version'], { cwd: '.', timeoutMs: 5_000 }) // { type: 'ended', code: 0, … }
 */
export function runProgram(
  argv: readonly [string, ...string[]],
  options: ProgramOptions,
): Promise<ProgramEnd> {
  const [program, ...args] = argv;
  const { cwd, timeoutMs } = options;
  const settings = {
    cwd,
    timeout: timeoutMs,
    maxBuffer: outputBytesMax,
    killSignal: 'SIGKILL',
    encoding: 'utf8',
  } as const;
  return new Promise((resolve) => {
    const child = execFile(program, args, settings, (error, stdout, stderr) => {
      if (error === null) resolve({ type: 'ended', code: 0, stdout, stderr });
      else if (error.code === 'ENOENT') resolve({ type: 'missing' });
      else if (typeof error.code === 'number') resolve({ type: 'ended', code: error.code, stdout, stderr });
      else if (error.killed === true) resolve({ type: 'timed-out' });
      else resolve({ type: 'failed', message: error.message });
    });
    child.stdin?.end();
  });
}
