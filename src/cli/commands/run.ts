/**
 * `next-role run`: runs the round of one project until it rests, and ends with the exit code of that rest.
 */
import { estimate } from '../../domain/estimate.ts';
import { receiptOf } from '../../domain/receipt.ts';
import { tierOf } from '../../domain/route.ts';
import type { Project } from '../../protocol/project.ts';
import { readLedgers } from '../../runner/ledger.ts';
import { look } from '../../runner/look.ts';
import { run as runProject } from '../../runner/run.ts';
import { endText, exitOf } from '../ending.ts';
import { layoutColumns, print, printJson } from '../output.ts';
import { estimateScreen } from '../screens/estimate.ts';
import { projectFor, exits } from '../shell.ts';
import type { Command, Shell } from '../shell.ts';
import { openViewer } from '../viewer.ts';

/** What a round of the tier that would run came to so far. Starts nothing. */
async function estimateRound(shell: Shell, project: Project): Promise<number> {
  const { policy, prices, state } = await look(project);
  const tier = tierOf(policy, state.context.round?.tier ?? null) ?? tierOf(policy, null);
  const receipts = readLedgers(project).map((ledger) => receiptOf(ledger, prices));
  const found = estimate(receipts, tier?.roles ?? []);
  if (shell.json) printJson(shell.out, { tier: tier?.name ?? null, ...found });
  else print(shell.out, estimateScreen(found, tier?.name ?? '', layoutColumns(shell.out)));
  return exits.finished;
}

export const run: Command = async (shell, input) => {
  const project = await projectFor(shell, input);
  if (project === null) return exits.usage;
  if (input.has('estimate')) return estimateRound(shell, project);
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
