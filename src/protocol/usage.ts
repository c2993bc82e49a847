/**
 * What a session used of its models, in tokens. The five classes are disjoint and each has a price of its own, so a
 * provider's counters are taken apart once, in agents/. Unknown is null everywhere and never 0. Pure values and sums;
 * what they cost is domain/cost.ts.
 */

/** Tokens by class of price. `input` is what no cache held; `output` includes thinking. */
export type Usage = {
  readonly input: number;
  /** Written into a cache that lives 5 minutes, or for as long as a provider's only kind does. */
  readonly cacheWrite5m: number;
  readonly cacheWrite1h: number;
  readonly cacheRead: number;
  readonly output: number;
};

export const usageClasses = [
  'input',
  'cacheWrite5m',
  'cacheWrite1h',
  'cacheRead',
  'output',
] as const satisfies readonly (keyof Usage)[];

export const zeroUsage: Usage = { input: 0, cacheWrite5m: 0, cacheWrite1h: 0, cacheRead: 0, output: 0 };

/** What one model was used for in a session. */
export type ModelUsage = {
  /** The id the agent named; null when it named none. */
  readonly model: string | null;
  /** Not the session's own model: a subagent's, or a call the program makes for itself. */
  readonly side: boolean;
  readonly usage: Usage;
  /** Null when nothing says how many. */
  readonly requests: number | null;
  /** What the agent itself says it cost, in USD. */
  readonly reportedUsd: number | null;
};

/** One request, where the agent keeps a record of each. Prices may depend on the length of a single prompt. */
export type RequestUsage = {
  readonly model: string | null;
  readonly side: boolean;
  /** Epoch milliseconds of the answer; null when the record has no time. */
  readonly at: number | null;
  readonly usage: Usage;
};

/**
 * Where the figures of a session are from. `result`: the agent's own closing figures. `transcript`: the agent's record
 * of a session that was killed before it gave any. `none`: nobody knows.
 */
export type UsageSource = 'result' | 'transcript' | 'none';

/** What a session used; JSON only, it stands in the journal. */
export type SessionUsage = {
  readonly source: Exclude<UsageSource, 'none'>;
  /** Totals by model. The truth about how much; `requests` tell how it came about. */
  readonly models: readonly ModelUsage[];
  /** Oldest first; empty when there is no such record. */
  readonly requests: readonly RequestUsage[];
  /** It ended while a request was under way: what that one used is in no record, so this is the least it can be. */
  readonly isOpen: boolean;
};

/**
 * What one line of an agent's output says about usage. `step`: since the last such line, to be added. `session`: of
 * this process so far, takes the place of what was said before. `thread`: of the whole conversation so far, with every
 * earlier process that worked on it.
 */
export type UsageReport = {
  readonly counts: 'step' | 'session' | 'thread';
  readonly models: readonly Omit<ModelUsage, 'side'>[];
};

/**
 * The sum of usages.
 *
 * @example sumUsage([{ ...zeroUsage, input: 1 }, { ...zeroUsage, input: 2, output: 3 }]) // input 3, output 3
 */
export function sumUsage(usages: readonly Usage[]): Usage {
  return usages.reduce((total, each) => combine(total, each, (a, b) => a + b), zeroUsage);
}

/** What is left of a total without a part of it; never below 0 in any class. */
export function lessUsage(total: Usage, part: Usage): Usage {
  return combine(total, part, (a, b) => Math.max(0, a - b));
}

/** All tokens, whatever their class. */
export function tokensOf(usage: Usage): number {
  return usageClasses.reduce((total, each) => total + usage[each], 0);
}

/** Tokens the model was sent: what a prompt-length tier of a price is about, and the size of the context. */
export function promptTokensOf(usage: Usage): number {
  return tokensOf(usage) - usage.output;
}

function combine(a: Usage, b: Usage, by: (a: number, b: number) => number): Usage {
  return {
    input: by(a.input, b.input),
    cacheWrite5m: by(a.cacheWrite5m, b.cacheWrite5m),
    cacheWrite1h: by(a.cacheWrite1h, b.cacheWrite1h),
    cacheRead: by(a.cacheRead, b.cacheRead),
    output: by(a.output, b.output),
  };
}
