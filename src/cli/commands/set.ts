/**
 * `next-role set`: changes the named keys of a handoff and not one byte more. Compares before it replaces, so an edit
 * made at the same moment is never lost: the change is then made anew on the newer text.
 */
import { dirname, relative, resolve } from 'node:path';
import { readCatalog } from '../../effects/catalog.ts';
import { readText, replaceIf } from '../../effects/files.ts';
import { findProject } from '../../effects/project.ts';
import type { HandoffChange } from '../../protocol/handoff.ts';
import { knownNames } from '../../protocol/policy.ts';
import { applyEdits, parseEdits } from '../assignment.ts';
import type { Asked } from '../assignment.ts';
import { print, printJson } from '../output.ts';
import { plainOf, good, note, oneLine } from '../text.ts';
import type { Line } from '../text.ts';
import { diagnosticLine } from '../render.ts';
import { exits, projectFor, refuse } from '../shell.ts';
import type { Command, Input, Shell } from '../shell.ts';

/** Tries against somebody who saves the same file at the same moment. */
const triesMax = 5;

export const set: Command = async (shell, input) => {
  const parsed = parseEdits(input.args, input.text('unset'));
  if (!parsed.ok) return refuse(shell, parsed.message, parsed.hint);
  const path = await fileOf(shell, input, parsed.asked);
  if (path === null) return exits.usage;
  const project = await findProject(dirname(path));
  const { policy } = await readCatalog(project?.root ?? dirname(path));
  const known = knownNames(policy);
  for (let tries = 0; tries < triesMax; tries += 1) {
    const before = await readText(path);
    if (before === null) return refuse(shell, `There is no file "${path}"`, 'next-role init');
    const applied = applyEdits(before.text, parsed.asked.change, { known, force: input.has('force') });
    if (applied.type === 'unknown') {
      const { message, hint } = applied.diagnostic;
      return refuse(shell, message, `${hint} To write it all the same, add --force`);
    }
    if (applied.type === 'unreadable') {
      const [first] = applied.problems;
      const why = first === undefined ? 'it has no header' : plainOf(diagnosticLine(first));
      return refuse(
        shell,
        `"${relative(shell.cwd, path)}" cannot be edited: ${why}`,
        'next-role inspect',
        exits.failed,
      );
    }
    const replaced = await replaceIf(path, before.digest, () => applied.text);
    if (replaced.type === 'written')
      return told(shell, path, parsed.asked.change, applied.text !== before.text);
    if (replaced.type === 'failed') return refuse(shell, replaced.message, 'next-role doctor', exits.failed);
  }
  return refuse(shell, `"${path}" is being edited by somebody else`, 'Try again in a moment', exits.failed);
};

async function fileOf(shell: Shell, input: Input, asked: Asked): Promise<string | null> {
  if (asked.file !== null) return resolve(shell.cwd, asked.file);
  return (await projectFor(shell, input))?.handoff ?? null;
}

function told(shell: Shell, path: string, change: HandoffChange, changed: boolean): number {
  if (shell.json) {
    printJson(shell.out, { file: path, changed, set: change });
    return exits.finished;
  }
  const name = relative(shell.cwd, path) || path;
  const keys = Object.entries(change).map(([key, value]): Line =>
    value === null ? [`  ${key} `, note('removed')] : [`  ${key}: `, note(oneLine(value))],
  );
  print(shell.out, [[good('✓ '), changed ? name : `${name} says so already`], ...keys]);
  return exits.finished;
}
