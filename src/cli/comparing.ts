/**
 * How a comparison is shown, whether it was worked or read from receipts: the screen, JSON, or a page.
 */
import { resolve } from 'node:path';
import type { Arm, Comparison } from '../domain/compare.ts';
import { readCatalog } from '../effects/catalog.ts';
import { findProject } from '../effects/project.ts';
import { layoutColumns, print, printJson } from './output.ts';
import { comparePage } from './page/page.ts';
import { savePage } from './page/write.ts';
import { compareScreen } from './screens/compare.ts';
import { exits } from './shell.ts';
import type { Input, Shell } from './shell.ts';

/** Prints a comparison, or saves its page; gives the exit code. */
export async function show(
  shell: Shell,
  input: Input,
  { arms, comparison }: { readonly arms: readonly Arm[]; readonly comparison: Comparison },
): Promise<number> {
  const page = input.text('html');
  if (page !== null) {
    const from = resolve(shell.cwd, input.text('dir') ?? '.');
    const { prices } = await readCatalog((await findProject(from))?.root ?? from);
    return savePage(shell, page, comparePage(comparison, arms, prices));
  }
  if (shell.json) printJson(shell.out, comparison);
  else print(shell.out, compareScreen(comparison, layoutColumns(shell.out)));
  return exits.finished;
}
