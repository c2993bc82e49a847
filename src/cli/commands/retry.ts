/**
 * `next-role retry`: tries again now what a project waits for: a limit, an overload, the network. It only leaves word;
 * the runner that waits takes it up, and so do all projects that wait for the same agent's limit.
 */
import { look } from '../../runner/look.ts';
import { tryAgain } from '../../runner/limits.ts';
import { found } from '../found.ts';
import { print, printJson } from '../output.ts';
import { commandFor, exits, projectFor, refuse } from '../shell.ts';
import type { Command } from '../shell.ts';
import { good, note } from '../text.ts';

export const retry: Command = async (shell, input) => {
  const project = await projectFor(shell, input);
  if (project === null) return exits.usage;
  const { policy, state, runner, situation } = found(await look(project));
  const asked = await tryAgain(policy, project.root, state.context, shell.now());
  if (asked === null) {
    const { question, headline } = situation;
    const why = question === null ? headline : `${question.askedBy} asks, and waits for your answer`;
    return refuse(shell, `Nothing to try again: ${why}`, 'next-role why', exits.failed);
  }
  if (shell.json) {
    printJson(shell.out, { project: project.root, asked: true, ...asked, runner: runner !== null });
    return exits.finished;
  }
  const who = asked.shared ? `every project that waits for ${asked.agent}` : 'this project';
  print(shell.out, [[good('✓ '), `Asked ${who} to try again now`]]);
  if (runner === null) print(shell.out, [['Next: ', note(commandFor(shell, project, 'next-role run'))]]);
  return exits.finished;
};
