/**
 * `next-role route`: which tier a directive asks for and which model each role would get, with every reason; and with
 * --corpus how often that is right on labelled directives. Reads only, asks no model.
 */
import { relative, resolve } from 'node:path';
import { grade, type Grades, type LabelledCase } from '../../domain/corpus.ts';
import { readCatalog } from '../../effects/catalog.ts';
import { readCorpus } from '../../effects/corpus.ts';
import { errorCode, explain, readText } from '../../effects/files.ts';
import { findProject } from '../../effects/project.ts';
import { readCase } from '../../protocol/corpusfile.ts';
import type { FileProblems } from '../../protocol/catalog.ts';
import { chooseRoute, type RouteReading } from '../../runner/routing.ts';
import { layoutColumns, print, printJson } from '../output.ts';
import { problemLines } from '../render.ts';
import { gradesScreen, routeScreen } from '../screens/route.ts';
import { exits, projectFor, refuse } from '../shell.ts';
import type { Command, Input, Shell } from '../shell.ts';

export const route: Command = async (shell, input) => {
  const corpus = input.text('corpus');
  if (corpus !== null) return gradeCorpus(shell, input, corpus);
  const reading = await readingOf(shell, input);
  if (reading === null) return exits.usage;
  if (shell.json) printJson(shell.out, reading);
  else print(shell.out, routeScreen(reading, layoutColumns(shell.out)));
  return exits.finished;
};

async function readingOf(shell: Shell, input: Input): Promise<RouteReading | null> {
  const named = input.text('directive');
  if (named === null) {
    const project = await projectFor(shell, input);
    if (project === null) return null;
    const { policy } = await readCatalog(project.root);
    const file = await readText(project.handoff);
    return chooseRoute(policy, { text: file?.text ?? '', project });
  }
  const path = resolve(shell.cwd, named);
  const file = await readText(path);
  if (file === null) {
    refuse(shell, `There is no file "${path}"`, 'next-role route --directive FILE');
    return null;
  }
  const from = resolve(shell.cwd, input.text('dir') ?? '.');
  const project = await findProject(from);
  const { policy } = await readCatalog(project?.root ?? from);
  return chooseRoute(policy, { text: file.text, project });
}

async function gradeCorpus(shell: Shell, input: Input, named: string): Promise<number> {
  const folder = resolve(shell.cwd, named);
  const splits = await orNone(() => readCorpus(folder));
  if (splits === null || splits.length === 0) {
    const hint = 'Name a folder of markdown files that start with "label:" and "why:" in front matter';
    return refuse(shell, `"${folder}" holds no labelled directives`, hint);
  }
  const from = resolve(shell.cwd, input.text('dir') ?? '.');
  const { policy } = await readCatalog((await findProject(from))?.root ?? from);
  const problems: FileProblems[] = [];
  const graded = splits.map(({ name, files }) => {
    const cases = files.flatMap((file): readonly LabelledCase[] => {
      const reading = readCase(file);
      if (reading.ok)
        return [{ name: relative(folder, file.path), label: reading.label, text: reading.text }];
      problems.push({ file: relative(shell.cwd, file.path) || file.path, diagnostics: reading.diagnostics });
      return [];
    });
    return { name, ...grade(cases, policy.router) };
  });
  const columns = layoutColumns(shell.out);
  if (shell.json) printJson(shell.out, { splits: graded, problems });
  else {
    print(shell.out, gradesScreen(graded, columns));
    for (const { file, diagnostics } of problems) print(shell.err, problemLines(file, diagnostics, columns));
  }
  return problems.length > 0 || graded.some((one: Grades) => one.under.length > 0)
    ? exits.failed
    : exits.finished;
}

/** A folder that is not there has no directives. */
async function orNone<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (errorCode(error) === '') throw new Error(explain(error), { cause: error });
    return null;
  }
}
