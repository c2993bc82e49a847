/**
 * How people and models spell statuses, roles and "nothing" in a header. One word decides, in any case, with emphasis,
 * dashes, parentheses and free text around it; what stands behind the word is kept as a note. Only the closed lists and
 * the names it is given count as known: anything else stays text for a human to look at.
 */
import { builtinRoles, human, statuses } from './handoff.ts';
import type { Role, Status } from './handoff.ts';

/** A value split into its deciding word and the text behind it. */
type Wording = { readonly word: string; readonly note: string | null };

export type StatusReading = {
  readonly status: Status | null;
  readonly note: string | null;
  /** The role of a `READY-FOR-<ROLE>`, else null. */
  readonly role: Role | null;
};
type RoleReading = { readonly role: Role | null; readonly note: string | null };

/** Names of the original method for roles we ship, some of them only used inside its own program. */
const roleSpellings: ReadonlyMap<string, Role> = new Map([
  ['memorial-updater', 'memorial'],
  ['memorial_updater', 'memorial'],
  ['operator', human],
  ['reviewer-opus', 'reviewer'],
  ['reviewer-sonnet', 'reviewer'],
  ['reviewer-merge', 'reviewer'],
  ['coordinator-wave-gate', 'coordinator'],
]);

/** Marks that may stand around a word. */
const marks = '*_`"\'';

/**
 * @example splitWord('**READY** — go ahead') // { word: 'READY', note: 'go ahead' }
 * @example splitWord('OPERATOR (wave-plan review)') // { word: 'OPERATOR', note: 'wave-plan review' }
 */
export function splitWord(value: string): Wording {
  const text = value.trim();
  const start = skip(text, 0, `${marks}(`);
  const opener = text.slice(0, start);
  const match = /[\p{L}\p{N}][\p{L}\p{N}_-]*/uy;
  match.lastIndex = start;
  const found = match.exec(text)?.[0] ?? '';
  const word = found.slice(0, skipBack(found, '-_'));
  return { word, note: noteOf(text.slice(start + word.length), opener) };
}

/** The free text behind a word: without the separators in front, and without parentheses or marks that only frame it. */
function noteOf(rest: string, opener: string): string | null {
  const framed =
    opener !== '' &&
    rest.endsWith(closerOf(opener)) &&
    !rest.slice(0, -opener.length).includes(closerOf(opener));
  const open = framed ? rest.slice(0, -opener.length) : rest;
  const text = open.slice(skip(open, 0, `${marks} \t\r\n:;,.=)-–—`)).trim();
  const inner =
    text.startsWith('(') && text.indexOf(')') === text.length - 1 ? text.slice(1, -1).trim() : text;
  return inner === '' ? null : inner;
}

function closerOf(opener: string): string {
  return Array.from(opener).reverse().join('').replaceAll('(', ')');
}

function skip(text: string, from: number, chars: string): number {
  let at = from;
  while (at < text.length && chars.includes(text.charAt(at))) at += 1;
  return at;
}

function skipBack(text: string, chars: string): number {
  let end = text.length;
  while (end > 0 && chars.includes(text.charAt(end - 1))) end -= 1;
  return end;
}

/**
 * Text without the emphasis, backquotes or quotes around the whole of it.
 *
 * @example unadorned('**`R07`**') // 'R07'
 */
export function unadorned(value: string): string {
  const text = value.trim();
  const start = skip(text, 0, marks);
  return text.slice(start, Math.max(start, skipBack(text, marks))).trim();
}

/**
 * Whether a text says "nothing here": empty, `(none)`, `(none — reason)`, or the word alone.
 *
 * @example saysNone('(none — all settled)') // true
 */
export function saysNone(text: string): boolean {
  const plain = text.trim();
  return (
    /^[-–—~]?$/.test(plain) ||
    /^[*_`]*\(\s*none\b[^()]*\)[*_`.]*$/i.test(plain) ||
    /^(?:none|n\/a|null)\.?$/i.test(plain)
  );
}

/**
 * Reads a status value against the closed list.
 *
 * @example readStatus('READY-FOR-REVIEWER', []) // { status: 'READY', note: null, role: 'reviewer' }
 */
export function readStatus(value: string, ownRoles: readonly string[]): StatusReading {
  const { word, note } = splitWord(value);
  const name = word.toUpperCase().replaceAll('_', '-');
  const status = statuses.find((known) => known === name) ?? null;
  if (status !== null) return { status, note, role: null };
  const role = name.startsWith('READY-FOR-')
    ? canonicalRole(word.slice('READY-FOR-'.length), ownRoles)
    : null;
  if (role !== null) return { status: 'READY', note, role };
  return spacedStatus(value) ?? { status: null, note, role: null };
}

/** A status of several words written with blanks: `MERGE READY`. */
function spacedStatus(value: string): StatusReading | null {
  const text = value.trim().slice(skip(value.trim(), 0, marks));
  for (const status of statuses) {
    const parts = status.split('-');
    if (parts.length === 1) continue;
    const match = new RegExp(`^${parts.join('[ _-]')}(?![\\p{L}\\p{N}_-])`, 'iu').exec(text);
    if (match !== null) return { status, note: noteOf(text.slice(match[0].length), ''), role: null };
  }
  return null;
}

/**
 * Reads a role value: built-in names, the human's names, and the project's own, in any case.
 *
 * @example readRole('(operator decision — R08 or stop)', []) // { role: 'human', note: 'R08 or stop' }
 */
export function readRole(value: string, ownRoles: readonly string[]): RoleReading {
  const decision = /^[*_`"' (]*(?:operator|human)[ -]decision\b/i.exec(value);
  if (decision !== null) {
    const rest = value.slice(decision[0].length);
    const framed = decision[0].includes('(') && rest.indexOf(')') === rest.trimEnd().length - 1;
    return { role: human, note: noteOf(framed ? rest.trimEnd().slice(0, -1) : rest, '') };
  }
  const { word, note } = splitWord(value);
  return { role: canonicalRole(word, ownRoles), note };
}

/** The canonical name of a role's word, else null. A project's own spelling is kept as the project spells it. */
function canonicalRole(word: string, ownRoles: readonly string[]): Role | null {
  const name = word.toLowerCase();
  if (name === human || builtinRoles.some((role) => role === name)) return name;
  return ownRoles.find((role) => role.toLowerCase() === name) ?? roleSpellings.get(name) ?? null;
}
