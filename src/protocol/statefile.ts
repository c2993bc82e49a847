/**
 * The schemas of the data files in state/, and how several files of one kind are laid
 * over each other: the later file wins, key by key. A file that does not hold to its schema is reported and left out
 * whole, so that what was there before it stays in force. Pure data in, pure data out.
 */
import { z } from 'zod';
import { closed, nameWord, plainText } from './dataissue.ts';
import type { AgentKind, FailureRule, Limits } from './policy.ts';
import { failureClasses } from './session.ts';

export const agentKinds = [
  'claude',
  'codex',
  'gemini',
  'opencode',
  'command',
  'scripted',
] as const satisfies readonly AgentKind[];

/** A week: longer clocks are taken for a slip of the unit, and stay far below the 24 days of a Node timer. */
const minutesMax = 10_080;
const secondsMax = 86_400;
const countMax = 1_000;
const megabytesMax = 100_000;
const megabyte = 1024 * 1024;
const usdMax = 100_000;

const minutes = z.number().positive().max(minutesMax);
const count = z.int().min(1).max(countMax);

/** Limits as a person writes them; every key may be absent. */
export const limitsPatch = closed({
  firstByteMinutes: minutes.optional(),
  idleMinutes: minutes.optional(),
  totalMinutes: minutes.optional(),
  lingerSeconds: z.number().positive().max(secondsMax).optional(),
  graceSeconds: z.number().positive().max(secondsMax).optional(),
  outputMegabytes: z.number().positive().max(megabytesMax).optional(),
  turns: count.optional(),
});
export type LimitsPatch = z.infer<typeof limitsPatch>;

export const capsPatch = closed({
  perRole: count.optional(),
  perRound: count.optional(),
  perDispatch: count.optional(),
  fixes: count.optional(),
  fixUsd: z.number().positive().max(usdMax).optional(),
});

const backoffPatch = closed({
  firstSeconds: z.number().positive().max(secondsMax).optional(),
  factor: z.number().min(1).max(100).optional(),
  maxSeconds: z.number().positive().max(secondsMax).optional(),
});

/** The largest bounds a brief may be given: what is longer belongs into files that a role opens itself. */
const briefBytesMax = 1_048_576;
const briefPatch = closed({
  inlineBytes: z.int().min(0).max(briefBytesMax).optional(),
  inlineTotalBytes: z.int().min(0).max(briefBytesMax).optional(),
  handoffBytes: z.int().min(0).max(briefBytesMax).optional(),
  memorialBytes: z.int().min(0).max(briefBytesMax).optional(),
});

export const limitsFile = closed({
  default: limitsPatch.optional(),
  roles: z.record(nameWord, limitsPatch).optional(),
  caps: capsPatch.optional(),
  backoff: backoffPatch.optional(),
  brief: briefPatch.optional(),
});
export type LimitsFile = z.infer<typeof limitsFile>;

const waits = closed({
  firstSeconds: z.number().positive().max(secondsMax),
  factor: z.number().min(1).max(100),
  maxSeconds: z.number().positive().max(secondsMax),
  timesMax: count,
  hoursMax: z
    .number()
    .positive()
    .max(minutesMax / 60),
});
const failure = closed({
  then: z.enum(['wait', 'retry', 'ask']),
  says: plainText,
  remedy: plainText.optional(),
  wait: waits.optional(),
  shared: z.boolean().optional(),
}).refine(
  ({ then, wait }) => (then === 'wait') === (wait !== undefined),
  'Give "wait" where "then" is wait, and only there.',
);
const failureRule = failure.transform(({ then, says, remedy = null, wait, shared = false }): FailureRule => {
  if (then !== 'wait' || wait === undefined) return { then: then === 'wait' ? 'ask' : then, says, remedy };
  const { factor, timesMax } = wait;
  const [firstMs, maxMs] = [Math.ceil(wait.firstSeconds * 1_000), Math.ceil(wait.maxSeconds * 1_000)];
  const untilMaxMs = Math.round(wait.hoursMax * 3_600_000);
  return { then, says, remedy, wait: { firstMs, factor, maxMs, timesMax, untilMaxMs }, shared };
});
export const failuresFile = z.partialRecord(z.enum(failureClasses), failureRule);
export type FailuresFile = z.infer<typeof failuresFile>;

const tier = closed({
  about: plainText,
  roles: z
    .array(nameWord)
    .min(1)
    .refine(
      (roles) => new Set(roles).size === roles.length,
      'Name each role once; a way back belongs under "edges".',
    ),
  edges: z.array(closed({ from: nameWord, to: nameWord })).optional(),
  ends: z.enum(['ROUND-COMPLETE', 'WAVE-PLAN-READY', 'WAVE-COMPLETE']).optional(),
});
export const tiersFile = z.record(nameWord, tier);
export type TiersFile = z.infer<typeof tiersFile>;

export const memorialFile = closed({
  injectMax: count.optional(),
  injectBytesMax: z.int().min(1).max(100_000).optional(),
  stableAfter: count.optional(),
  retiredAfter: count.optional(),
  promoteAfter: count.optional(),
  gates: z.record(nameWord, nameWord).optional(),
});
export type MemorialFile = z.infer<typeof memorialFile>;

/** Lays limits over each other, the last one on top. */
export function mergeLimits(base: Limits, ...patches: readonly (LimitsPatch | undefined)[]): Limits {
  return patches.reduce<Limits>(
    (limits, patch) => ({
      firstByteMs: millis(patch?.firstByteMinutes, 60_000) ?? limits.firstByteMs,
      idleMs: millis(patch?.idleMinutes, 60_000) ?? limits.idleMs,
      totalMs: millis(patch?.totalMinutes, 60_000) ?? limits.totalMs,
      lingerMs: millis(patch?.lingerSeconds, 1_000) ?? limits.lingerMs,
      graceMs: millis(patch?.graceSeconds, 1_000) ?? limits.graceMs,
      outputBytes: millis(patch?.outputMegabytes, megabyte) ?? limits.outputBytes,
      turns: patch?.turns ?? limits.turns,
    }),
    base,
  );
}

/** Whole units, at least one, so that a tiny fraction never means "no limit". */
export function millis(value: number | undefined, unitMs: number): number | undefined {
  return value === undefined ? undefined : Math.max(1, Math.round(value * unitMs));
}
