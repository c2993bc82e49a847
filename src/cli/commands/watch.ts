/**
 * `next-role watch`: stays and runs any number of projects at once, each by itself. One that cannot be run is reported
 * and the others go on; an interrupt ends all of them gracefully.
 */
import { setMaxListeners } from 'node:events';
import { resolve } from 'node:path';
import { explain } from '../../effects/files.ts';
import { findProject } from '../../effects/project.ts';
import type { Project } from '../../protocol/project.ts';
import { run as runProject } from '../../runner/run.ts';
import type { RunEnd } from '../../runner/run.ts';
import { createTurns, type InTurn } from '../../runner/turns.ts';
import { endText, exitOf } from '../ending.ts';
import { exits, refuse } from '../shell.ts';
import type { Command, Input, Shell } from '../shell.ts';
import { print } from '../output.ts';
import { quiet, strong } from '../text.ts';
import { counted } from '../quantity.ts';
import { namesOf } from '../names.ts';
import { openViewer } from '../viewer.ts';
import type { Viewer } from '../viewer.ts';

/** Projects watched by one process; more want several. */
const projectsMax = 1_000;
/** Projects opened at a time: what reading their settings leaves behind would otherwise stand in memory a thousandfold. */
const openingMax = 4;

export const watch: Command = async (shell, input) => {
  const projects = await projectsOf(shell, input);
  if (projects === null) return exits.usage;
  const viewer = await openViewer(shell, { projects, questions: true });
  const signal = shell.interrupts();
  // One listener per project, and more than ten projects are no leak.
  setMaxListeners(projectsMax, signal);
  if (!shell.json) print(shell.out, greeting(projects));
  try {
    const names = namesOf(projects);
    const inTurn = createTurns(openingMax);
    const codes = await Promise.all(
      projects.map((project) =>
        watchOne({ shell, viewer, signal, inTurn, name: names.get(project.root) ?? '' }, project),
      ),
    );
    return signal.aborted
      ? exits.interrupted
      : (codes.find((code) => code !== exits.finished) ?? exits.finished);
  } finally {
    viewer.close();
  }
};

/** The projects of the folders given, each once; null after a refusal. */
async function projectsOf(shell: Shell, input: Input): Promise<readonly Project[] | null> {
  const folders = input.args.length > 0 ? input.args : [input.text('dir') ?? '.'];
  if (folders.length > projectsMax) {
    refuse(
      shell,
      `${folders.length} projects are more than the ${projectsMax} one process watches`,
      'Start several',
    );
    return null;
  }
  const found = new Map<string, Project>();
  for (const folder of folders) {
    const project = await findProject(resolve(shell.cwd, folder));
    if (project === null) {
      refuse(shell, `No project in "${folder}" or above it`, `next-role init ${folder}`);
      return null;
    }
    found.set(project.root, project);
  }
  return [...found.values()];
}

function greeting(projects: readonly Project[]) {
  const names = [...namesOf(projects).values()];
  return [
    [
      strong(`Watching ${counted(projects.length, 'project')}`),
      quiet(`  ${names.join(', ')}. Ctrl-C ends it.`),
    ],
  ];
}

type Watching = {
  readonly shell: Shell;
  readonly viewer: Viewer;
  readonly signal: AbortSignal;
  readonly inTurn: InTurn;
  readonly name: string;
};

/** A mistake in one project must not take the others down. */
async function watchOne(
  { shell, viewer, signal, inTurn, name }: Watching,
  project: Project,
): Promise<number> {
  const startedAt = shell.now();
  const tell = async (end: RunEnd): Promise<number> => {
    viewer.end(project, end, shell.json ? [] : await endText(shell, project, end, { startedAt, name }));
    return exitOf(end);
  };
  try {
    const { publish } = viewer;
    const options = { publish, signal, inTurn, until: () => false, self: shell.self };
    return await tell(await runProject(project, options));
  } catch (error) {
    return tell({ type: 'unusable', message: explain(error) });
  }
}
