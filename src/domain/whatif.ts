/**
 * What a round would have cost otherwise. Exact: the same tokens at another model's prices, at those of another day, or
 * with cache writes of another lifetime. Modelled: the same work as one threaded session, or with every tool of the
 * program; such figures follow from the round's own shape (requests, first prompt, growth per request) and are always
 * marked. Pure.
 */
import { promptTokensOf, zeroUsage } from '../protocol/usage.ts';
import type { RequestUsage, SessionUsage, Usage } from '../protocol/usage.ts';
import type { Ended, Ledger, Work } from './receipt.ts';

/** What is asked for; null leaves a thing as it was. */
export type WhatIf = {
  /** An id of the price sheet. */
  readonly model: string | null;
  /** Epoch ms of the day whose prices count. */
  readonly at: number | null;
  readonly write: '5m' | '1h' | null;
  readonly threaded: boolean;
  readonly allTools: boolean;
};

/** The shape of one session: what a modelled figure follows from. */
export type Shape = {
  readonly role: string;
  /** T. */
  readonly requests: number;
  /** L1: tokens of the first prompt, of which `shared` came from a cache. */
  readonly firstPrompt: number;
  readonly shared: number;
  /** Tokens of the first prompt that are this role's own: what a conversation that has the rest already would add. */
  readonly own: number;
  /** g: tokens the context grows by from one request to the next. */
  readonly growth: number;
  readonly output: number;
};

export type Imagined = { readonly ledger: Ledger; readonly shapes: readonly Shape[] };

/**
 * Tokens that the whole tool list of Claude Code adds to every prompt beside a role's own six tools: 45.8 kB against
 * 18.3 kB of its fixed prompt (2.1.330), at 4 bytes a token.
 */
export const allToolsTokens = Math.round((45_800 - 18_300) / 4);

/**
 * Reads `all=MODEL,date=DAY,write=5m|1h,session=threaded,tools=all`; a text when it is not understood. `modelOf` gives the
 * model that a word means, null when it means none.
 */
export function readWhatIf(text: string, modelOf: (word: string) => string | null): WhatIf | string {
  let found: WhatIf = { model: null, at: null, write: null, threaded: false, allTools: false };
  for (const part of text.split(',')) {
    const [key = '', value = ''] = part.split('=').map((piece) => piece.trim());
    if (key === 'all' || key === 'class') {
      const model = modelOf(value);
      if (model === null) return `"${value}" is no model of the price sheet and no class`;
      found = { ...found, model };
    } else if (key === 'date') {
      const at = /^\d{4}-\d{2}-\d{2}$/.test(value) ? Date.parse(`${value}T00:00:00Z`) : Number.NaN;
      if (Number.isNaN(at)) return `"${value}" is no day such as 2026-11-27`;
      found = { ...found, at };
    } else if (key === 'write' && (value === '5m' || value === '1h')) found = { ...found, write: value };
    else if (key === 'session' && value === 'threaded') found = { ...found, threaded: true };
    else if (key === 'tools' && value === 'all') found = { ...found, allTools: true };
    else
      return `"${part.trim()}" is none of all=MODEL, class=CLASS, date=DAY, write=5m, write=1h, session=threaded, tools=all`;
  }
  return found;
}

/** The ledger as it would have been; a text where the round's requests are not recorded and a model would be a guess. */
export function imagine(ledger: Ledger, what: WhatIf): Imagined | string {
  const shapes = ledger.work.map(shapeOf);
  const known = shapes.filter((shape) => shape !== null);
  if ((what.threaded || what.allTools) && (known.length < shapes.length || known.length === 0)) {
    return 'A modelled figure needs the requests of every session, and this round has sessions whose agent kept no record of them';
  }
  const modelled = what.threaded ? threaded(ledger, known) : ledger;
  const work = modelled.work.map((each) => ({ ...each, ended: change(each.ended, what) }));
  return { ledger: { ...modelled, work }, shapes: what.threaded || what.allTools ? known : [] };
}

function change(ended: Ended, what: WhatIf): Ended {
  const used = (ended as { readonly usage?: SessionUsage | null }).usage ?? null;
  const at = what.at ?? ended.at;
  if (used === null) return { ...ended, at };
  const grown = what.allTools ? withAllTools(used) : used;
  const of = (usage: Usage): Usage => written(usage, what.write);
  const name = (model: string | null): string | null => what.model ?? model;
  const models = grown.models.map((row) => ({ ...row, model: name(row.model), usage: of(row.usage) }));
  const requests = grown.requests.map((row) => ({
    ...row,
    model: name(row.model),
    at: what.at === null ? row.at : null,
    usage: of(row.usage),
  }));
  return { ...ended, at, usage: { ...grown, models, requests }, costUsd: null };
}

function written(usage: Usage, life: WhatIf['write']): Usage {
  if (life === null) return usage;
  const all = usage.cacheWrite5m + usage.cacheWrite1h;
  return { ...usage, cacheWrite5m: life === '5m' ? all : 0, cacheWrite1h: life === '1h' ? all : 0 };
}

/** The first request writes the further tools into the cache, every later one reads them from there. */
function withAllTools(used: SessionUsage): SessionUsage {
  const own = used.requests.filter(({ side }) => !side);
  const add = (usage: Usage, first: number, later: number): Usage => ({
    ...usage,
    cacheWrite5m: usage.cacheWrite5m + first * allToolsTokens,
    cacheRead: usage.cacheRead + later * allToolsTokens,
  });
  const requests = used.requests.map((row) =>
    row.side ? row : { ...row, usage: row === own[0] ? add(row.usage, 1, 0) : add(row.usage, 0, 1) },
  );
  const main = used.models.findIndex(({ side }) => !side);
  const models = used.models.map((row, at) =>
    at === main ? { ...row, usage: add(row.usage, 1, own.length - 1) } : row,
  );
  return { ...used, models, requests };
}

/** The shape of a session's own requests; null where they are not recorded. */
export function shapeOf({ order, ended }: Work): Shape | null {
  const used = (ended as { readonly usage?: SessionUsage | null }).usage ?? null;
  const own = (used?.requests ?? []).filter(({ side }) => !side).map(({ usage }) => usage);
  const [first] = own;
  const last = own.at(-1);
  if (first === undefined || last === undefined) return null;
  const firstPrompt = promptTokensOf(first);
  const steps = own.length - 1;
  return {
    role: order.role,
    requests: own.length,
    firstPrompt,
    shared: first.cacheRead,
    own: ownOf(firstPrompt, first.cacheRead, ended.promptBytes),
    growth: steps === 0 ? 0 : Math.max(0, Math.round((promptTokensOf(last) - firstPrompt) / steps)),
    output: own.reduce((total, usage) => total + usage.output, 0),
  };
}

/** Bytes of a token, roughly; what we sent is known in bytes. */
const tokenBytes = 4;

/** What came from a cache is nobody's own, and no more than the brief is; its size is not on record in old journals. */
function ownOf(firstPrompt: number, shared: number, promptBytes: number): number {
  const fresh = firstPrompt - shared;
  return promptBytes > 0 ? Math.min(fresh, Math.ceil(promptBytes / tokenBytes)) : fresh;
}

/**
 * One session that walks every role in turn: the context is never dropped, each request reads all of it from the cache
 * and writes what came on top, and a role's own part of its first prompt is added when its turn comes.
 */
function threaded(ledger: Ledger, shapes: readonly Shape[]): Ledger {
  const [first] = ledger.work;
  const [start] = shapes;
  if (first === undefined || start === undefined) return ledger;
  const model = first.ended.usage?.models.find(({ side }) => !side)?.model ?? null;
  const requests: RequestUsage[] = [];
  let context = 0;
  for (const shape of shapes) {
    const own = context === 0 ? shape.firstPrompt : shape.own;
    for (let turn = 0; turn < shape.requests; turn += 1) {
      const grown = turn === 0 ? own : shape.growth;
      const isCold = context === 0;
      const read = isCold ? shape.shared : context;
      const usage = {
        ...zeroUsage,
        cacheRead: read,
        cacheWrite5m: isCold ? grown - shape.shared : grown,
        output: Math.round(shape.output / shape.requests),
      };
      requests.push({ model, side: false, at: null, usage });
      context = isCold ? grown : context + grown;
    }
  }
  const sum = requests.reduce<Usage>(
    (total, { usage }) => ({
      ...total,
      cacheRead: total.cacheRead + usage.cacheRead,
      cacheWrite5m: total.cacheWrite5m + usage.cacheWrite5m,
      output: total.output + usage.output,
    }),
    zeroUsage,
  );
  const models = [{ model, side: false, usage: sum, requests: requests.length, reportedUsd: null }];
  const usage: SessionUsage = { source: 'result', models, requests, isOpen: false };
  const order = { ...first.order, role: 'one session' };
  return { ...ledger, work: [{ order, ended: { ...first.ended, usage, costUsd: null } }] };
}
