/**
 * What a project has learned, counted: violations and confirmations become rules, rules become stable, retire and come
 * back. Pure: a ledger and what one round showed in, the next ledger out. A round is counted once, whoever asks twice.
 * It never drops a rule; a retired one stays findable.
 */
import type { GateResult } from '../protocol/finding.ts';
import type { MemorialLine, Rule, RuleLedger } from '../protocol/memorial.ts';
import type { MemorialPolicy } from '../protocol/policy.ts';

/** What the engine itself saw of one discipline in a round: a gate that was red, or green at once. */
export type GateSight = {
  readonly gate: string;
  readonly role: string;
  readonly red: boolean;
  /** Ids and words of what it found; empty when it was green. */
  readonly findings: readonly { readonly id: string; readonly text: string }[];
};

/** Findings of one gate that are kept for the memorial, and the longest text of one, in UTF-16 units. */
const sightFindingsMax = 3;
const sightCharsMax = 200;
/** Gates times roles that are kept of one round. */
const sightsMax = 100;

/**
 * What was seen of a round with one more session's gates: seen again it is the same sight, and once red stays red, so
 * that judging the same session twice counts nothing twice.
 */
export function sighted(
  sights: readonly GateSight[],
  role: string,
  results: readonly GateResult[],
): readonly GateSight[] {
  // A green gate with a note had nothing to check, unless the note says where its output is: that confirms nothing.
  const ran = results.filter(({ pass, note }) => !pass || note === null || note.startsWith('output: '));
  const isSeen = (sight: GateSight): boolean =>
    sight.role === role && ran.some(({ gate }) => gate === sight.gate);
  const seen = ran.map((result): GateSight => {
    const before = sights.find((sight) => sight.role === role && sight.gate === result.gate);
    if (before?.red === true) return before;
    const findings = result.pass
      ? []
      : result.findings
          .slice(0, sightFindingsMax)
          .map(({ id, text }) => ({ id, text: (text.split('\n')[0] ?? '').slice(0, sightCharsMax) }));
    return { gate: result.gate, role, red: !result.pass, findings };
  });
  return [...sights.filter((sight) => !isSeen(sight)), ...seen].slice(-sightsMax);
}

/** Rounds a ledger remembers as counted. */
export const countedRoundsMax = 400;
/** Evidence kept with a rule. */
export const evidenceMax = 3;
/** Share of words two lessons must have in common to be the same one. */
const sameShare = 0.5;

type Sight = {
  readonly violation: boolean;
  readonly discipline: string;
  readonly role: string;
  readonly evidence: string;
  /** What to do; null counts for every rule of the discipline and role. */
  readonly lesson: string | null;
};

/**
 * The ledger after a round. Lines of other rounds are passed over. A line whose evidence names a finding that a gate
 * has reported is the gate's own and is not counted again.
 */
export function countRound(
  ledger: RuleLedger,
  round: string,
  shown: { readonly lines: readonly MemorialLine[]; readonly gates: readonly GateSight[] },
  policy: MemorialPolicy,
): RuleLedger {
  if (ledger.counted.includes(round)) return ledger;
  const gateSights = shown.gates.flatMap((gate) => sightOf(gate, policy));
  const owned = shown.gates.flatMap((gate) => gate.findings.map((finding) => finding.id));
  const lineSights = shown.lines
    .filter((line) => line.round === round && line.kind !== 'OBS')
    .filter((line) => !owned.some((id) => line.evidence.includes(id)))
    .map((line): Sight => ({
      violation: line.kind === 'VIOLATION',
      discipline: line.discipline,
      role: line.role,
      evidence: line.evidence,
      lesson: line.lesson ?? (line.kind === 'VIOLATION' ? line.evidence : null),
    }));
  const counted = [...gateSights, ...lineSights].reduce(
    (next, sight) => (sight.violation ? violated(next, sight, round) : confirmed(next, sight, round)),
    ledger,
  );
  return {
    ...counted,
    counted: [...ledger.counted, round].slice(-countedRoundsMax),
    rules: counted.rules.map((rule) => ({ ...rule, status: statusOf(rule, policy) })),
  };
}

function sightOf(gate: GateSight, policy: MemorialPolicy): readonly Sight[] {
  const discipline = policy.gates[gate.gate];
  if (discipline === undefined) return [];
  if (!gate.red) {
    return [
      { violation: false, discipline, role: gate.role, evidence: `gate ${gate.gate} green`, lesson: null },
    ];
  }
  const [first] = gate.findings;
  const words = first?.text ?? `the gate ${gate.gate} was red`;
  const evidence = first === undefined ? `gate ${gate.gate}` : first.id;
  return [{ violation: true, discipline, role: gate.role, evidence, lesson: `${gate.gate}: ${words}` }];
}

/** A violation counts for the rule that says the same, reopens it, or makes a new one. */
function violated(ledger: RuleLedger, sight: Sight, round: string): RuleLedger {
  const lesson = sight.lesson ?? sight.evidence;
  const same = ledger.rules.find((rule) => isOf(rule, sight) && isSame(rule.text, lesson));
  if (same !== undefined) {
    return withRule(ledger, {
      ...same,
      violations: same.violations + 1,
      streak: 0,
      last: round,
      evidence: [...same.evidence, sight.evidence].slice(-evidenceMax),
    });
  }
  const number = (ledger.given[sight.discipline] ?? 0) + 1;
  const rule: Rule = {
    id: `${sight.discipline}-${number}`,
    discipline: sight.discipline,
    role: sight.role,
    text: lesson,
    violations: 1,
    confirmations: 0,
    streak: 0,
    status: 'active',
    since: round,
    last: round,
    evidence: [sight.evidence],
  };
  return {
    ...ledger,
    given: { ...ledger.given, [sight.discipline]: number },
    rules: [...ledger.rules, rule],
  };
}

/** A confirmation counts for the rule it names; one that names none, for all of its discipline and role that are not retired. */
function confirmed(ledger: RuleLedger, sight: Sight, round: string): RuleLedger {
  const lesson = sight.lesson;
  const named =
    lesson === null ? [] : ledger.rules.filter((rule) => isOf(rule, sight) && isSame(rule.text, lesson));
  const all = ledger.rules.filter((rule) => isOf(rule, sight) && rule.status !== 'retired');
  return (lesson === null ? all : named).reduce(
    (next, rule) =>
      withRule(next, {
        ...rule,
        confirmations: rule.confirmations + 1,
        streak: rule.streak + 1,
        last: round,
      }),
    ledger,
  );
}

function statusOf(rule: Rule, policy: MemorialPolicy): Rule['status'] {
  if (rule.streak >= policy.retiredAfter) return 'retired';
  return rule.streak >= policy.stableAfter ? 'stable' : 'active';
}

function isOf(rule: Rule, sight: Sight): boolean {
  return rule.discipline === sight.discipline && rule.role === sight.role;
}

function withRule(ledger: RuleLedger, rule: Rule): RuleLedger {
  return { ...ledger, rules: ledger.rules.map((each) => (each.id === rule.id ? rule : each)) };
}

/** Whether two lessons say the same: the share of the larger one's words that the other has too. */
export function isSame(one: string, other: string): boolean {
  const a = wordsOf(one);
  const b = wordsOf(other);
  const fewer = Math.min(a.size, b.size);
  if (fewer === 0) return one.trim() === other.trim();
  return [...a].filter((word) => b.has(word)).length / Math.max(a.size, b.size) >= sameShare;
}

/** Words that stand in every lesson and fit every work. */
const commonWords = new Set(
  'also been before does each every from have into must only over should than that their them then there this what when where which with your'.split(
    ' ',
  ),
);

/**
 * The words of a text that tell what it is about: lower case, four letters at least, none of the common ones.
 *
 * @example [...wordsOf('Write the failing test with care')] // ['write', 'failing', 'test', 'care']
 */
export function wordsOf(text: string): ReadonlySet<string> {
  const words = text.toLowerCase().match(/[\p{L}_][\p{L}\p{N}_-]{3,}/gu) ?? [];
  return new Set(words.filter((word) => !commonWords.has(word)));
}
