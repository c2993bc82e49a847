/**
 * A state as what changed since the record before, and what stands twice in a record as a word that says where else it
 * stands. A change is an object of the keys that changed: `[value]` is put there, `[n, items]` follows the first n of
 * an array, `0` takes the key away, and an object goes on below it. `{"=":"event/digest"}` and `{"=":"state/context/order"}`
 * stand for what is there. Nothing is guessed: what would not come back to the byte is not written in this way.
 */
import type { JournalEntry, StoredState } from '../protocol/journal.ts';

type Json = null | boolean | number | string | readonly Json[] | JsonObject;
type JsonObject = { readonly [key: string]: Json };

/** A decision whose state is told by its difference. */
export type Packed = { readonly event: Json; readonly change: Json; readonly effects: Json };

/** Shorter values are written out: the word in their place would be as long. */
const twiceCharsMin = 40;

/**
 * A decision as its difference to the state before it; `null` when it could not be read back exactly.
 *
 * @example packed({ event, state: { ...before, value: 'working' }, effects: [] }, before)?.change // { value: ['working'] }
 */
export function packed(entry: JournalEntry, before: StoredState): Packed | null {
  const { event, state, effects } = plain(entry) as Packed & { readonly state: Json };
  if (JSON.stringify([entry, before]).includes('"=":')) return null;
  const inEvent = new Map<string, string>();
  mark(event, 'event', inEvent);
  const inState = new Map<string, string>();
  const marked = mark(state, 'state', inState);
  const change = difference(markedOf(before), marked);
  if (Array.isArray(change)) return null;
  const found: Packed = {
    event,
    change: change === undefined ? {} : shortened(change, inEvent),
    effects: shortened(effects, new Map([...inState, ...inEvent])),
  };
  const isExact = JSON.stringify(unpacked(found, before)) === JSON.stringify({ event, state, effects });
  if (isExact) markedStates.set(entry.state, marked);
  return isExact ? found : null;
}

/**
 * The decision again, by the state before it.
 *
 * @example unpacked({ event, change: { value: ['working'] }, effects: [] }, before).state.value // 'working'
 */
export function unpacked({ event, change, effects }: Packed, before: StoredState): JournalEntry {
  const marked = changed(markedOf(before), expanded(change, { event }));
  const state = expanded(marked, { state: marked });
  const entry = { event, state, effects: expanded(effects, { event, state }) } as unknown as JournalEntry;
  markedStates.set(entry.state, marked);
  return entry;
}

/** A chain of records asks for each state twice, as the new one and as the one before; marking it costs most. */
const markedStates = new WeakMap<StoredState, Json>();

function markedOf(state: StoredState): Json {
  return markedStates.get(state) ?? mark(plain(state), 'state', new Map<string, string>());
}

function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

/** The value with each later copy of a part as a word, and where each part stands in `places`, by its text. */
function mark(value: Json, at: string, places: Map<string, string>): Json {
  const text = textOf(value);
  if (text === null) return value;
  const place = places.get(text);
  if (place !== undefined) return { '=': place };
  places.set(text, at);
  return mapped(value, (part, key) => (key.includes('/') ? part : mark(part, `${at}/${key}`, places)));
}

function shortened(value: Json, places: ReadonlyMap<string, string>): Json {
  const text = textOf(value);
  if (text === null) return value;
  const place = places.get(text);
  return place === undefined ? mapped(value, (part) => shortened(part, places)) : { '=': place };
}

/** Puts back what words stand for, where they begin with a name that is known here. */
function expanded(value: Json, known: JsonObject): Json {
  if (isObject(value) && typeof value['='] === 'string') {
    const [name = '', ...keys] = value['='].split('/');
    const from = known[name];
    if (from === undefined) return value;
    const found = keys.reduce<Json>((at, key) => (at as JsonObject)[key] ?? null, from);
    return expanded(found, known);
  }
  return mapped(value, (part) => expanded(part, known));
}

/** What leads from one value to the other; `undefined` when they are the same. */
function difference(from: Json, to: Json): Json | undefined {
  const whole = JSON.stringify(to);
  if (JSON.stringify(from) === whole) return undefined;
  if (Array.isArray(from) && Array.isArray(to) && isStart(from, to))
    return [from.length, to.slice(from.length)];
  if (!isObject(from) || !isObject(to)) return [to];
  const parts: Record<string, Json> = {};
  for (const [key, value] of Object.entries(to)) {
    const old = from[key];
    const part = old === undefined ? [value] : difference(old, value);
    if (part !== undefined) parts[key] = part;
  }
  for (const key of Object.keys(from)) if (to[key] === undefined) parts[key] = 0;
  const isExact = JSON.stringify(changed(from, parts)) === whole;
  return isExact && JSON.stringify(parts).length < whole.length ? parts : [to];
}

function isStart(from: readonly Json[], to: readonly Json[]): boolean {
  return JSON.stringify(to.slice(0, from.length)) === JSON.stringify(from);
}

function changed(from: Json, change: Json): Json {
  if (Array.isArray(change)) {
    const [first, items] = change as readonly Json[];
    if (change.length === 1) return first ?? null;
    return [...(from as readonly Json[]).slice(0, first as number), ...(items as readonly Json[])];
  }
  const keys = change as JsonObject;
  const kept = Object.entries(from as JsonObject).filter(([key]) => keys[key] !== 0);
  const parts: Record<string, Json> = Object.fromEntries(kept);
  for (const [key, part] of Object.entries(keys)) {
    if (part !== 0) parts[key] = changed(parts[key] ?? null, part);
  }
  return parts;
}

/** The text by which a value that is worth a word is known. */
function textOf(value: Json): string | null {
  if (typeof value !== 'object' && typeof value !== 'string') return null;
  const text = JSON.stringify(value);
  return text.length < twiceCharsMin ? null : text;
}

function mapped(value: Json, use: (part: Json, key: string) => Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map((part, at) => use(part, String(at)));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, use(part, key)]));
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
