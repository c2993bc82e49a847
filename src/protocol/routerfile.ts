/**
 * The schema of state/router.yaml, and how a project's file is laid over the shipped one: signals by id, every other key as
 * a whole or value by value. Pure data in, pure data out; domain/router.ts applies it.
 */
import { z } from 'zod';
import { closed } from './dataissue.ts';
import { signalGroups, type RouterRules } from './routing.ts';

const phrase = z
  .string()
  .regex(/[\p{L}\p{N}]/u, 'Write a word or a phrase.')
  .max(80);
const phrases = z.array(phrase).max(400);
const weight = z.number().min(0).max(100);
const share = z.number().min(0).max(1);

const signal = closed({
  group: z.enum(signalGroups),
  weight,
  kind: z.enum(['words']).optional(),
  words: phrases,
});

const thresholds = closed({
  full: weight.optional(),
  coordinator: weight.optional(),
  mechanical: weight.optional(),
  bounded: weight.optional(),
  relief: weight.optional(),
});

const confidence = closed({
  named: share.optional(),
  coordinator: share.optional(),
  risk: share.optional(),
  mechanical: share.optional(),
  bounded: share.optional(),
  doubt: share.optional(),
  empty: share.optional(),
});

const signalId = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9-]{0,39}$/, 'Write a name of letters, digits and dashes.');

export const routerFile = closed({
  ignore: phrases.optional(),
  negations: phrases.optional(),
  affirmed: phrases.optional(),
  unchanged: phrases.optional(),
  thresholds: thresholds.optional(),
  confidence: confidence.optional(),
  signals: z.record(signalId, signal).optional(),
});
export type RouterFile = z.infer<typeof routerFile>;

/** In force only where the shipped file cannot be read: no signals, so that every doubt is settled upward. */
const lastResort: RouterRules = {
  ignore: [],
  negations: [],
  affirmed: [],
  unchanged: [],
  thresholds: { full: 3, coordinator: 2, mechanical: 2, bounded: 1, relief: 1 },
  confidence: { named: 1, coordinator: 1, risk: 1, mechanical: 1, bounded: 1, doubt: 0.5, empty: 0.3 },
  signals: [],
};

/** Lays the files over each other, the last one on top. An empty list of words switches a signal off. */
export function joinRouter(files: readonly RouterFile[]): RouterRules {
  const signals = new Map(files.flatMap((file) => Object.entries(file.signals ?? {})));
  const last = (key: 'ignore' | 'negations' | 'affirmed' | 'unchanged'): readonly string[] =>
    files.findLast((file) => file[key] !== undefined)?.[key] ?? [];
  return {
    ignore: last('ignore'),
    negations: last('negations'),
    affirmed: last('affirmed'),
    unchanged: last('unchanged'),
    thresholds: files.reduce((all, file) => laid(all, file.thresholds), lastResort.thresholds),
    confidence: files.reduce((all, file) => laid(all, file.confidence), lastResort.confidence),
    signals: [...signals].map(([id, its]) => ({
      id,
      group: its.group,
      weight: its.weight,
      isWords: its.kind === 'words',
      phrases: its.words,
    })),
  };
}

/** The values of a patch over those of a whole; what it leaves out stays. */
function laid<Whole extends Readonly<Record<string, number>>>(
  whole: Whole,
  patch: { readonly [Key in keyof Whole]?: number | undefined } | undefined,
): Whole {
  const said = Object.entries(patch ?? {}).filter(([, value]) => value !== undefined);
  return { ...whole, ...Object.fromEntries(said) };
}
