/**
 * How the end of a run is told: the exit code that scripts rely on, and the screen for a person. Shared by run, watch
 * and demo; it looks into the journal for the receipt and changes nothing.
 */
import { deadlineOf } from '../domain/effects.ts';
import { JournalDamaged } from '../protocol/journal.ts';
import type { Project } from '../protocol/project.ts';
import { readLedgers } from '../runner/ledger.ts';
import { look } from '../runner/look.ts';
import type { Known, RunEnd } from '../runner/run.ts';
import { layoutColumns } from './output.ts';
import { endReceiptOf } from './receipt.ts';
import type { EndReceipt } from './receipt.ts';
import { endScreen } from './screens/end.ts';
import { questionScreen } from './screens/question.ts';
import { commandFor, exits } from './shell.ts';
import type { Shell } from './shell.ts';
import { bad, note, strong, warn, wrap } from './text.ts';
import type { Line, Text } from './text.ts';

/**
 * The exit code of a run.
 *
 * @example exitOf({ type: 'taken', message: 'held by process 4711' }) // 75
 */
export function exitOf(end: RunEnd): number {
  switch (end.type) {
    case 'rest':
      return end.situation.rest ?? exits.finished;
    case 'stopped':
      return exits.interrupted;
    case 'taken':
      return exits.taken;
    case 'misconfigured':
      return exits.waiting;
    case 'unusable':
      return exits.failed;
    default:
      return end satisfies never;
  }
}

export type EndingOptions = {
  /** When the run began, epoch ms. */
  readonly startedAt: number;
  /** Name of the project where several end together; then a question, shown when it opened, is not shown again. */
  readonly name: string | null;
};

/** The screen for the end of a run. */
export async function endText(
  shell: Shell,
  project: Project,
  end: RunEnd,
  options: EndingOptions,
): Promise<Text> {
  const screen = await bodyOf(shell, project, end, options);
  return ['', ...(options.name === null ? [] : [[strong(options.name)]]), ...screen];
}

async function bodyOf(shell: Shell, project: Project, end: RunEnd, options: EndingOptions): Promise<Text> {
  const columns = layoutColumns(shell.out);
  const command = (line: string): string => commandFor(shell, project, line);
  switch (end.type) {
    case 'rest':
    case 'stopped': {
      const { situation } = end;
      const seen = end.known ?? (await lookedFor(project));
      const { policy, context } = seen;
      const { receipt, damage } = await summed(project, seen, situation.round);
      const ms = shell.now() - options.startedAt;
      const ended = endScreen(situation, receipt, end.type === 'stopped', { columns, command, ms });
      const screen = damage === null ? ended : [...wrap(damage, columns).map(warned), '', ...ended];
      if (situation.question === null || options.name !== null) return screen;
      const defaultAt = deadlineOf(policy, context);
      const asking = { columns, command, now: shell.now(), handoff: project.handoffName, defaultAt };
      return [...questionScreen(situation.question, asking), '', ...screen];
    }
    case 'taken':
      return refusal('Another runner holds this project', end.message, command('next-role why'), columns);
    case 'misconfigured':
      return refusal(
        'Nothing was started: the settings have errors, or an agent is missing',
        '',
        command('next-role doctor'),
        columns,
      );
    case 'unusable':
      return refusal('This project cannot be run', end.message, command('next-role doctor'), columns);
    default:
      return end satisfies never;
  }
}

/** Where a run was ended by others than itself. */
async function lookedFor(project: Project): Promise<Known> {
  const { policy, prices, state } = await look(project);
  const ledger = (round: string) => readLedgers(project).find((each) => each.round === round) ?? null;
  return { policy, prices, context: state.context, ledger };
}

type Summed = { readonly receipt: EndReceipt | null; readonly damage: string | null };

/** A round stands as it ended, whatever became of an old line of the journal; that is told beside it. */
async function summed(project: Project, seen: Known, round: string | null): Promise<Summed> {
  if (round === null) return { receipt: null, damage: null };
  try {
    return { receipt: await endReceiptOf(project, seen, round), damage: null };
  } catch (error) {
    if (!(error instanceof JournalDamaged)) throw error;
    return { receipt: null, damage: error.message };
  }
}

const warned = (line: string): Line => [warn(line)];

function refusal(what: string, why: string, next: string, columns: number): Text {
  const words = why === '' ? [] : wrap(why, columns - 2).map((line): Line => `  ${line}`);
  return [[bad('✗ '), strong(what)], ...words, ['Next: ', note(next)]];
}
