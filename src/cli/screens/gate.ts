/**
 * The screen of `gate`: one line per gate, the findings of the red ones below, evidence indented. Pure.
 */
import { headline, type Finding, type GateResult, type Severity } from '../../protocol/finding.ts';
import type { GateReport } from '../../runner/gateondemand.ts';
import { counted, duration } from '../quantity.ts';
import { bad, clean, cut, good, note, oneLine, quiet, strong, warn, wrap } from '../text.ts';
import type { Line, Span, Text } from '../text.ts';

/** Lines of evidence shown below one finding; `--json` has the rest. */
const evidenceLinesMax = 20;

/** The whole screen. */
export function gateScreen(report: Extract<GateReport, { type: 'ran' }>, columns: number): Text {
  const { root, round, since, gates, pass } = report;
  const names = Math.max(...gates.map(({ gate }) => gate.length), 0) + 2;
  const red = gates.filter((gate) => !gate.pass).length;
  const idle = gates.filter(isIdle).length;
  const notRun = idle === 0 ? '' : `, ${idle} not run`;
  const what = round === null ? '' : `, round ${oneLine(round)}`;
  return [
    [strong(oneLine(root)), quiet(`${what}, compared with ${oneLine(since)}`)],
    '',
    ...gates.flatMap((gate) => gateLines(gate, names, columns)),
    '',
    pass
      ? [idle === gates.length ? quiet('– ') : good('✓ '), `${gates.length - idle} passed${notRun}`]
      : [bad('✗ '), `${red} of ${counted(gates.length, 'gate')} ${red === 1 ? 'is' : 'are'} red${notRun}`],
  ];
}

/** A gate that had nothing to check says so with its note; it is neither green nor red. */
function isIdle({ pass, findings, note: why }: GateResult): boolean {
  return pass && findings.length === 0 && why !== null && !why.startsWith('output:');
}

function gateLines(gate: GateResult, names: number, columns: number): Text {
  const label = gate.gate.padEnd(names);
  const words = [gate.ms < 100 ? '' : duration(gate.ms), gate.note ?? '']
    .filter((word) => word !== '')
    .join(', ');
  const wrapped = wrap(oneLine(words), columns - names - 2);
  return [
    ...wrapped.map((line, at): Line => [
      at === 0 ? markOf(gate) : ' ',
      ' ',
      at === 0 ? label : ''.padEnd(names),
      quiet(line),
    ]),
    ...gate.findings.flatMap((finding) => findingLines(finding, columns)),
  ];
}

function markOf(gate: GateResult): Span {
  if (!gate.pass) return bad('✗');
  return isIdle(gate) ? quiet('–') : good('✓');
}

function findingLines(finding: Finding, columns: number): Text {
  const { file, line, severity, text } = finding;
  const place = file === null ? '' : `${file}${line === null ? '' : `:${line}`}  `;
  const [first = '', ...rest] = wrap(oneLine(`${place}${headline(finding)}`), columns - 14);
  const evidence = text.split('\n').slice(1);
  const shown = evidence.slice(-evidenceLinesMax);
  const more = evidence.length - shown.length;
  return [
    ['    ', toned(severity), first],
    ...rest.map((each) => `              ${each}`),
    ...(more > 0 ? [[quiet(`      … ${counted(more, 'line')} before`)]] : []),
    ...shown.map((each): Line => [quiet(`      ${cut(clean(each), columns - 6)}`)]),
  ];
}

function toned(severity: Severity): Span {
  const word = severity.padEnd(10);
  switch (severity) {
    case 'CRITICAL':
    case 'MAJOR':
      return bad(word);
    case 'MINOR':
      return warn(word);
    case 'OBS':
      return note(word);
    default:
      return severity satisfies never;
  }
}
