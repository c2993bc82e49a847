/**
 * `next-role compare`: ways of working side by side, from recorded receipts; comparearms.ts works them.
 */
import { basename, resolve } from 'node:path';
import { compare as compareArms } from '../../domain/compare.ts';
import type { Arm, ArmRun } from '../../domain/compare.ts';
import { readReceipt } from '../../runner/receiptfile.ts';
import { show } from '../comparing.ts';
import { exits, refuse } from '../shell.ts';
import type { Command, Shell } from '../shell.ts';

const usage = 'next-role compare --from RECEIPT RECEIPT';

export const compare: Command = async (shell, input) => {
  const spec = input.text('spec');
  if (spec !== null) return (await import('./comparearms.ts')).compareRunning(shell, input, spec);
  if (!input.has('from')) return refuse(shell, 'Nothing to compare was named', usage);
  const { args } = input;
  if (args.length < 2)
    return refuse(shell, `A comparison needs two receipts or more; found ${args.length}`, usage);
  const arms: Arm[] = [];
  for (const names of args) {
    const arm = await recorded(shell, names, arms);
    if (arm === null) return exits.usage;
    arms.push(arm);
  }
  return show(shell, input, {
    arms,
    comparison: compareArms(arms, { base: arms.at(-1)?.name ?? '', tierIsTheArm: false }),
  });
};

/** An arm from `a.json,b.json`, named after its first file; null after a refusal. */
async function recorded(shell: Shell, names: string, before: readonly Arm[]): Promise<Arm | null> {
  const paths = names.split(',').filter((name) => name !== '');
  const runs: ArmRun[] = [];
  for (const path of paths) {
    const reading = await readReceipt(resolve(shell.cwd, path));
    if ('refused' in reading) {
      refuse(shell, reading.refused, 'next-role cost ROUND --json > receipt.json');
      return null;
    }
    runs.push({ receipt: reading.receipt, acceptance: null });
  }
  const [first, ...rest] = runs;
  if (first === undefined) {
    refuse(shell, `"${names}" names no receipt`, usage);
    return null;
  }
  const name = basename(paths[0] ?? '').replace(/\.json$/, '');
  const isTaken = before.some((arm) => arm.name === name);
  return { name: isTaken ? `${name} (${before.length + 1})` : name, runs: [first, ...rest] };
}
