/**
 * Gates that run a command and judge by its end: the project's tests, and the acceptance check that the builder never
 * sees. Red carries the real output, head and tail, because a role can only mend what it is shown.
 */
import { findingId, type Finding } from '../../protocol/finding.ts';
import type { GateName } from '../../protocol/gateplan.ts';
import type { Gate } from './gate.ts';

/** How a command ended. */
export type CommandEnd = {
  /** What was run, as a person would type it; for a hidden check only what it is called. */
  readonly shown: string;
  readonly ms: number;
  readonly end:
    | { readonly type: 'exited'; readonly code: number }
    | { readonly type: 'signalled'; readonly signal: string }
    | { readonly type: 'timed-out' }
    | { readonly type: 'flooded' }
    | { readonly type: 'not-started'; readonly message: string };
  /** Both streams as they came: all of it, or its head and its tail. */
  readonly output: string;
};

export const testsGate: Gate<CommandEnd> = { name: 'tests', judge: (end) => judgeEnd('tests', end) };
export const acceptanceGate: Gate<CommandEnd> = {
  name: 'acceptance',
  judge: (end) => judgeEnd('acceptance', end),
};

function judgeEnd(gate: GateName, { shown, ms, end, output }: CommandEnd): readonly Finding[] {
  if (end.type === 'exited' && end.code === 0) return [];
  const what = `${shown} ${endWords(end)} after ${(ms / 1000).toFixed(1)} s`;
  const said = trimmed(output);
  const text = said === '' ? `${what}; it printed nothing` : `${what}. Its output:\n${said}`;
  return [{ id: findingId(gate, 'red'), gate, severity: 'CRITICAL', file: null, line: null, text }];
}

const missingCheckId = findingId('acceptance', 'no-check');

/** A check that must be there and is not: work cannot be held to it, and nobody who builds can bring it back. */
export function missingCheck(path: string, way: string): Finding {
  const text = `There is no check to run, so the work is held to nothing. ${way}`;
  return { id: missingCheckId, gate: 'acceptance', severity: 'CRITICAL', file: path, line: null, text };
}

/** Whether a finding is about a missing check, which is no role's to mend. */
export function isMissingCheck({ id }: Finding): boolean {
  return id === missingCheckId;
}

function endWords(end: CommandEnd['end']): string {
  switch (end.type) {
    case 'exited':
      return exitWords(end.code);
    case 'signalled':
      return `was ended by ${end.signal}`;
    case 'timed-out':
      return 'had not ended and was stopped';
    case 'flooded':
      return 'printed without end and was stopped';
    case 'not-started':
      return `could not be started (${end.message})`;
    default:
      return end satisfies never;
  }
}

/** Signals that end a test run; a shell tells of them as 128 and their number, which is the same on Linux and macOS. */
const signals: ReadonlyMap<number, string> = new Map([
  [1, 'SIGHUP'],
  [2, 'SIGINT'],
  [3, 'SIGQUIT'],
  [6, 'SIGABRT'],
  [9, 'SIGKILL'],
  [11, 'SIGSEGV'],
  [13, 'SIGPIPE'],
  [15, 'SIGTERM'],
]);

function exitWords(code: number): string {
  const signal = signals.get(code - 128);
  return signal === undefined ? `ended with exit code ${code}` : `was ended by ${signal} (exit code ${code})`;
}

const headLines = 15;
const tailLines = 60;
const charsMax = 4_000;

/**
 * Output as a role is given it: without colours and cursor moves, the first lines and the last ones, within a bound.
 *
 * @example trimmed('a\n'.repeat(500)) // 15 lines, '… 425 lines left out …', 60 lines
 */
export function trimmed(output: string): string {
  const lines = clean(output).split('\n');
  const few =
    lines.length <= headLines + tailLines + 1
      ? lines
      : [
          ...lines.slice(0, headLines),
          `… ${lines.length - headLines - tailLines} lines left out …`,
          ...lines.slice(-tailLines),
        ];
  const text = few.join('\n');
  if (text.length <= charsMax) return text;
  const head = Math.floor(charsMax / 4);
  const left = text.length - charsMax;
  return `${text.slice(0, head)}\n… ${left} characters left out …\n${text.slice(text.length - (charsMax - head))}`;
}

/** Terminal sequences (ECMA-48 CSI and OSC), carriage returns of progress bars, and other control characters. */
function clean(output: string): string {
  return output
    .replace(/\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?/g, '')
    .replace(/[\u001b\u009b]\[?[0-9;?]*[ -/]*[@-~]/g, '')
    .split(/\r?\n/)
    .map((line) =>
      (line.split('\r').at(-1) ?? '').replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '').trimEnd(),
    )
    .join('\n')
    .trim();
}
