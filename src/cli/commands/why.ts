/**
 * `next-role why`: what a project waits for, since when, until when, and the command to type next. Only looks.
 */
import { look } from '../../runner/look.ts';
import { found } from '../found.ts';
import { lifeOf } from '../life.ts';
import { layoutColumns, print, printJson } from '../output.ts';
import { leftOf, nextOf, waitsFor, whyScreen } from '../screens/why.ts';
import { commandFor, exits, projectFor } from '../shell.ts';
import type { Command } from '../shell.ts';

export const why: Command = async (shell, input) => {
  const project = await projectFor(shell, input);
  if (project === null) return exits.usage;
  const seen = found(await look(project));
  const { situation } = seen;
  const { order } = situation;
  const life = situation.waitsFor === 'session' && order !== null ? await lifeOf(project, order) : null;
  if (shell.json) {
    const { runner, edited, problems, remarks } = seen;
    const words = { waitsForWords: waitsFor(seen), left: leftOf(seen), next: nextOf(seen) };
    printJson(shell.out, {
      project: project.root,
      ...situation,
      ...words,
      life,
      runner,
      edited,
      remarks,
      files: problems,
    });
    return exits.finished;
  }
  const columns = layoutColumns(shell.out);
  const command = (line: string): string => commandFor(shell, project, line);
  print(shell.out, whyScreen(seen, life, { columns, now: shell.now(), command }));
  return exits.finished;
};
