/**
 * Saves a page where a person asked for it. A file that is not a page of ours is never written over.
 */
import { resolve } from 'node:path';
import { explain, readText, writeAtomic } from '../../effects/files.ts';
import { print, printJson } from '../output.ts';
import { exits, refuse } from '../shell.ts';
import type { Shell } from '../shell.ts';
import { pageStart } from './page.ts';

/** Writes the page and says where; gives the exit code. */
export async function savePage(shell: Shell, name: string, page: string): Promise<number> {
  const path = resolve(shell.cwd, name);
  try {
    const there = await readText(path);
    if (there !== null && !there.text.startsWith(pageStart))
      return refuse(shell, `"${name}" is there and is no page of next-role`, 'Name another file for --html');
    await writeAtomic(path, page);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return refuse(shell, explain(error), 'Name a file in a folder that can be written for --html');
  }
  if (shell.json) printJson(shell.out, { html: path });
  else print(shell.out, [`Saved ${name}: open it in a browser; it needs nothing else`]);
  return exits.finished;
}
