/**
 * The screen of `why`: what a project waits for, since when, until when, the last sign of life, what is left of the
 * caps, the open question, and the exact next command. Pure; everything it shows is handed in.
 */
import { deadlineOf } from '../../domain/effects.ts';
import { findingLine } from '../../protocol/finding.ts';
import type { Policy } from '../../protocol/policy.ts';
import type { Look } from '../../runner/look.ts';
import type { Life } from '../life.ts';
import { bytes, counted, moment } from '../quantity.ts';
import { worker } from '../pulse.ts';
import { problemLines } from '../render.ts';
import { bad, forward, good, labelled, note, oneLine, quiet, strong, warn, wrap } from '../text.ts';
import type { Line, Span, Text } from '../text.ts';
import { questionScreen } from './question.ts';

export type WhyOptions = {
  readonly columns: number;
  readonly now: number;
  readonly command: (line: string) => string;
};

/** More are told by `--json`. */
const findingsShownMax = 5;

/** What may still be started before a human is asked. */
export type Left = {
  readonly sessions: number;
  readonly role: { readonly role: string; readonly sessions: number } | null;
  readonly attempts: number | null;
};

/** The screen. */
export function whyScreen(look: Look, life: Life | null, options: WhyOptions): Text {
  const { situation } = look;
  const row = (label: string, words: string): Text => labelled(label, words, options.columns, 14);
  const { order } = situation;
  return [
    ...wrap(oneLine(situation.headline), options.columns - 2).map((line, at): Line => [
      at === 0 ? markOf(look) : ' ',
      ' ',
      strong(line),
    ]),
    '',
    ...row('waits for', waitsFor(look)),
    ...(situation.since === 0 ? [] : row('since', moment(situation.since, options.now))),
    ...(situation.until === null
      ? []
      : row('until', `${moment(situation.until, options.now)} at the latest`)),
    ...(situation.round === null ? [] : row('round', `${situation.round}, tier ${situation.tier ?? '?'}`)),
    ...(order === null
      ? []
      : row('session', `${worker(order)}, session ${order.visit}, attempt ${order.attempt}`)),
    ...(order === null ? [] : row('because', order.because.join('; '))),
    ...(life === null ? [] : row('life', lifeWords(life, options.now))),
    ...row('runner', runnerWords(look, options.now)),
    ...(situation.round === null ? [] : row('left', leftWords(leftOf(look)))),
    ...(look.edited
      ? row('edited', 'The handoff was changed by hand since the last record; this is what it leads to')
      : []),
    ...situation.findings
      .slice(0, findingsShownMax)
      .flatMap((finding, at) =>
        row(at === 0 ? 'found' : '', oneLine(`${finding.severity} ${findingLine(finding)} [${finding.id}]`)),
      ),
    ...questionLines(look, options),
    ...problems(look, options.columns),
    '',
    ...nextOf(look).flatMap((line, at) =>
      forward(quiet((at === 0 ? 'next' : '').padEnd(14)), options.command(line), options.columns),
    ),
  ];
}

function markOf({ situation, runner }: Look): Span {
  if (situation.rest === 0) return good('✓');
  if (situation.rest === 1) return bad('✗');
  if (situation.rest === 2) return warn(situation.question === null ? '⏸' : '?');
  return runner === null ? warn('!') : note('▶');
}

/**
 * Who must move, in words. A session or a clock without a runner waits for somebody to start one.
 *
 * @example waitsFor(look) // 'you'
 */
export function waitsFor({ situation, runner }: Pick<Look, 'situation' | 'runner'>): string {
  switch (situation.waitsFor) {
    case 'human':
      return 'you';
    case 'nobody':
      return 'nobody';
    case 'session':
      return runner === null ? 'its session, but no runner is there to take up the result' : 'its session';
    case 'clock':
      return runner === null ? 'a pause to pass, but no runner is there to go on' : 'a pause to pass';
    case 'runner':
      return runner === null ? 'a runner; none is running' : 'the runner, which is at it';
    default:
      return situation.waitsFor satisfies never;
  }
}

function lifeWords(life: Life, now: number): string {
  const { pid, alive, exit, bytes: size, lastAt } = life;
  const process =
    pid === null
      ? 'not started yet'
      : `process ${pid} ${alive ? 'is alive' : exit === null ? 'is gone' : 'has ended'}`;
  const output = lastAt === null ? 'no output' : `${bytes(size)} of output, last ${moment(lastAt, now)}`;
  return `${process}; ${output}`;
}

function runnerWords({ runner }: Look, now: number): string {
  if (runner === null) return 'none';
  const since = Date.parse(runner.since);
  const when = Number.isNaN(since) ? '' : `, since ${moment(since, now)}`;
  return `process ${runner.pid} on ${runner.host}${when}`;
}

/** What is left of the caps. */
export function leftOf({ policy, state, situation }: Pick<Look, 'policy' | 'state' | 'situation'>): Left {
  const { round } = state.context;
  const { caps }: Policy = policy;
  if (round === null) return { sessions: caps.perRound, role: null, attempts: null };
  const { role, order } = situation;
  const atLeast0 = (n: number): number => Math.max(0, n);
  return {
    sessions: atLeast0(Math.max(caps.perRound, round.granted.sessions) - round.sessions),
    role:
      role === null
        ? null
        : {
            role,
            sessions: atLeast0((round.granted.visits[role] ?? caps.perRole) - (round.visits[role] ?? 0)),
          },
    attempts: order === null ? null : atLeast0(caps.perDispatch - (round.attempts[order.dispatchId] ?? 0)),
  };
}

function leftWords(left: Left): string {
  return [
    `${counted(left.sessions, 'session')} in this round`,
    ...(left.role === null ? [] : [`${left.role.sessions} of ${left.role.role}`]),
    ...(left.attempts === null ? [] : [`${counted(left.attempts, 'attempt')} on these inputs`]),
  ].join(', ');
}

function questionLines(look: Look, options: WhyOptions): Text {
  const { question } = look.situation;
  if (question === null) return [];
  const defaultAt = deadlineOf(look.policy, look.state.context);
  return ['', ...questionScreen(question, { ...options, handoff: look.project.handoffName, defaultAt })];
}

function problems(look: Look, columns: number): Text {
  const own = [...look.situation.problems, ...look.remarks];
  const files = [
    ...(own.length === 0 ? [] : [{ file: look.project.handoffName, diagnostics: own }]),
    ...look.problems,
  ];
  return files.flatMap(({ file, diagnostics }) => ['', ...problemLines(file, diagnostics, columns)]);
}

/** A situation that goes on by itself does so only where a runner is there. */
export function nextOf({ situation, runner }: Pick<Look, 'situation' | 'runner'>): readonly string[] {
  // Who reads this has typed `why` just now.
  if (situation.rest !== null) return situation.next.filter((line) => line !== 'next-role why');
  const meanwhile = situation.next.filter((line) => line === 'next-role retry');
  return [runner === null ? 'next-role run' : 'nothing: it goes on by itself', ...meanwhile];
}
