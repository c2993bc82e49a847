/** A shell for tests: what is printed is kept, nobody can be asked, nothing interrupts. */
import { runLine } from '../../src/cli/start.ts';
import type { Output } from '../../src/cli/output.ts';

export type Run = { readonly code: number; readonly out: string; readonly err: string };

export function outputTo(pieces: string[], columns = 80): Output {
  return { write: (text) => void pieces.push(text), isTerminal: false, columns, colour: false };
}

/** Runs a command line in this process. */
export async function line(
  cwd: string,
  argv: readonly string[],
  columns = 80,
  signal: AbortSignal = new AbortController().signal,
): Promise<Run> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runLine(
    {
      out: outputTo(out, columns),
      err: outputTo(err, columns),
      cwd,
      env: { PATH: process.env['PATH'] },
      self: [process.execPath, 'dist/bin/next-role.cjs'],
      now: Date.now,
      interrupts: () => signal,
      openArea: () => Promise.resolve(null),
      ask: () => Promise.resolve(null),
      canAsk: () => false,
    },
    argv,
  );
  return { code, out: out.join(''), err: err.join('') };
}
