/**
 * `next-role inspect`: how a handoff file is understood and what it would lead to. Works on any file; only reads.
 */
import { dirname, relative, resolve } from 'node:path';
import { readCatalog } from '../../effects/catalog.ts';
import { readText } from '../../effects/files.ts';
import { findProject } from '../../effects/project.ts';
import { isError } from '../../protocol/diagnostic.ts';
import { inspectText } from '../../runner/inspect.ts';
import { remembered } from '../../runner/look.ts';
import type { Inspection } from '../../runner/inspect.ts';
import { layoutColumns, print, printJson } from '../output.ts';
import { problemLines } from '../render.ts';
import { exits, projectFor, refuse } from '../shell.ts';
import type { Command, Input, Shell } from '../shell.ts';
import { bad, good, labelled, note, oneLine, strong, wrap } from '../text.ts';
import type { Line, Text } from '../text.ts';

export const inspect: Command = async (shell, input) => {
  const path = await fileOf(shell, input);
  if (path === null) return exits.usage;
  const file = await readText(path);
  if (file === null) return refuse(shell, `There is no file "${path}"`, 'next-role init');
  const project = await findProject(dirname(path));
  const { policy } = await readCatalog(project?.root ?? dirname(path));
  // The project's own handoff is read as a run would read it: with what its journal remembers.
  const known = project?.handoff === path ? remembered(project) : undefined;
  const inspection = inspectText(file.text, policy, known);
  if (shell.json) printJson(shell.out, inspection);
  else print(shell.out, screen(inspection, relative(shell.cwd, path) || path, layoutColumns(shell.out)));
  return inspection.diagnostics.some(isError) ? exits.failed : exits.finished;
};

async function fileOf(shell: Shell, input: Input): Promise<string | null> {
  const [named] = input.args;
  if (named !== undefined) return resolve(shell.cwd, named);
  return (await projectFor(shell, input))?.handoff ?? null;
}

function screen(inspection: Inspection, name: string, columns: number): Text {
  const { decision, escalation, diagnostics } = inspection;
  const row = (label: string, words: string | null): Text =>
    words === null ? [] : labelled(label, oneLine(words), columns, 12);
  const noted = (word: string | null, more: string | null): string | null =>
    word === null || more === null ? word : `${word} (${more})`;
  return [
    [strong(name)],
    ...row('dialect', inspection.dialect),
    ...row('round', inspection.round),
    ...row('role', noted(inspection.role, inspection.roleNote)),
    ...row('status', noted(inspection.status, inspection.statusNote)),
    ...row('tier', inspection.tier),
    ...inspection.inputs.flatMap((path, at) => row(at === 0 ? 'inputs' : '', path)),
    ...row('question', escalation?.question ?? null),
    ...(escalation?.options ?? []).flatMap((option) => row('', `${option.letter}: ${option.do}`)),
    '',
    ...decisionLines(decision, columns),
    ...(diagnostics.length === 0
      ? [[note('no remarks')]]
      : ['', ...problemLines(name, diagnostics, columns)]),
  ];
}

function decisionLines({ runs, because }: Inspection['decision'], columns: number): Text {
  const verdict = runs === null ? bad('runs nobody') : good(`runs ${oneLine(runs)}`);
  return wrap(`${verdict.text}: ${oneLine(because)}`, columns, 2).map((line, at): Line =>
    at === 0 ? [verdict, line.slice(verdict.text.length)] : line,
  );
}
