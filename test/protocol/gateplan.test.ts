import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readData } from '../../src/protocol/datafile.ts';
import { defaultPlan, gateNames, gatesAfter, gatesFile, mergePlan } from '../../src/protocol/gateplan.ts';

const shipped = readData(readFileSync('state/gates.yaml', 'utf8'), gatesFile);
if (!shipped.ok) throw new Error('state/gates.yaml cannot be read');

describe('state/gates.yaml', () => {
  it('says what holds without it, and names every gate', () => {
    expect(mergePlan({ tiers: {}, options: defaultPlan.options }, shipped.value)).toEqual(defaultPlan);
    expect(Object.keys(shipped.value.gates ?? {})).toEqual(gateNames);
    expect(shipped.value.gates).toEqual(defaultPlan.options);
  });
});

describe('gatesAfter()', () => {
  const order = { tier: 'full', role: 'architect' };
  it.each([
    [{}, ['artifact-contract', 'hidden-read', 'write-policy', 'grilling', 'citations']],
    [{ tiers: { full: [] } }, []],
    [{ tiers: { audit: [] } }, ['artifact-contract', 'hidden-read', 'write-policy', 'grilling', 'citations']],
    [
      { gates: { grilling: { off: true } } },
      ['artifact-contract', 'hidden-read', 'write-policy', 'citations'],
    ],
    [
      { gates: { grilling: { after: ['reviewer'] } } },
      ['artifact-contract', 'hidden-read', 'write-policy', 'citations'],
    ],
    [{ tiers: { full: ['tests'] }, gates: { tests: { after: ['architect'] } } }, ['tests']],
  ])('under %j runs %j', (patch, names) => {
    const read = readData(JSON.stringify(patch), gatesFile);
    expect(gatesAfter(mergePlan(defaultPlan, read.ok ? read.value : {}), order)).toEqual(names);
  });
});
