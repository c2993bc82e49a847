/** The screen of a comparison whose arms were worked several times, at the two widths people have most. */
import { describe, expect, it } from 'vitest';
import { compareScreen } from '../../src/cli/screens/compare.ts';
import { plainOf, width } from '../../src/cli/text.ts';
import { compare, type Arm } from '../../src/domain/compare.ts';
import type { Score } from '../../src/domain/score.ts';
import { readPrices } from '../../src/protocol/prices.ts';
import type { ReceiptInputs } from '../../src/protocol/receipt.ts';
import { textOf } from '../docs/page.ts';
import { multichat, receiptOfShape, sameInputs, workflow, type Shape } from '../rig/shapes.ts';

const sheet = readPrices([{ path: 'state/prices.yaml', text: textOf('state/prices.yaml') }]).sheet;
const single: Shape = { requests: 9, first: 22_000, growth: 2_000, output: 8_000 };

/** Three runs that differ: each makes one request more than the one before. */
function armOf(name: string, shape: Shape, more: Partial<ReceiptInputs>, acceptance: Score | null): Arm {
  const run = (extra: number) => ({
    receipt: receiptOfShape({ ...shape, requests: shape.requests + extra }, sheet, {
      ...sameInputs,
      ...more,
    }),
    acceptance,
  });
  return { name, runs: [run(0), run(1), run(2)] };
}

const whole = { passed: 47, total: 47 };
const armsOf = (spec: string): readonly Arm[] => [
  armOf('roles', multichat, {}, whole),
  armOf('single', single, { tier: 'solo', spec: 'none' }, { passed: 45, total: 47 }),
  armOf('workflow', workflow, { spec }, null),
];
const linesOf = (columns: number, spec = sameInputs.spec ?? ''): readonly string[] =>
  compareScreen(compare(armsOf(spec), { base: 'roles', tierIsTheArm: true }), columns).map(plainOf);

describe.each([80, 120])('at %i columns', (columns) => {
  it('fits, and cuts no title, figure or name', () => {
    const lines = linesOf(columns, 'd'.repeat(64));
    expect(lines.filter((line) => width(line) > columns)).toEqual([]);
    expect(lines.filter((line) => line.includes('…'))).toEqual([]);
  });

  it('shows medians with the ratios to the base, then min to max, and n', () => {
    const text = linesOf(columns).join('\n');
    expect(text).toMatch(/^ +roles +single +workflow +× single +× workflow$/m);
    expect(text).toMatch(/^requests +32 +40 +48 +1\.25× +1\.50×$/m);
    expect(text).toMatch(/^acceptance +100 % +96 % +\? +0\.96× +\?$/m);
    expect(text).toMatch(/^MIN TO MAX +roles +single +workflow$/m);
    expect(text).toMatch(/^requests +28–36 +36–44 +44–52$/m);
    expect(text).toMatch(/^time in sessions .*\nwall time /m);
    expect(text).toContain('n: roles 3, single 3, workflow 3 (medians; min to max below); ×: ratio to roles');
  });

  it('says where each ratio comes from, in factors that multiply to it', () => {
    const text = linesOf(columns).join(' ').replaceAll(/\s+/g, ' ');
    const found = [
      ...text.matchAll(/(\w+) \/ roles: ([\d.]+)× = ([\d.]+)× requests, ([\d.]+)× mean context, ([\d.]+)×/g),
    ];
    expect(found.map(([, name]) => name)).toEqual(['single', 'workflow']);
    for (const [, , ratio, ...factors] of found)
      expect(factors.reduce((product, factor) => product * Number(factor), 1)).toBeCloseTo(Number(ratio), 1);
  });

  it('says CONFOUNDED when the spec of one arm is another, and nothing of the kind when it is the same', () => {
    expect(linesOf(columns)[0]).toBe('✓ The arms had the same inputs');
    const [first = '', ...rest] = linesOf(columns, 'd'.repeat(64));
    expect(first).toMatch(/^CONFOUNDED/);
    const why = rest.join(' ').replaceAll(/\s+/g, ' ');
    expect(why).toContain(
      '- spec differs: roles bbbbbbbbbbbb, workflow dddddddddddd; --frozen-spec FILE gives',
    );
  });
});
