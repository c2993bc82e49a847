/** The counting of lessons: tables of what one round does to a ledger, and the bounds over five hundred of them. */
import { describe, expect, it } from 'vitest';
import { countRound, sighted, type GateSight } from '../../src/domain/memorial.ts';
import { reinforce, type SharedRule } from '../../src/domain/reinforce.ts';
import {
  emptyLedger,
  readLedger,
  readMemorial,
  writeLedger,
  type Rule,
  type RuleLedger,
} from '../../src/protocol/memorial.ts';
import type { MemorialPolicy } from '../../src/protocol/policy.ts';

const policy: MemorialPolicy = {
  injectMax: 12,
  injectBytesMax: 2_000,
  stableAfter: 10,
  retiredAfter: 20,
  promoteAfter: 3,
  gates: { 'anti-scope': 'anti-scope', grilling: 'pre-emit-grilling' },
};

const violation = (round: string, lesson: string, role = 'implementer'): string =>
  `VIOLATION | tdd-discipline | src/a.js:3 | ${round} | ${role} | ${lesson}`;

function after(
  ledger: RuleLedger,
  round: string,
  text: string,
  gates: readonly GateSight[] = [],
): RuleLedger {
  return countRound(ledger, round, { lines: readMemorial(text), gates }, policy);
}

function only(ledger: RuleLedger): Rule {
  const [rule] = ledger.rules;
  if (rule === undefined || ledger.rules.length !== 1) throw new Error('one rule was expected');
  return rule;
}

describe('countRound()', () => {
  it('makes a rule of a first violation, with its evidence', () => {
    const rule = only(after(emptyLedger, 'R01', violation('R01', 'write the failing test first')));
    expect(rule).toMatchObject({
      id: 'tdd-discipline-1',
      role: 'implementer',
      text: 'write the failing test first',
      violations: 1,
      status: 'active',
      since: 'R01',
      evidence: ['src/a.js:3'],
    });
  });

  it('counts the same lesson in other words for the same rule, and another lesson for a rule of its own', () => {
    const first = after(emptyLedger, 'R01', violation('R01', 'write the failing test first'));
    const second = after(first, 'R02', violation('R02', 'Write a failing test first'));
    expect(only(second)).toMatchObject({ violations: 2, last: 'R02' });
    const third = after(second, 'R03', violation('R03', 'assert on the error message too'));
    expect(third.rules.map((rule) => rule.id)).toEqual(['tdd-discipline-1', 'tdd-discipline-2']);
  });

  it('counts a round once, whoever asks twice', () => {
    const once = after(emptyLedger, 'R01', violation('R01', 'write the failing test first'));
    expect(after(once, 'R01', violation('R01', 'write the failing test first'))).toBe(once);
  });

  it('passes over lines of other rounds and observations', () => {
    const text = `${violation('R09', 'not of this round')}\nOBS | anti-scope | seen | R01 | reviewer\n`;
    expect(after(emptyLedger, 'R01', text).rules).toEqual([]);
  });

  it('counts what a gate found once, though the memorial tells of the same finding', () => {
    const finding = { id: 'anti-scope:src/b.js', text: '"src/b.js" is outside the allowed paths' };
    const gates = [{ gate: 'anti-scope', role: 'implementer', red: true, findings: [finding] }];
    const told =
      'VIOLATION | anti-scope | anti-scope:src/b.js touched | R01 | implementer | keep to the spec';
    expect(only(after(emptyLedger, 'R01', told, gates))).toMatchObject({
      violations: 1,
      discipline: 'anti-scope',
    });
  });

  it('takes no notice of a gate that speaks for no discipline', () => {
    const gates = [{ gate: 'artifact-contract', role: 'implementer', red: true, findings: [] }];
    expect(after(emptyLedger, 'R01', '', gates).rules).toEqual([]);
  });

  it('makes a rule stable, retires it, and reopens it on a violation', () => {
    const green: GateSight = { gate: 'anti-scope', role: 'implementer', red: false, findings: [] };
    const red: GateSight = { ...green, red: true, findings: [{ id: 'x', text: 'a path outside' }] };
    let ledger = after(emptyLedger, 'R00', '', [red]);
    const seen: string[] = [];
    for (let n = 1; n <= 20; n += 1) {
      ledger = after(ledger, `R${n}`, '', [green]);
      seen.push(only(ledger).status);
    }
    expect(seen.indexOf('stable')).toBe(9);
    expect(seen.indexOf('retired')).toBe(19);
    const reopened = only(after(ledger, 'R21', '', [red]));
    expect(reopened).toMatchObject({ status: 'active', violations: 2, streak: 0 });
  });
});

describe('reinforce()', () => {
  const request = { role: 'implementer', about: 'compare two versions and write the failing test' };

  it('tells a role its own open rules and those that fit, and no other role’s', () => {
    let ledger = after(emptyLedger, 'R01', violation('R01', 'write the failing test first'));
    ledger = after(ledger, 'R02', violation('R02', 'open every file you cite', 'reviewer'));
    expect(reinforce(ledger.rules, [], request, policy).map((each) => each.rule.id)).toEqual([
      'tdd-discipline-1',
    ]);
  });

  it('tells a stable rule only where its words fit the work, and a retired one never', () => {
    const rule = only(after(emptyLedger, 'R01', violation('R01', 'write the failing test first')));
    const stable: Rule = { ...rule, status: 'stable', confirmations: 12, streak: 12 };
    expect(reinforce([stable], [], request, policy)).toHaveLength(1);
    expect(reinforce([stable], [], { ...request, about: 'paint the logo' }, policy)).toHaveLength(0);
    expect(reinforce([{ ...rule, status: 'retired' }], [], request, policy)).toHaveLength(0);
  });

  it('takes over a rule that enough other projects have met, once', () => {
    const rule = only(after(emptyLedger, 'R01', violation('R01', 'quote the paths in every shell command')));
    const shared = (projects: number): readonly SharedRule[] => [{ rule, projects }];
    expect(reinforce([], shared(2), request, policy)).toHaveLength(0);
    expect(reinforce([], shared(3), request, policy)).toHaveLength(1);
    expect(reinforce([rule], shared(3), request, policy)).toHaveLength(1);
  });

  it('keeps both caps over 500 rounds, and every retired rule stays findable', () => {
    const lessons = [
      'write the failing test first',
      'name the units of every timeout',
      'close handles in finally',
    ];
    const bytesOf = (ledger: RuleLedger): number =>
      reinforce(ledger.rules, [], request, policy).reduce((sum, each) => sum + each.line.length + 1, 0);
    let ledger = emptyLedger;
    const ids = new Set<string>();
    for (let n = 1; n <= 500; n += 1) {
      const round = `R${String(n).padStart(3, '0')}`;
      const fresh =
        n % 7 === 0 ? `a lesson numbered ${'abcdefghij'[n % 10] ?? ''}${'x'.repeat(n % 40)} alone` : '';
      const text = [violation(round, lessons[n % 3] ?? ''), fresh === '' ? '' : violation(round, fresh)].join(
        '\n',
      );
      const green: GateSight = { gate: 'grilling', role: 'implementer', red: n === 1, findings: [] };
      ledger = after(ledger, round, text, [green]);
      for (const rule of ledger.rules) ids.add(rule.id);
      const told = reinforce(ledger.rules, [], request, policy);
      expect(told.length).toBeLessThanOrEqual(policy.injectMax);
      expect(bytesOf(ledger)).toBeLessThanOrEqual(policy.injectBytesMax);
    }
    expect(ledger.rules.filter((rule) => rule.status === 'retired').length).toBeGreaterThan(0);
    expect(new Set(ledger.rules.map((rule) => rule.id))).toEqual(ids);
    const again = readLedger(writeLedger(ledger));
    expect(again).toEqual({ ok: true, ledger });
  });
});

describe('sighted()', () => {
  const result = (pass: boolean) => ({
    gate: 'anti-scope',
    pass,
    ms: 1,
    note: null,
    findings: pass
      ? []
      : [{ id: 'x', gate: 'anti-scope', severity: 'MAJOR' as const, file: null, line: null, text: 'a\nb' }],
  });

  it('keeps red once it was red, whatever comes after, and counts a session judged twice once', () => {
    const red = sighted([], 'implementer', [result(false)]);
    expect(red).toEqual([
      { gate: 'anti-scope', role: 'implementer', red: true, findings: [{ id: 'x', text: 'a' }] },
    ]);
    expect(sighted(red, 'implementer', [result(false)])).toEqual(red);
    expect(sighted(red, 'implementer', [result(true)])).toEqual(red);
  });

  it('takes a gate that had nothing to check for no confirmation', () => {
    const idle = { ...result(true), note: 'no command: set gates.tests.command' };
    expect(sighted([], 'implementer', [idle])).toEqual([]);
    expect(sighted([], 'implementer', [{ ...result(true), note: 'output: x.txt' }])).toHaveLength(1);
  });

  it('keeps roles apart', () => {
    const one = sighted([], 'implementer', [result(false)]);
    expect(sighted(one, 'reviewer', [result(true)]).map((sight) => [sight.role, sight.red])).toEqual([
      ['implementer', true],
      ['reviewer', false],
    ]);
  });
});
