/**
 * `next-role demo`: plays the example project to its end in a copy, offline and free: the agents are scripted, all around
 * them is real. In a terminal the visitor answers the one question; a script gives the letter in advance.
 */
import { relative, resolve } from 'node:path';
import { projectAt } from '../../effects/project.ts';
import type { Project } from '../../protocol/project.ts';
import { run, type RunEnd } from '../../runner/run.ts';
import { openAnswering } from '../answering.ts';
import { endText, exitOf } from '../ending.ts';
import { layoutColumns, print } from '../output.ts';
import { commandFor, exits, refuse } from '../shell.ts';
import type { Command, Shell } from '../shell.ts';
import { filesOn, setStage } from '../stage.ts';
import { tree } from '../screens/tree.ts';
import { note, quiet, strong, wrap } from '../text.ts';
import type { Line, Text } from '../text.ts';
import { openViewer } from '../viewer.ts';

export const demo: Command = async (shell, input) => {
  const named = input.text('dir');
  const letter = input.text('answer');
  const stage = await setStage(named === null ? null : resolve(shell.cwd, named));
  if (stage.type === 'occupied') {
    return refuse(shell, `"${stage.folder}" is not empty, and the demo overwrites nothing`, 'next-role demo');
  }
  const project = await projectAt(stage.folder);
  if (project === null) throw new Error('The example is not complete; install next-role again');
  const before = await filesOn(project.root);
  if (!shell.json) print(shell.out, greeting(shell, project, stage.underGit));
  const end = await play(shell, project, letter);
  if (!shell.json) {
    const after = await filesOn(project.root);
    print(
      shell.out,
      farewell(shell, project, end, {
        files: after,
        fresh: new Set(after.filter((path) => !before.includes(path))),
      }),
    );
  }
  return exitOf(end);
};

/** Runs the round; the question is answered while it runs, here or in the file. */
async function play(shell: Shell, project: Project, letter: string | null): Promise<RunEnd> {
  const startedAt = shell.now();
  const viewer = await openViewer(shell, { projects: [project], questions: false });
  const givenUp = new AbortController();
  const interrupts = shell.interrupts();
  const options = { project, letter, hide: () => viewer.hide(), onGiveUp: () => givenUp.abort() };
  const canAnswer = letter !== null || (shell.canAsk() && !shell.json);
  const answering = canAnswer ? openAnswering(shell, options) : null;
  interrupts.addEventListener('abort', () => answering?.close(), { once: true });
  try {
    const end = await run(project, {
      publish(notice) {
        viewer.publish(notice);
        answering?.follow(notice);
      },
      signal: AbortSignal.any([interrupts, givenUp.signal]),
      until: ({ rest, question }) => rest !== null && (question === null || !canAnswer),
      self: shell.self,
    });
    // A question that nobody answered here still stands: that is a rest, not an interrupt.
    const told: RunEnd =
      end.type === 'stopped' && answering?.gaveUp() === true ? { ...end, type: 'rest' } : end;
    viewer.end(
      project,
      told,
      shell.json ? [] : await endText(shell, project, told, { startedAt, name: null }),
    );
    return told;
  } finally {
    answering?.close();
    viewer.close();
  }
}

function greeting(shell: Shell, project: Project, underGit: boolean): Text {
  const columns = layoutColumns(shell.out);
  const what =
    'A whole round, offline: four roles build compareSemver(a, b), and one of them asks you something.';
  const how = `The agents are scripted: no model is asked and nothing is paid. All around them is real: the files, the tests, the journal${underGit ? ', the commits' : ''}.`;
  return [
    ...wrap(what, columns).map((line): Line => [strong(line)]),
    ...wrap(how, columns).map((line): Line => [quiet(line)]),
    [quiet(`It plays in ${project.root}`)],
    '',
  ];
}

function farewell(
  shell: Shell,
  project: Project,
  end: RunEnd,
  made: { readonly files: readonly string[]; readonly fresh: ReadonlySet<string> },
): Text {
  const way = relative(shell.cwd, project.root);
  const folder = way !== '' && !way.startsWith('..') ? way : project.root;
  const isOver = end.type === 'rest' && end.situation.rest === exits.finished;
  const goOn = isOver ? [] : [[quiet('Go on: '), note(commandFor(shell, project, 'next-role run'))]];
  return [
    '',
    [strong('What was made'), quiet(`  ${project.root}`)],
    ...tree(made.files, made.fresh),
    '',
    ...goOn,
    [quiet('Look around: '), note(`cd ${folder}`)],
    ...['next-role why', 'next-role prompt reviewer', 'next-role replay', 'git log --stat'].map((line) => [
      '             ',
      note(line),
    ]),
    ...(isOver ? [[quiet('Your own project: '), note('next-role init')]] : []),
  ];
}
