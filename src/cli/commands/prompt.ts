/**
 * `next-role prompt`: the brief a role would get now, to see where bytes go and what stays hidden. Starts nothing.
 */
import { look } from '../../runner/look.ts';
import { briefFor } from '../../runner/briefing.ts';
import { byteLength } from '../../protocol/bytes.ts';
import type { Brief, Order } from '../../protocol/session.ts';
import { nearest } from '../../protocol/nearest.ts';
import { layoutColumns, print, printJson } from '../output.ts';
import { worker } from '../pulse.ts';
import { bytes } from '../quantity.ts';
import { exits, projectFor, refuse } from '../shell.ts';
import type { Command } from '../shell.ts';
import { labelled, oneLine, quiet, strong, table, wrap } from '../text.ts';
import type { Line, Text } from '../text.ts';

/** Prose and code have three to four and a half bytes per token; four is an estimate and is marked as one. */
const bytesPerToken = 4;
/** Enough of a hash to compare by eye. */
const hashChars = 8;

export const prompt: Command = async (shell, input) => {
  const project = await projectFor(shell, input);
  if (project === null) return exits.usage;
  const { policy, state } = await look(project);
  const asked = (input.args[0] ?? '').toLowerCase();
  const made = await briefFor({ project, policy, state }, asked, shell.now());
  if (made === null) {
    const known = Object.keys(policy.roles);
    const guess = nearest(asked, known) ?? known[0] ?? 'implementer';
    return refuse(
      shell,
      `"${asked}" is no role of this project (${known.join(', ')})`,
      `next-role prompt ${guess}`,
    );
  }
  const { brief, order } = made;
  if (shell.json)
    printJson(shell.out, { order, manifest: brief.manifest, system: brief.system, prompt: brief.prompt });
  else if (input.has('full')) print(shell.out, brief.prompt.trimEnd().split('\n'));
  else print(shell.out, screen(order, brief, layoutColumns(shell.out)));
  return exits.finished;
};

function screen(order: Order, brief: Brief, columns: number): Text {
  const { manifest } = brief;
  const list = (label: string, words: readonly string[], none: string): Text =>
    labelled(label, words.length === 0 ? none : words.join(', '), columns, 10);
  const total = byteLength(brief.system) + byteLength(brief.prompt);
  const parts = manifest.parts.map((part) => [part.name, bytes(part.bytes), tokens(part.bytes)]);
  const offered = manifest.offered.map((file) => [
    file.path,
    file.as === 'text' ? 'in the prompt' : 'by path',
    bytes(file.bytes),
    tokens(file.bytes),
    file.sha256.slice(0, hashChars),
  ]);
  return [
    [strong(`${worker(order)}: round ${order.round}, tier ${order.tier}`)],
    ...order.because.flatMap((line) => wrap(oneLine(line), columns).map((each): Line => [quiet(each)])),
    '',
    ...table(['PART', 'BYTES', 'TOKENS'], [...parts, ['all', bytes(total), tokens(total)]], {
      columns,
      flexible: 0,
    }),
    '',
    ...(offered.length === 0
      ? [[quiet('No files are offered: none of those it may read is there yet')]]
      : table(['OFFERED', 'HOW', 'BYTES', 'TOKENS', 'SHA-256'], offered, {
          columns,
          flexible: 0,
        })),
    '',
    ...list('hidden', manifest.hidden, 'nothing'),
    ...list('writable', manifest.writable, 'nothing'),
    ...list('protected', manifest.protected, 'nothing else'),
    ...list('owed', manifest.owed, 'nothing'),
    ...list('tools', manifest.tools, "the agent's own"),
    '',
    [quiet('Word for word: '), `next-role prompt ${order.role} --full`],
  ];
}

function tokens(count: number): string {
  return `≈${Math.ceil(count / bytesPerToken)}`;
}
