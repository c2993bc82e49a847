import { describe, expect, it } from 'vitest';
import { blockingOf, resultOf } from '../../../src/domain/gates/gate.ts';
import { findingsMax, severities, type Finding, type Severity } from '../../../src/protocol/finding.ts';
import { defaultPlan, mergePlan, type GateOptionsPatch } from '../../../src/protocol/gateplan.ts';

const gate = 'artifact-contract';
const finding = (severity: Severity, id = 'x'): Finding => ({
  id,
  gate,
  severity,
  file: null,
  line: null,
  text: 'wrong',
});
const optionsWith = (patch: GateOptionsPatch[typeof gate]) =>
  mergePlan(defaultPlan, { gates: { [gate]: patch } }).options[gate];

describe('resultOf()', () => {
  it.each([
    ['CRITICAL', {}, false],
    ['MAJOR', {}, false],
    ['MINOR', {}, true],
    ['OBS', {}, true],
    ['CRITICAL', { severity: 'MINOR' }, true],
    ['MAJOR', { blocks: 'CRITICAL' }, true],
    ['CRITICAL', { blocks: 'CRITICAL' }, false],
    ['OBS', { blocks: 'OBS' }, false],
  ] as const)('a %s finding under %j: pass %s', (severity, patch, pass) => {
    const result = resultOf(gate, optionsWith(patch), { findings: [finding(severity)] }, 3);
    expect(result).toMatchObject({ gate, pass, ms: 3, note: null });
    const plan = mergePlan(defaultPlan, { gates: { [gate]: patch } });
    expect(blockingOf([result], plan).length === 0).toBe(pass);
  });

  it('keeps the worst findings first and says how many it left out', () => {
    const many = Array.from({ length: 100 }, (_, n) => finding(severities[n % 4] ?? 'OBS', `f${n}`));
    const { findings } = resultOf(gate, optionsWith({}), { findings: many }, 1);
    expect(findings).toHaveLength(findingsMax);
    expect(findings[0]?.severity).toBe('CRITICAL');
    expect(findings.at(-1)?.text).toContain('61 more findings');
  });
});
