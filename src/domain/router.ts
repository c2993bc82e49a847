/**
 * The tier router: what a directive says about how much care its round needs. It counts signals of state/router.yaml and
 * goes through a fixed list of rules, the first that fits decides; doubt goes to the larger tier. Pure and deterministic: no
 * model is asked, and the answer holds the exact words that counted.
 */
import type { Alternative, RouterRuleName, RouterRules, Routing, Signal } from '../protocol/routing.ts';
import { patternIn } from './phrase.ts';
import { clausesOf, namedTierIn, type Clause, type NamedTier } from './routertext.ts';

/** What is routed: the directive, and what of the PRD it is about. */
export type Scope = {
  readonly directive: string;
  readonly prd: string;
  /** Tiers a field may name. */
  readonly tiers: readonly string[];
};

/** Words shown for one signal, and their length in UTF-16 units. */
const wordsMax = 3;
const wordCharsMax = 60;
/** Signals kept in a reading; a longer list explains nothing more. */
const signalsMax = 16;

/** Signals of the audit tier that no mechanical work has. */
const debts: ReadonlySet<string> = new Set(['S1-pattern', 'S4-follow-up', 'S5-debt']);

/** Groups that speak for a larger tier; in a negated clause they say nothing. */
const larger: ReadonlySet<string> = new Set(['coordinator', 'risk', 'A', 'behaviour']);

/**
 * Routes a scope.
 *
 * @example route({ directive: 'Fix the typo in README.md', prd: '', tiers }, rules).tier // 'solo'
 */
export function route(scope: Scope, rules: RouterRules): Routing {
  const signals = [
    ...signalsIn(clausesOf(scope.directive, rules), rules, 'directive'),
    ...signalsIn(clausesOf(scope.prd, rules), rules, 'prd'),
  ].filter((signal, at, all) => all.findIndex(({ id }) => id === signal.id) === at);
  const sums = sumsOf(signals, rules);
  const named = namedTierIn(scope.directive, scope.tiers);
  const isEmpty = scope.directive.trim() === '' && scope.prd.trim() === '';
  const verdict = decide(sums, { named, isEmpty }, rules);
  const high = sums.risk >= rules.thresholds.full && verdict.rule !== 'mechanical';
  return {
    ...verdict,
    score: rounded(sums.large - sums.small),
    confidence: confidenceOf(verdict.rule, sums, rules),
    because: becauseOf(verdict, signals, named),
    signals: strongest(signals),
    alternatives: alternativesTo(verdict, sums, rules),
    risk: high ? 'high' : 'low',
    work: sums.mechanical >= rules.thresholds.mechanical && sums.behaviour === 0 ? 'mechanical' : 'building',
  };
}

function signalsIn(clauses: readonly Clause[], rules: RouterRules, from: Signal['from']): readonly Signal[] {
  const all = clauses.map(({ text }) => text).join('\n');
  return rules.signals.flatMap(({ id, group, weight, phrases }) => {
    const pattern = patternIn(all, phrases);
    if (pattern === null) return [];
    const found = clauses.flatMap(({ text, negatedFrom }) =>
      [...text.matchAll(pattern)]
        .filter((match) => !larger.has(group) || match.index <= negatedFrom)
        .map(([words]) => words.replace(/\s+/g, ' ').slice(0, wordCharsMax)),
    );
    const words = [...new Set(found.map((one) => one.toLowerCase()))];
    return words.length === 0 ? [] : [{ id, group, weight, words: words.slice(0, wordsMax), from }];
  });
}

type Sums = {
  readonly coordinator: number;
  /** Of the risks and the criteria of the full tier, after relief. */
  readonly large: number;
  /** The same without relief. */
  readonly risk: number;
  readonly bounded: number;
  readonly mechanical: number;
  /** Mechanical work on words alone. */
  readonly words: number;
  readonly behaviour: number;
  /** Faults to be found and mended, and work that follows earlier work. */
  readonly debt: number;
  readonly small: number;
};

function sumsOf(signals: readonly Signal[], rules: RouterRules): Sums {
  const sum = (...groups: readonly string[]): number =>
    signals.filter(({ group }) => groups.includes(group)).reduce((total, { weight }) => total + weight, 0);
  const isWords = new Set(rules.signals.filter((rule) => rule.isWords).map(({ id }) => id));
  const bounded = sum('S');
  const relief = Math.min(rules.thresholds.relief, bounded / 2);
  return {
    coordinator: sum('coordinator'),
    large: Math.max(0, sum('risk', 'A') - relief),
    risk: sum('risk', 'A'),
    bounded,
    mechanical: sum('Z'),
    words: signals.filter(({ id }) => isWords.has(id)).reduce((total, { weight }) => total + weight, 0),
    behaviour: sum('behaviour'),
    debt: signals.filter(({ id }) => debts.has(id)).reduce((total, { weight }) => total + weight, 0),
    small: sum('S', 'Z'),
  };
}

type Verdict = { readonly tier: string; readonly rule: RouterRuleName };
type Known = { readonly named: NamedTier | null; readonly isEmpty: boolean };

/** First match wins. */
function decide(sums: Sums, { named, isEmpty }: Known, { thresholds }: RouterRules): Verdict {
  if (named !== null) return { tier: named.tier, rule: 'named' };
  if (isEmpty) return { tier: 'full', rule: 'empty' };
  if (sums.coordinator >= thresholds.coordinator) return { tier: 'coordinator', rule: 'coordinator' };
  const mechanical = sums.mechanical >= thresholds.mechanical && sums.behaviour === 0;
  // Words alone break little, so they outweigh as much risk as they weigh; a renamed or changed value outweighs none.
  const harmless = sums.large === 0 || (sums.words > 0 && sums.large < sums.mechanical);
  if (mechanical && harmless && sums.mechanical > sums.debt) return { tier: 'solo', rule: 'mechanical' };
  if (sums.large >= thresholds.full) return { tier: 'full', rule: 'risk' };
  // What speaks for a larger tier without reaching it has to be outweighed by what speaks for a bounded piece.
  if (sums.bounded + sums.mechanical - sums.large >= thresholds.bounded)
    return { tier: 'audit', rule: 'bounded' };
  return { tier: 'full', rule: 'doubt' };
}

/** The rule's own share of right answers, less where the sums stood close to another rule. */
function confidenceOf(rule: RouterRuleName, sums: Sums, rules: RouterRules): number {
  const base = rules.confidence[rule];
  const { full } = rules.thresholds;
  const close =
    rule === 'bounded' && sums.large >= full - 1 ? 0.15 : rule === 'risk' && sums.large < full + 1 ? 0.1 : 0;
  return rounded(Math.max(0, base - close));
}

function becauseOf(verdict: Verdict, signals: readonly Signal[], named: NamedTier | null): readonly string[] {
  const said = (...groups: readonly string[]): string =>
    strongest(signals.filter(({ group, weight }) => groups.includes(group) && weight > 0))
      .slice(0, 5)
      .map(({ id, words, from }) => `${id} "${words[0] ?? ''}"${from === 'prd' ? ' (PRD)' : ''}`)
      .join(', ');
  switch (verdict.rule) {
    case 'named':
      return [`the directive names it: ${named?.words ?? ''}`];
    case 'empty':
      return ['there is no directive and no PRD item to go by; doubt goes to the larger tier'];
    case 'coordinator':
      return [`the work is to be cut up first: ${said('coordinator')}`];
    case 'mechanical':
      return [`one session is enough, nothing changes its behaviour: ${said('Z')}`];
    case 'risk':
      return [`a mistake here is dear, or the design is not settled: ${said('risk', 'A')}`];
    case 'bounded': {
      const against = said('risk', 'A');
      return [
        `one bounded piece: ${said('S', 'Z')}`,
        ...(against === '' ? [] : [`not enough for full: ${against}`]),
      ];
    }
    case 'doubt':
      return [
        'nothing says that it is a bounded piece; doubt goes to the larger tier',
        ...unsure(said('risk', 'A')),
      ];
    default:
      return verdict.rule satisfies never;
  }
}

function unsure(words: string): readonly string[] {
  return words === '' ? [] : [`for the larger tier: ${words}`];
}

/** What would have to be different for the neighbouring tiers. */
function alternativesTo(verdict: Verdict, sums: Sums, { thresholds }: RouterRules): readonly Alternative[] {
  const more = rounded(Math.max(0, thresholds.full - sums.large));
  const ways: readonly Alternative[] = [
    {
      tier: 'solo',
      when: 'the directive is about words, a rename or one value, and names no behaviour and no risk',
    },
    {
      tier: 'audit',
      when:
        verdict.rule === 'risk'
          ? `the risk words are gone or negated (their weight is ${rounded(sums.large)}, full begins at ${thresholds.full})`
          : 'the directive says what it resembles, follows up or adds',
    },
    {
      tier: 'full',
      when:
        more > 0
          ? `risks or open questions of weight ${more} more were in it`
          : 'nothing said it is about words alone',
    },
    { tier: 'coordinator', when: 'it asks for a plan of tracks or waves' },
  ];
  const order = ['solo', 'audit', 'full', 'coordinator'];
  const at = order.indexOf(verdict.tier);
  return ways.filter(({ tier }) => tier !== verdict.tier && Math.abs(order.indexOf(tier) - at) <= 2);
}

function strongest(signals: readonly Signal[]): readonly Signal[] {
  return signals.toSorted((a, b) => b.weight - a.weight).slice(0, signalsMax);
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
