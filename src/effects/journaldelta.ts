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

/** What a word begins with; a decision that holds one of its own is written whole. */
const word = '"=":';

/** Shorter values are written out: the word in their place would be as long. */
const twiceCharsMin = 40;

/**
 * A decision as its difference to the state before it; `null` when it could not be read back exactly.
 *
 * @example packed({ event, state: { ...before, value: 'working' }, effects: [] }, before)?.change // { value: ['working'] }
 */
export function packed(entry: JournalEntry, before: StoredState): Packed | null {
  const text = JSON.stringify(entry);
  // A state that was marked before was looked through then.
  if (text.includes(word) || (!markedStates.has(before) && JSON.stringify(before).includes(word)))
    return null;
  const whole = JSON.parse(text) as { readonly event: Json; readonly state: Json; readonly effects: Json };
  const { event, state, effects } = whole;
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
  const isExact = isSame(unpacked(found, before) as unknown as Json, { event, state, effects });
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
    const found = keys.reduce<Json>((at, key) => partOf(at, key) ?? null, from);
    return expanded(found, known);
  }
  return mapped(value, (part) => expanded(part, known));
}

/** What leads from one value to the other; `undefined` when they are the same. */
function difference(from: Json, to: Json): Json | undefined {
  if (isSame(from, to)) return undefined;
  if (Array.isArray(from) && Array.isArray(to) && isStart(from, to))
    return [from.length, to.slice(from.length)];
  if (!isObject(from) || !isObject(to)) return [to];
  const found: [string, Json][] = [];
  for (const [key, value] of Object.entries(to)) {
    const old = partOf(from, key);
    const part = old === undefined ? [value] : difference(old, value);
    if (part !== undefined) found.push([key, part]);
  }
  for (const key of Object.keys(from)) if (!Object.hasOwn(to, key)) found.push([key, 0]);
  const parts = Object.fromEntries(found);
  const isExact = isSameOrder(from, to);
  return isExact && JSON.stringify(parts).length < JSON.stringify(to).length ? parts : [to];
}

/** Whether the keys come out in their order: those that stay where they were, new ones behind them. */
function isSameOrder(from: JsonObject, to: JsonObject): boolean {
  const kept = Object.keys(from).filter((key) => Object.hasOwn(to, key));
  const keys = Object.keys(to);
  return kept.every((key, at) => keys[at] === key);
}

/** The same as JSON, to the order of the keys. */
function isSame(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return (a as readonly Json[]).every((part, at) => isSame(part, (b as readonly Json[])[at] ?? null));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  const others = Object.keys(b);
  if (keys.length !== others.length) return false;
  return keys.every((key, at) => others[at] === key && isSame(a[key] ?? null, b[key] ?? null));
}

function isStart(from: readonly Json[], to: readonly Json[]): boolean {
  return from.length <= to.length && from.every((part, at) => isSame(part, to[at] ?? null));
}

function changed(from: Json, change: Json): Json {
  if (Array.isArray(change)) {
    const [first, items] = change as readonly Json[];
    if (change.length === 1) return first ?? null;
    return [...(from as readonly Json[]).slice(0, first as number), ...(items as readonly Json[])];
  }
  // A map, for a key may be any name a file can have: in an object `__proto__` is no key like others.
  const parts = new Map(Object.entries(from as JsonObject));
  for (const [key, part] of Object.entries(change as JsonObject)) {
    if (part === 0) parts.delete(key);
    else parts.set(key, changed(parts.get(key) ?? null, part));
  }
  return Object.fromEntries(parts);
}

/** What the value itself holds there, not what every object has by its nature. */
function partOf(value: Json, key: string): Json | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as JsonObject)[key];
}

/** The text by which a value that is worth a word is known. */
function textOf(value: Json): string | null {
  if (typeof value !== 'object' && typeof value !== 'string') return null;
  const text = JSON.stringify(value);
  return text.length < twiceCharsMin ? null : text;
}

/** The value with each part as `use` gives it; itself where every part stays as it is. */
function mapped(value: Json, use: (part: Json, key: string) => Json): Json {
  if (Array.isArray(value)) {
    const items = value as readonly Json[];
    const parts = items.map((part, at) => use(part, String(at)));
    return parts.every((part, at) => part === items[at]) ? items : parts;
  }
  if (!isObject(value)) return value;
  const keys = Object.keys(value);
  const parts = keys.map((key) => use(value[key] ?? null, key));
  if (keys.every((key, at) => parts[at] === value[key])) return value;
  return Object.fromEntries(keys.map((key, at) => [key, parts[at] ?? null]));
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
