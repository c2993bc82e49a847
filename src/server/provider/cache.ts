/**
 * The prompt cache of a provider, counted as a real one counts: a request is a row of blocks, an entry ends behind a
 * block, its key is a hash of the model and all blocks up to there. Time comes in. What was measured on the real
 * services and their pages: breakpoints where the client sets them, looked for up to 20 blocks back, a life of 5 minutes
 * or an hour that a hit renews, and prefixes below a minimum that are not cached at all.
 */
import { createHash } from 'node:crypto';
import type { Usage } from '../../protocol/usage.ts';
import type { ModelRequest, PromptBlock } from './exchange.ts';

/** What is counted of a prompt; the output is the answer's matter. */
export type PromptUsage = Omit<Usage, 'output'>;

export type PromptCache = {
  /** What a request costs, after which the cache knows it. */
  count(request: Pick<ModelRequest, 'wire' | 'model' | 'blocks'>, nowMs: number): PromptUsage;
};

/** A rough and steady measure: four bytes are a token. */
export function tokensIn(bytes: number): number {
  return Math.ceil(bytes / 4);
}

const lookBackBlocks = 20;
const lifeMs = { '5m': 5 * 60_000, '1h': 60 * 60_000 } as const;
/** Providers without breakpoints count cached tokens in steps, and keep them for some minutes. */
const automaticStep = { responses: 128, generate: 1 } as const;
const minTokensDefault = 1024;
/** The shortest prefix that is cached, by a word in the model's id. */
const minTokens: readonly (readonly [word: string, tokens: number])[] = [
  ['opus', 4096],
  ['haiku', 4096],
  ['gemini-3', 2048],
];
/** Entries beyond this many push out the oldest. */
const entriesMax = 50_000;

/**
 * An empty cache.
 *
 * @example createPromptCache().count({ wire: 'messages', model: 'm', blocks: [] }, 0) // all 0
 */
export function createPromptCache(): PromptCache {
  const entries = new Map<string, number>();
  const remember = (key: string, until: number): void => {
    const longer = Math.max(until, entries.get(key) ?? 0);
    // Taken out first, so that the order of the map is the order of use.
    entries.delete(key);
    entries.set(key, longer);
    const [oldest] = entries.keys();
    if (entries.size > entriesMax && oldest !== undefined) entries.delete(oldest);
  };
  const knows = (key: string, nowMs: number): boolean => (entries.get(key) ?? 0) > nowMs;
  return {
    count({ wire, model, blocks }, nowMs) {
      const prefixes = prefixesOf(model, blocks);
      return wire === 'messages'
        ? countMarked({ model, prefixes, knows, remember, nowMs })
        : countAutomatic({ model, prefixes, knows, remember, nowMs, step: automaticStep[wire] });
    },
  };
}

type Prefix = Pick<PromptBlock, 'breakpoint'> & { readonly key: string; readonly tokens: number };

function prefixesOf(model: string, blocks: readonly PromptBlock[]): readonly Prefix[] {
  let key = model;
  let bytes = 0;
  return blocks.map(({ text, breakpoint }) => {
    key = createHash('sha256').update(key).update('\0').update(text).digest('hex');
    bytes += Buffer.byteLength(text);
    return { key, tokens: tokensIn(bytes), breakpoint };
  });
}

type Counting = {
  readonly model: string;
  readonly prefixes: readonly Prefix[];
  readonly knows: (key: string, nowMs: number) => boolean;
  readonly remember: (key: string, until: number) => void;
  readonly nowMs: number;
};

/** With breakpoints: read is the longest hit, written what lies between it and the last breakpoint, the rest is input. */
function countMarked({ model, prefixes, knows, remember, nowMs }: Counting): PromptUsage {
  const least = leastOf(model);
  const marks = prefixes.flatMap((prefix, at) =>
    prefix.breakpoint === null || prefix.tokens < least
      ? []
      : [{ at, key: prefix.key, tokens: prefix.tokens, life: prefix.breakpoint }],
  );
  let hit = -1;
  for (const { at } of marks) {
    for (let back = at; back >= Math.max(0, at - lookBackBlocks) && back > hit; back -= 1) {
      const candidate = prefixes[back];
      if (candidate !== undefined && candidate.tokens >= least && knows(candidate.key, nowMs)) hit = back;
    }
  }
  const found = prefixes[hit];
  const read = found?.tokens ?? 0;
  let written = read;
  const writes = { '5m': 0, '1h': 0 };
  for (const { tokens, key, life } of marks) {
    writes[life] += Math.max(0, tokens - written);
    written = Math.max(written, tokens);
    remember(key, nowMs + lifeMs[life]);
  }
  // The entry that was hit lives on, also where it is no breakpoint of this request.
  if (found !== undefined && found.breakpoint === null) remember(found.key, nowMs + lifeMs['5m']);
  const all = prefixes.at(-1)?.tokens ?? 0;
  return { input: all - written, cacheWrite5m: writes['5m'], cacheWrite1h: writes['1h'], cacheRead: read };
}

/** Without breakpoints: the longest known beginning is read; what was sent is known from then on, and writing is free. */
function countAutomatic({
  model,
  prefixes,
  knows,
  remember,
  nowMs,
  step,
}: Counting & { step: number }): PromptUsage {
  const longest = prefixes.findLast(({ key }) => knows(key, nowMs))?.tokens ?? 0;
  for (const { key } of prefixes) remember(key, nowMs + lifeMs['5m']);
  const all = prefixes.at(-1)?.tokens ?? 0;
  const read = longest < leastOf(model) ? 0 : Math.floor(longest / step) * step;
  return { input: all - read, cacheWrite5m: 0, cacheWrite1h: 0, cacheRead: read };
}

function leastOf(model: string): number {
  return minTokens.find(([word]) => model.includes(word))?.[1] ?? minTokensDefault;
}
