/**
 * `next-role compare --spec`: works the same task in each way, tells what happens, and shows the comparison. Exits with 1
 * when a repetition did not finish; that one is named, and in no figure; with 130 when it was interrupted.
 */
import { resolve } from 'node:path';
import { compare as compareArms } from '../../domain/compare.ts';
import { ensureIgnored } from '../../effects/git.ts';
import { armNames, runArms, threadTrouble, type ArmName } from '../../runner/compare.ts';
import type { Project } from '../../protocol/project.ts';
import { show } from '../comparing.ts';
import { print } from '../output.ts';
import { exits, projectFor, refuse } from '../shell.ts';
import type { Input, Shell } from '../shell.ts';
import { quiet, warn } from '../text.ts';

/** Repetitions of one comparison: each is a whole round that somebody pays for. */
const repetitionsMax = 20;

export async function compareRunning(shell: Shell, input: Input, spec: string): Promise<number> {
  const project = await projectFor(shell, input);
  if (project === null) return exits.usage;
  const arms = await askedArms(shell, input, project);
  if (typeof arms === 'string')
    return refuse(shell, arms, `next-role compare --spec F --arms ${armNames.join(',')}`);
  const frozen = input.text('frozen-spec');
  const count = input.text('runs') ?? '1';
  const repetitions = /^\d{1,3}$/.test(count) ? Number(count) : 0;
  if (repetitions < 1 || repetitions > repetitionsMax)
    return refuse(
      shell,
      `-n is "${count}"; wanted: 1 to ${repetitionsMax}`,
      'next-role compare --spec F -n 3',
    );
  await ensureIgnored(project.root);
  const signal = shell.interrupts();
  const end = await runArms({
    project,
    spec: resolve(shell.cwd, spec),
    frozenSpec: frozen === null ? null : resolve(shell.cwd, frozen),
    arms,
    repetitions,
    stamp: new Date(shell.now()).toISOString().slice(0, 19).replaceAll(':', '-'),
    tell: ({ arm, repetition, text }) => print(shell.err, [[quiet(`${arm} ${repetition}: ${text}`)]]),
    publish: () => undefined,
    signal,
    self: shell.self,
  });
  if (end.type === 'refused') return refuse(shell, end.message, end.hint);
  for (const line of end.unfinished) print(shell.err, [[warn(`Not finished, and in no figure: ${line}`)]]);
  for (const path of end.kept)
    print(shell.err, [[quiet(`Kept: ${path} (git worktree remove --force, when done)`)]]);
  if (end.arms.length < 2 && signal.aborted) {
    print(shell.err, [[quiet('Interrupted before two arms had finished: there is nothing to compare')]]);
    return exits.interrupted;
  }
  if (end.arms.length < 2)
    return refuse(
      shell,
      `${end.arms.length} of ${arms.length} arms finished; a comparison needs two`,
      'next-role why --dir, with a path from above',
      exits.failed,
    );
  const base = end.arms.find(({ name }) => name === ('roles' satisfies ArmName)) ?? end.arms[0];
  const comparison = compareArms(end.arms, { base: base?.name ?? '', tierIsTheArm: true });
  const code = await show(shell, input, { arms: end.arms, comparison });
  if (signal.aborted) return exits.interrupted;
  return end.unfinished.length > 0 && code === exits.finished ? exits.failed : code;
}

/** The arms that were asked for, else every one that the project's agents can work; a refusal in words. */
async function askedArms(shell: Shell, input: Input, project: Project): Promise<readonly ArmName[] | string> {
  const text = input.text('arms');
  const named = (text ?? armNames.join(',')).split(',').map((name) => name.trim());
  const wrong = named.find((name) => !armNames.some((arm) => arm === name));
  if (wrong !== undefined) return `"${wrong}" is no arm (arms: ${armNames.join(', ')})`;
  const wanted = armNames.filter((name) => named.includes(name));
  const isFrozen = input.text('frozen-spec') !== null;
  if (isFrozen && text !== null && wanted.includes('single'))
    return 'The arm "single" writes its spec itself, so none can be given to it';
  const arms = wanted.filter((name) => !isFrozen || name !== 'single');
  const trouble = arms.includes('workflow') ? await threadTrouble(project) : null;
  if (trouble === null) return arms;
  if (text !== null) return `The arm "workflow" cannot be worked: ${trouble}`;
  print(shell.err, [[warn(`Without the arm "workflow": ${trouble}`)]]);
  return arms.filter((name) => name !== 'workflow');
}
