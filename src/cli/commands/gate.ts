/**
 * `next-role gate`: the engine's own checks on what stands here now, also in a plain git repository without a project and
 * without an agent. Changes nothing.
 */
import { resolve } from 'node:path';
import { isError } from '../../protocol/diagnostic.ts';
import type { GateResult } from '../../protocol/finding.ts';
import { gateNames, isGateName, type GateName } from '../../protocol/gateplan.ts';
import { gateOnDemand } from '../../runner/gateondemand.ts';
import { nearest } from '../../protocol/nearest.ts';
import { layoutColumns, print, printJson } from '../output.ts';
import { problemLines } from '../render.ts';
import { gateScreen } from '../screens/gate.ts';
import { exits, refuse } from '../shell.ts';
import type { Command, Input, Shell } from '../shell.ts';

export const gate: Command = async (shell, input) => {
  const only = namesOf(shell, input);
  if (only === null) return exits.usage;
  const spec = input.text('spec');
  const report = await gateOnDemand({
    folder: resolve(shell.cwd, input.text('dir') ?? '.'),
    round: input.args[0] ?? null,
    only,
    since: input.text('since'),
    spec: spec === null ? null : resolve(shell.cwd, spec),
    tests: input.text('tests'),
  });
  if (report.type === 'refused') return refuse(shell, report.message, report.hint);
  const columns = layoutColumns(shell.out);
  const broken = report.problems.filter(({ diagnostics }) => diagnostics.some(isError));
  if (shell.json) printJson(shell.out, { gates: report.gates.map(asJson), pass: report.pass });
  else print(shell.out, gateScreen(report, columns));
  for (const { file, diagnostics } of broken) print(shell.err, problemLines(file, diagnostics, columns));
  return report.pass && broken.length === 0 ? exits.finished : exits.failed;
};

function asJson({ gate: name, pass, ms, note, findings }: GateResult) {
  return {
    gate: name,
    pass,
    ms,
    note,
    findings: findings.map(({ id, severity, file, line, text }) => ({ id, severity, file, line, text })),
  };
}

function namesOf(shell: Shell, input: Input): readonly GateName[] | null {
  const named = (input.text('only') ?? '')
    .split(',')
    .flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
  const wrong = named.find((name) => !isGateName(name));
  if (wrong === undefined) return named.filter(isGateName);
  const near = nearest(wrong, gateNames);
  const meant = near === null ? '' : `Did you mean "${near}"? `;
  refuse(shell, `"${wrong}" is no gate`, `${meant}Gates: ${gateNames.join(', ')}`);
  return null;
}
