/**
 * `next-role replay`: works through a journal again, offline, and compares every decision with the recorded one.
 */
import { resolve } from 'node:path';
import { journalPath } from '../../protocol/project.ts';
import { replayFile } from '../../runner/replay.ts';
import type { Replay } from '../../runner/replay.ts';
import { isThere } from '../newfile.ts';
import { layoutColumns, print, printJson } from '../output.ts';
import { worker } from '../pulse.ts';
import { counted } from '../quantity.ts';
import { exits, projectFor, refuse } from '../shell.ts';
import type { Command, Input, Shell } from '../shell.ts';
import { bad, cut, good, oneLine, quiet, strong, table } from '../text.ts';
import type { Line, Text } from '../text.ts';

/** Orders listed; a long journal has thousands. */
const ordersShownMax = 20;

export const replay: Command = async (shell, input) => {
  const path = await journalOf(shell, input);
  if (path === null) return exits.usage;
  const result = replayFile(path);
  if (shell.json) printJson(shell.out, { journal: path, ...result });
  else print(shell.out, screen(result, path, layoutColumns(shell.out)));
  return result.differences.length === 0 ? exits.finished : exits.failed;
};

/** The journal to replay; null after a refusal. */
async function journalOf(shell: Shell, input: Input): Promise<string | null> {
  const [named] = input.args;
  const project = named === undefined ? await projectFor(shell, input) : null;
  if (named === undefined && project === null) return null;
  const path =
    named === undefined ? (project === null ? '' : journalPath(project)) : resolve(shell.cwd, named);
  if (await isThere(path)) return path;
  const hint = named === undefined ? 'next-role run' : 'next-role replay <journal>';
  refuse(shell, `There is no journal "${path}"`, hint);
  return null;
}

function screen(result: Replay, path: string, columns: number): Text {
  const { records, orders, differences, foreign } = result;
  const shown = orders.slice(-ordersShownMax);
  const rows = shown.map((order) => [
    order.round,
    worker(order),
    String(order.visit),
    String(order.attempt),
    order.id,
  ]);
  const isSame = differences.length === 0;
  const head: Line = isSame
    ? [
        good('✓ '),
        strong(`${counted(records, 'record')}: every decision is the recorded one, and the chain is whole`),
      ]
    : [bad('✗ '), strong(`${counted(differences.length, 'difference')} in ${counted(records, 'record')}`)];
  return [
    head,
    [quiet(path)],
    ...(foreign > 0
      ? [`${counted(foreign, 'record')} of another version of the machine: counted, not replayed`]
      : []),
    ...(orders.length === 0
      ? []
      : ['', ...table(['ROUND', 'ORDER', 'SESSION', 'ATTEMPT', 'ID'], rows, { columns, flexible: 4 })]),
    ...(orders.length > shown.length ? [[quiet(`… and ${orders.length - shown.length} earlier`)]] : []),
    ...differences.flatMap((each): Text => [
      '',
      [bad(`record ${each.seq}`), ` ${each.event}: another ${each.what}`],
      `  recorded ${cut(oneLine(each.recorded), columns - 11)}`,
      `  replayed ${cut(oneLine(each.replayed), columns - 11)}`,
    ]),
  ];
}
