/**
 * `next-role status` where nothing has changed since a runner looked: the one command that is asked for again and again, by
 * people and by prompts of shells. It is a small bundle of its own, because loading the whole program takes longer than the
 * answer. Whatever takes more than a glance is left to the whole program, which then prints everything itself.
 */
import { resolve } from 'node:path';
import { showStatus } from './cli/showstatus.ts';
import { openPlain } from './cli/plain.ts';
import { openTerminal } from './cli/terminal.ts';
import { glance } from './runner/glance.ts';

class MoreThanAGlance extends Error {}

/** The exit code of a command line, `null` when the whole program must answer it; nothing is printed then. */
export async function answer(argv: readonly string[]): Promise<number | null> {
  const [command, ...words] = argv;
  const folders = words.filter((word) => word !== '--json');
  // Every other flag, and every mistake, is the parser's.
  if (command !== 'status' || folders.some((word) => word.startsWith('-') || word === '')) return null;
  const shell = {
    out: openPlain(1, process.env) ?? openTerminal(process, process.env).out,
    get err() {
      return openTerminal(process, process.env).err;
    },
    json: folders.length < words.length,
    cwd: resolve('.'),
    now: Date.now,
  };
  try {
    return await showStatus(shell, { args: folders, text: () => null }, async (project) => {
      const look = await glance(project);
      if (look === null) throw new MoreThanAGlance();
      return look;
    });
  } catch (error) {
    if (error instanceof MoreThanAGlance) return null;
    throw error;
  }
}
