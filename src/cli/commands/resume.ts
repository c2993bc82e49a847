/**
 * `next-role resume`: answers the open question by the same edit a person could make by hand.
 */
import { look } from '../../runner/look.ts';
import { resume as answer } from '../../runner/answer.ts';
import { print, printJson } from '../output.ts';
import { commandFor, exits, projectFor, refuse } from '../shell.ts';
import type { Command } from '../shell.ts';
import { good, note, quiet } from '../text.ts';

export const resume: Command = async (shell, input) => {
  const project = await projectFor(shell, input);
  if (project === null) return exits.usage;
  const request = { choose: input.text('choose'), note: input.text('note'), id: input.text('id') };
  const resumed = await answer(project, request);
  if (resumed.type === 'refused') {
    return refuse(shell, resumed.message, commandFor(shell, project, resumed.hint));
  }
  const { runner } = await look(project);
  const next = runner === null ? commandFor(shell, project, 'next-role run') : null;
  if (shell.json) {
    printJson(shell.out, { ...resumed, runner: runner?.pid ?? null, next });
    return exits.finished;
  }
  const words = resumed.choice === null ? 'in your own words' : resumed.choice;
  print(shell.out, [
    [good('✓ '), `Answered ${resumed.id}: ${words}`],
    next === null
      ? [quiet('  A runner is active and goes on with it by itself.')]
      : ['  Nobody is running this project. Next: ', note(next)],
  ]);
  return exits.finished;
};
