/**
 * The end screen of a run: how it ended, what each role took and left, and the command to type next. Pure; what it
 * shows comes from the situation and the receipt.
 */
import { basename } from 'node:path';
import type { Situation } from '../../domain/situation.ts';
import { tokensOf } from '../../protocol/usage.ts';
import type { EndReceipt, RoleReceipt } from '../receipt.ts';
import { lacking, tokens, usdWords } from './cost.ts';
import { counted, duration } from '../quantity.ts';
import { bad, cut, forward, good, oneLine, quiet, strong, table, warn, width, wrap } from '../text.ts';
import type { Line, Span, Text } from '../text.ts';

export type EndOptions = {
  readonly columns: number;
  readonly command: (line: string) => string;
  /** How long this run took, in ms. */
  readonly ms: number;
};

/** Files named of one role; the rest is counted. */
const filesShownMax = 5;

/** The end of a run that came to rest or was stopped. */
export function endScreen(
  situation: Situation,
  receipt: EndReceipt | null,
  stopped: boolean,
  options: EndOptions,
): Text {
  const wasStopped = stopped && situation.rest === null;
  return [
    ...outcome(situation, wasStopped, options),
    ...(receipt === null || receipt.roles.length === 0 ? [] : ['', ...receiptLines(receipt, options)]),
    ...nextLines(wasStopped ? ['next-role run'] : situation.next, options),
  ];
}

function outcome(situation: Situation, wasStopped: boolean, options: EndOptions): Text {
  const [mark, words] = wasStopped
    ? [warn('■'), 'Stopped. What was done is kept']
    : [markOf(situation), situation.question === null ? situation.headline : `Waiting for your answer`];
  const took = `  ${duration(options.ms)}`;
  const lines = wrap(oneLine(words), options.columns - 2 - took.length);
  return lines.map((line, at): Line => {
    const text: Span[] = [at === 0 ? mark : ' ', ' '].map((piece) =>
      typeof piece === 'string' ? quiet(piece) : piece,
    );
    return [...text, strong(line), ...(at === lines.length - 1 ? [quiet(took)] : [])];
  });
}

function markOf(situation: Situation): Span {
  switch (situation.rest) {
    case 0:
      return good('✓');
    case 1:
      return bad('✗');
    case 2:
      return situation.question === null ? warn('⏸') : warn('?');
    case null:
      return quiet('·');
    default:
      return situation.rest satisfies never;
  }
}

/** The table of roles, and the one number that is always zero. */
function receiptLines({ receipt, roles }: EndReceipt, options: Pick<EndOptions, 'columns'>): Text {
  const hasModel = roles.some((role) => role.models.length > 0);
  const hasCost = roles.some((role) => role.usd !== 0);
  const cellsOf = (role: RoleReceipt, files: string): readonly (string | Span)[] => [
    role.role,
    String(role.sessions),
    duration(role.ms),
    ...(hasModel ? [role.models.join(', ')] : []),
    ...(hasCost ? [usdWords(role)] : []),
    quiet(files),
  ];
  const head = [
    'ROLE',
    'SESSIONS',
    'TIME',
    ...(hasModel ? ['MODEL'] : []),
    ...(hasCost ? ['COST'] : []),
    'FILES WRITTEN',
  ];
  // What the other columns leave over decides how many file names fit.
  const bare = roles.map((role) => cellsOf(role, ''));
  const taken = head.slice(0, -1).reduce((total, title, at) => {
    const cells = bare.map((row) => (typeof row[at] === 'string' ? row[at] : ''));
    return total + 2 + Math.max(width(title), ...cells.map(width));
  }, 0);
  const room = Math.max(16, options.columns - taken);
  const rows = roles.map((role) => cellsOf(role, filesWords(role.files, room)));
  const { totals } = receipt;
  const used =
    totals.usage === null || tokensOf(totals.usage) === 0 ? '' : `, ${tokens(tokensOf(totals.usage))} tokens`;
  const paid = hasCost ? `, ${usdWords(totals)}` : '';
  return [
    ...table(head, rows, { columns: options.columns, flexible: head.length - 1 }),
    [
      quiet(
        `${counted(totals.sessions, 'session')}, ${duration(totals.ms)} of agent time${used}${paid}. Orchestration tokens: 0`,
      ),
    ],
    ...(hasCost ? lacking(totals, options.columns) : []),
  ];
}

/**
 * As many names as fit, then how many more.
 *
 * @example filesWords(['a/spec.md', 'a/audit.md'], 20) // 'spec.md, audit.md'
 */
export function filesWords(files: readonly string[], room: number): string {
  if (files.length === 0) return '–';
  const names = files.map((file) => oneLine(basename(file)));
  for (let shown = Math.min(filesShownMax, names.length); shown >= 1; shown -= 1) {
    const more = names.length - shown;
    const words = `${names.slice(0, shown).join(', ')}${more > 0 ? ` +${more}` : ''}`;
    if (width(words) <= room || shown === 1) return cut(words, room, 'start');
  }
  return '–';
}

/** The commands that lead on; the usual one first. */
export function nextLines(
  next: readonly string[],
  { command, columns }: Pick<EndOptions, 'command' | 'columns'>,
): Text {
  return next
    .slice(0, 2)
    .flatMap((line, at) => forward(at === 0 ? 'Next: ' : '      ', command(line), columns));
}
