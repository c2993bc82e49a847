/**
 * The shape of every gate: a name and a pure function from facts to findings. Facts are gathered by hands
 * (runner/gates.ts); a gate never reads, starts or waits for anything. What its findings weigh is decided here, by the
 * options of the plan.
 */
import {
  findingCharsMax,
  findingsMax,
  isAtLeast,
  milder,
  severities,
  type Finding,
  type GateResult,
} from '../../protocol/finding.ts';
import { isGateName, type GateCommon, type GateName, type GatePlan } from '../../protocol/gateplan.ts';

export type Gate<Facts> = {
  readonly name: GateName;
  judge(facts: Facts): readonly Finding[];
};

/** What a gate came to before it is weighed. */
export type Judged = {
  readonly findings: readonly Finding[];
  /** Why it had nothing to check, or where it kept what it saw. */
  readonly note?: string | null;
};

/** Weighs what a gate found: no finding counts for more than the options say, and one that still blocks makes it red. */
export function resultOf(name: GateName, options: GateCommon, judged: Judged, ms: number): GateResult {
  const weighed = judged.findings
    .map((finding) => ({
      ...finding,
      severity: milder(finding.severity, options.severity),
      text: finding.text.slice(0, findingCharsMax),
    }))
    .sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
  const pass = !weighed.some(({ severity }) => isAtLeast(severity, options.blocks));
  return { gate: name, pass, ms, findings: bounded(name, weighed), note: judged.note ?? null };
}

/** The worst ones are kept; how many were left out is a finding of its own. */
function bounded(name: GateName, findings: readonly Finding[]): readonly Finding[] {
  if (findings.length <= findingsMax) return findings;
  const kept = findings.slice(0, findingsMax - 1);
  const text = `${findings.length - kept.length} more findings of this gate are left out here`;
  return [...kept, { id: `${name}:more`, gate: name, severity: 'OBS', file: null, line: null, text }];
}

/** The findings that block, over all gates. */
export function blockingOf(gates: readonly GateResult[], plan: GatePlan): readonly Finding[] {
  return gates.flatMap(({ gate, findings }) => {
    const floor = isGateName(gate) ? plan.options[gate].blocks : 'MAJOR';
    return findings.filter(({ severity }) => isAtLeast(severity, floor));
  });
}
