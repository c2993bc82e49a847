/**
 * What the tier router says about a round: the tier, and every word that led to it. The reading is journalled with the
 * handoff it was made from, so a replay decides by the words that were there then. Types only; domain/router.ts decides.
 */

/** How much may go wrong: `high` when a risk or a criterion of the full tier fired, else `low`. */
export type Risk = 'high' | 'low';
/** `mechanical`: no behaviour changes (renames, words, values); `building` is everything else. */
export type Work = 'mechanical' | 'building';

/** One signal of state/router.yaml that fired. */
export type Signal = {
  readonly id: string;
  readonly group: SignalGroup;
  readonly weight: number;
  /** The exact words that fired it, as they stand in the text; at most a few. */
  readonly words: readonly string[];
  readonly from: 'directive' | 'prd' | 'field';
};

/** A tier that was not chosen, and what would have to change for it. */
export type Alternative = { readonly tier: string; readonly when: string };

export type Routing = {
  readonly tier: string;
  /** From 0 to 1: how often this rule is right on a labelled corpus, less what stood against it. */
  readonly confidence: number;
  /** Weight of what speaks for a larger tier, less what speaks for a smaller one. */
  readonly score: number;
  /** The rule that decided. */
  readonly rule: RouterRuleName;
  readonly because: readonly string[];
  readonly signals: readonly Signal[];
  readonly alternatives: readonly Alternative[];
  readonly risk: Risk;
  readonly work: Work;
};

/** What a group of signals means to the rules; see state/router.yaml. */
export const signalGroups = ['coordinator', 'risk', 'A', 'S', 'Z', 'behaviour', 'marker'] as const;
export type SignalGroup = (typeof signalGroups)[number];

export type SignalRule = {
  readonly id: string;
  readonly group: SignalGroup;
  readonly weight: number;
  /** Of a Z: whether it is about words alone, in which no risk can be. */
  readonly isWords: boolean;
  readonly phrases: readonly string[];
};

/** state/router.yaml as one value. */
export type RouterRules = {
  readonly ignore: readonly string[];
  readonly negations: readonly string[];
  /** Words in which a negation negates nothing. */
  readonly affirmed: readonly string[];
  readonly unchanged: readonly string[];
  readonly thresholds: {
    readonly full: number;
    readonly coordinator: number;
    readonly mechanical: number;
    readonly bounded: number;
    readonly relief: number;
  };
  readonly confidence: Readonly<Record<RouterRuleName, number>>;
  readonly signals: readonly SignalRule[];
};

export const routerRuleNames = [
  'named',
  'coordinator',
  'risk',
  'mechanical',
  'bounded',
  'doubt',
  'empty',
] as const;
export type RouterRuleName = (typeof routerRuleNames)[number];
