/**
 * Grades the router on labelled directives: how often it is right, where it asks for too little care or too much, and how
 * far its confidence is from what it achieves. Pure; runner/corpus.ts reads the files.
 */
import type { RouterRules, Routing } from '../protocol/routing.ts';
import { route } from './router.ts';

/** The tiers a label may name, from the least care to the most. */
export const gradedTiers = ['solo', 'audit', 'full', 'coordinator'] as const;
export type GradedTier = (typeof gradedTiers)[number];

export type LabelledCase = { readonly name: string; readonly label: GradedTier; readonly text: string };

type Miss = { readonly name: string; readonly label: string; readonly routing: Routing };

export type Grades = {
  readonly cases: number;
  readonly right: number;
  /** Label, then what was said: how often. */
  readonly matrix: Readonly<Record<GradedTier, Readonly<Record<string, number>>>>;
  readonly under: readonly Miss[];
  readonly over: readonly Miss[];
  /** Mean distance of confidence and share of right answers, over ten bins weighted by their cases. */
  readonly calibrationError: number;
};

const binCount = 10;

/**
 * Grades cases under the rules in force.
 *
 * @example grade([{ name: 'a', label: 'solo', text: 'Fix a typo in README.md' }], rules).under // []
 */
export function grade(cases: readonly LabelledCase[], rules: RouterRules): Grades {
  const graded = cases.map(({ name, label, text }) => {
    const routing = route({ directive: text, prd: '', tiers: gradedTiers }, rules);
    return { name, label, routing, distance: rank(routing.tier) - rank(label) };
  });
  const row = (label: GradedTier): Readonly<Record<string, number>> =>
    Object.fromEntries(
      gradedTiers.map((tier) => [
        tier,
        graded.filter((one) => one.label === label && one.routing.tier === tier).length,
      ]),
    );
  return {
    cases: graded.length,
    right: graded.filter(({ distance }) => distance === 0).length,
    matrix: { solo: row('solo'), audit: row('audit'), full: row('full'), coordinator: row('coordinator') },
    under: graded.filter(({ distance }) => distance < 0),
    over: graded.filter(({ distance }) => distance > 0),
    calibrationError: calibration(
      graded.map(({ routing, distance }) => ({ confidence: routing.confidence, isRight: distance === 0 })),
    ),
  };
}

type Guess = { readonly confidence: number; readonly isRight: boolean };

function calibration(guesses: readonly Guess[]): number {
  const bins = new Map<number, Guess[]>();
  for (const guess of guesses) {
    const bin = Math.min(binCount - 1, Math.floor(guess.confidence * binCount));
    bins.set(bin, [...(bins.get(bin) ?? []), guess]);
  }
  const error = [...bins.values()].reduce((sum, bin) => {
    const confidence = bin.reduce((total, guess) => total + guess.confidence, 0);
    return sum + Math.abs(confidence - bin.filter(({ isRight }) => isRight).length);
  }, 0);
  return guesses.length === 0 ? 0 : Math.round((error / guesses.length) * 1000) / 1000;
}

function rank(tier: string): number {
  return gradedTiers.findIndex((one) => one === tier);
}
