/**
 * `next-role eject`: copies a shipped file into the project, where it takes the place of ours. Never overwrites.
 */
import { join } from 'node:path';
import { builtinFile, builtinNames } from '../../effects/catalog.ts';
import { coordinationDir } from '../../protocol/artifact.ts';
import { nearest } from '../../protocol/nearest.ts';
import { createFile } from '../newfile.ts';
import { print, printJson } from '../output.ts';
import { exits, projectFor, refuse } from '../shell.ts';
import type { Command, Shell } from '../shell.ts';
import { good, note, quiet } from '../text.ts';
import type { Line } from '../text.ts';

export const eject: Command = async (shell, input) => {
  const [name] = input.args;
  const names = await ejectable();
  if (name === undefined) return list(shell, names);
  const text = names.includes(name) ? await builtinFile(name) : null;
  if (text === null) {
    const guess = nearest(name, names);
    return refuse(
      shell,
      `"${name}" is none of the shipped files that a project can change`,
      guess === null ? 'next-role eject' : `next-role eject ${guess}`,
    );
  }
  const project = await projectFor(shell, input);
  if (project === null) return exits.usage;
  const target = `${coordinationDir}/${name}`;
  if (!(await createFile(join(project.root, target), text))) {
    return refuse(shell, `"${target}" is there already and was left alone`, `Edit it, or move it away first`);
  }
  if (shell.json) printJson(shell.out, { file: target });
  else
    print(shell.out, [
      [good('✓ '), target],
      [quiet('  It now takes the place of ours. Check it with '), note('next-role doctor')],
    ]);
  return exits.finished;
};

function list(shell: Shell, names: readonly string[]): number {
  if (shell.json) {
    printJson(shell.out, { names });
    return exits.finished;
  }
  const lines = names.map((name): Line => `  ${name}`);
  print(shell.out, [
    'What can be copied into coordination/ and changed there:',
    ...lines,
    ['Next: ', note(`next-role eject ${names[0] ?? ''}`)],
  ]);
  return exits.finished;
}

/** Schemas, drawings and templates are shipped too, but a copy of them in a project would change nothing. */
export async function ejectable(): Promise<readonly string[]> {
  return (await builtinNames()).filter((name) => /^(?:roles\/.+\.md|state\/.+\.yaml)$/.test(name));
}
