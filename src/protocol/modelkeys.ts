/**
 * The header's own choice of models for a round: `model:` for every role, `models:` for single ones, as a map or as text
 * such as `reviewer=opus, implementer=cheap`. A value is an exact model, or a class. What it names is checked by nobody
 * here but for its shape.
 */
import type { HeaderKey, Raw, RawMap } from './header.ts';
import { unadorned } from './spelling.ts';

/** Roles one header may name a model for. */
const entriesMax = 20;
const modelCharsMax = 120;

type ModelKeys = {
  /** By role, `*` for all. */
  readonly models: Readonly<Record<string, string>>;
  /** Pieces of `models:` that name no role and model. */
  readonly unread: readonly string[];
};

/**
 * Reads both keys.
 *
 * @example readModels('sonnet', 'Reviewer=opus') // { models: { '*': 'sonnet', reviewer: 'opus' }, unread: [] }
 */
export function readModels(all: string | null, single: HeaderKey['raw'] | undefined): ModelKeys {
  const models: Record<string, string> = {};
  const unread: string[] = [];
  const everyone = all === null ? '' : unadorned(all);
  if (everyone !== '') models['*'] = everyone.slice(0, modelCharsMax);
  for (const [role, model] of pairsOf(single).slice(0, entriesMax)) {
    const name = unadorned(role).toLowerCase();
    const value = typeof model === 'string' ? unadorned(model) : '';
    if (/^[a-z][a-z0-9-]{0,39}$/.test(name) && value !== '') models[name] = value.slice(0, modelCharsMax);
    else if (name !== '') unread.push(role.trim());
  }
  return { models, unread };
}

function pairsOf(raw: HeaderKey['raw'] | undefined): readonly (readonly [string, HeaderKey['raw']])[] {
  if (raw === undefined) return [];
  if (typeof raw === 'string') return raw.split(/[,;]/).map((piece) => pairOf(piece));
  return isMap(raw) ? raw.entries : [];
}

function isMap(raw: readonly Raw[] | RawMap): raw is RawMap {
  return !Array.isArray(raw);
}

function pairOf(piece: string): readonly [string, string] {
  const at = piece.search(/[=:]/);
  return at < 0 ? [piece, ''] : [piece.slice(0, at), piece.slice(at + 1)];
}
