/**
 * How the rules of several projects become rules for all: a project contributes what it has violated, and a rule that
 * enough projects have met is told in each. Pure; which project is which comes in as a name.
 */
import { emptyLedger, type Rule, type RuleLedger } from '../protocol/memorial.ts';
import { sharedProjectsMax, sharedRulesMax, type SharedRules } from '../protocol/sharedrules.ts';
import { isSame } from './memorial.ts';
import type { SharedRule } from './reinforce.ts';

/** The shared rules with one project's present ones in place of its earlier ones. */
export function contribute(shared: SharedRules, project: string, ledger: RuleLedger): SharedRules {
  const rules = ledger.rules
    .filter((rule) => rule.violations > 0)
    .sort((a, b) => b.violations - a.violations)
    .slice(0, sharedRulesMax)
    .map(({ discipline, role, text, violations }) => ({ discipline, role, text, violations }));
  const others = shared.projects.filter((each) => each.project !== project);
  const all = rules.length === 0 ? others : [...others, { project, rules }];
  return { version: 1, projects: all.slice(-sharedProjectsMax) };
}

/** The rules of the other projects, those that say the same joined, with how many projects have met each. */
export function sharedWith(shared: SharedRules, project: string): readonly SharedRule[] {
  const joined: { rule: Rule; projects: Set<string> }[] = [];
  for (const each of shared.projects.filter((other) => other.project !== project)) {
    for (const { discipline, role, text, violations } of each.rules) {
      const same = joined.find(
        ({ rule }) => rule.discipline === discipline && rule.role === role && isSame(rule.text, text),
      );
      if (same === undefined) {
        const rule = ruleOf(discipline, role, text, violations);
        joined.push({ rule, projects: new Set([each.project]) });
      } else {
        same.projects.add(each.project);
        same.rule = { ...same.rule, violations: same.rule.violations + violations };
      }
    }
  }
  return joined.map(({ rule, projects }) => ({ rule, projects: projects.size }));
}

function ruleOf(discipline: string, role: string, text: string, violations: number): Rule {
  return {
    id: `shared ${discipline}`,
    discipline,
    role,
    text,
    violations,
    confirmations: 0,
    streak: 0,
    status: 'active',
    since: '',
    last: '',
    evidence: [],
  };
}

/** The ledger without its retired rules, and what was taken out. Numbers given stay given. */
export function withoutRetired(ledger: RuleLedger): { kept: RuleLedger; retired: readonly Rule[] } {
  const retired = ledger.rules.filter((rule) => rule.status === 'retired');
  return { kept: { ...ledger, rules: ledger.rules.filter((rule) => rule.status !== 'retired') }, retired };
}

/** Adds pruned rules to those that were pruned before; the same id counts once, the newest stays. */
export function archived(archive: RuleLedger, retired: readonly Rule[]): RuleLedger {
  const ids = new Set(retired.map((rule) => rule.id));
  const earlier = archive.rules.filter((rule) => !ids.has(rule.id));
  return { ...emptyLedger, rules: [...earlier, ...retired] };
}
