/**
 * `next-role doctor`: checks the machine and the project, names the remedy of everything that is wrong, and clears away
 * what a crash left, naming that too. With `--dry-run` it says what it would clear away, and touches nothing of it.
 */
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { errorCode, explain } from '../../effects/files.ts';
import { ensureIgnored } from '../../effects/git.ts';
import { findProject } from '../../effects/project.ts';
import type { Project } from '../../protocol/project.ts';
import { readCatalog } from '../../effects/catalog.ts';
import { caution } from '../checks/check.ts';
import type { Check } from '../checks/check.ts';
import {
  checkAgents,
  checkDisk,
  checkGit,
  checkInotify,
  checkNode,
  checkSomeAgent,
  checkWatching,
} from '../checks/machine.ts';
import { checkLeftovers } from '../checks/leftovers.ts';
import { probeAgents } from '../checks/probe.ts';
import { checkProject } from '../checks/project.ts';
import { layoutColumns, print, printJson } from '../output.ts';
import { counted } from '../quantity.ts';
import { exits } from '../shell.ts';
import type { Command, Shell } from '../shell.ts';
import { bad, good, note, quiet, strong, warn, wrap } from '../text.ts';
import type { Line, Span, Text } from '../text.ts';

export const doctor: Command = async (shell, input) => {
  const project = await findProject(resolve(shell.cwd, input.text('dir') ?? '.'));
  const path = shell.env['PATH'];
  const machine = [checkNode(process.versions.node), await checkGit()];
  const agents = await checkAgents(path, shell.cwd);
  const root = project?.root ?? shell.cwd;
  const probes = input.has('probe') ? await probeAgents(shell, await readCatalog(root), root) : [];
  const mend = !input.has('dry-run');
  const left = project === null ? [] : await checkLeftovers(project, mend);
  const own = project === null ? [] : await checkProject(project, path);
  const system = [
    await watching(project),
    ...(await checkInotify()),
    await checkDisk(project?.root ?? shell.cwd),
  ];
  const some = project === null ? checkSomeAgent(agents) : [];
  const checks = [...machine, ...agents, ...some, ...probes, ...own, ...left, ...system];
  if (shell.json) printJson(shell.out, { project: project?.root ?? null, checks });
  else print(shell.out, screen(checks, project?.root ?? null, shell));
  return checks.some((check) => check.state === 'bad') ? exits.failed : exits.finished;
};

/** In the project's own folder, because another disk may behave differently. */
async function watching(project: Project | null): Promise<Check> {
  try {
    if (project !== null) await ensureIgnored(project.root);
    return await checkWatching(project?.own ?? tmpdir());
  } catch (error) {
    if (errorCode(error) === '') throw error;
    return caution('watching', `could not be tried: ${explain(error)}`, 'Mend the rights first');
  }
}

function screen(checks: readonly Check[], project: string | null, shell: Shell): Text {
  const columns = layoutColumns(shell.out);
  const label = Math.max(...checks.map((check) => check.name.length)) + 2;
  const faults = checks.filter((check) => check.state === 'bad').length;
  return [
    ...(project === null
      ? [['No project here: only the machine is checked. ', note('next-role init')], '']
      : [[strong(project)], '']),
    ...checks.flatMap((check) => lines(check, label, columns)),
    '',
    faults === 0
      ? [good('✓ '), 'Nothing here would keep a round from running']
      : [bad('✗ '), `${counted(faults, 'fault')} to mend first`],
  ];
}

function lines(check: Check, label: number, columns: number): Text {
  const indent = ' '.repeat(label + 2);
  const words = wrap(check.words, columns - label - 2);
  const remedy = check.remedy === null ? [] : wrap(check.remedy, columns - label - 4);
  return [
    ...words.map((line, at): Line =>
      at === 0 ? [markOf(check), ' ', quiet(check.name.padEnd(label)), line] : `${indent}${line}`,
    ),
    ...remedy.map((line, at): Line => [indent, at === 0 ? '→ ' : '  ', note(line)]),
  ];
}

function markOf(check: Check): Span {
  switch (check.state) {
    case 'good':
      return good('✓');
    case 'warn':
      return warn('!');
    case 'bad':
      return bad('✗');
    default:
      return check.state satisfies never;
  }
}
