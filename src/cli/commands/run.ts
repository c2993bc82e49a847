/**
 * `next-role run`: runs the round of one project until it rests, and ends with the exit code of that rest.
 */
import { run as runProject } from '../../runner/run.ts';
import { endText, exitOf } from '../ending.ts';
import { projectFor, exits } from '../shell.ts';
import type { Command } from '../shell.ts';
import { openViewer } from '../viewer.ts';

export const run: Command = async (shell, input) => {
  const project = await projectFor(shell, input);
  if (project === null) return exits.usage;
  const startedAt = shell.now();
  // Waiting for answers means: only an end that no answer can change ends the run.
  const waits = input.text('until') === 'finished';
  const viewer = await openViewer(shell, { projects: [project], questions: waits });
  try {
    const end = await runProject(project, {
      publish: viewer.publish,
      signal: shell.interrupts(),
      until: ({ rest }) => (waits ? rest === exits.finished || rest === exits.failed : rest !== null),
      self: shell.self,
    });
    viewer.end(project, end, shell.json ? [] : await endText(shell, project, end, { startedAt, name: null }));
    return exitOf(end);
  } finally {
    viewer.close();
  }
};
