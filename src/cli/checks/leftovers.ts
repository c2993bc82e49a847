/**
 * What `doctor` says of leftovers of a crash: what it cleared away, what it would, and what keeps it from doing so.
 */
import { JournalDamaged } from '../../protocol/journal.ts';
import type { Project } from '../../protocol/project.ts';
import { ownerOf } from '../../effects/lock.ts';
import { errorCode, explain } from '../../effects/files.ts';
import { repair } from '../../runner/repair.ts';
import type { Leftover } from '../../runner/repair.ts';
import { caution, fine } from './check.ts';
import type { Check } from './check.ts';

const name = 'leftovers';

/** Finds what a crash left; clears it away if `mend` says so and nobody runs the project. */
export async function checkLeftovers(project: Project, mend: boolean): Promise<readonly Check[]> {
  try {
    const found = await repair(project, { mend });
    if (found.length === 0) return [fine(name, 'none of a crash')];
    const runs = (await ownerOf(project.root)) !== null;
    return found.map((leftover) => checkOf(leftover, runs));
  } catch (error) {
    // The check of the journal names this fault, with its remedy.
    if (error instanceof JournalDamaged)
      return [caution(name, 'not looked for while the journal is damaged', 'Mend the journal first')];
    if (errorCode(error) === '') throw error;
    return [caution(name, `could not be cleared away: ${explain(error)}`, 'Mend the rights first')];
  }
}

function checkOf({ words, repaired }: Leftover, runs: boolean): Check {
  if (repaired !== null) return fine('repaired', `${words} ${repaired}`);
  const remedy = runs ? 'Nothing is cleared away while a runner works: end it first' : 'next-role doctor';
  return caution(name, words, remedy);
}
