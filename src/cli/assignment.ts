/**
 * The words of `next-role set`: which file, which keys, which values. Pure; the codec does the editing, and here its
 * reading of the result is held against what was asked for, so that a misspelt status is refused before it is saved.
 */
import { canonicalKey } from '../protocol/header.ts';
import { decode, edit, header } from '../protocol/codec.ts';
import type { Diagnostic, DiagnosticCode } from '../protocol/diagnostic.ts';
import type { HandoffChange } from '../protocol/handoff.ts';
import { caution } from '../protocol/remark.ts';
import { keyMeant } from '../protocol/slips.ts';

export type Asked = { readonly file: string | null; readonly change: HandoffChange };

export type Parsed =
  | { readonly ok: true; readonly asked: Asked }
  | { readonly ok: false; readonly message: string; readonly hint: string };

/** Remarks on the result that mean: nobody knows this value; and the keys that may hold it. */
const unknowns: ReadonlyMap<DiagnosticCode, readonly string[]> = new Map([
  ['status-unknown', ['status']],
  ['role-unknown', ['next-role']],
  ['tier-unknown', ['tier']],
  ['preset-unknown', ['preset']],
  ['model-unknown', ['model', 'models']],
  ['answer-unknown', ['answer']],
]);

const way = 'next-role set status=READY';

/**
 * Reads the arguments: a file first if it is no edit, then `key=value` and `key!`, and what `--unset` names.
 *
 * @example parseEdits(['STATUS=READY', 'note!'], null) // { ok: true, asked: { file: null, change: { status: 'READY', note: null } } }
 */
export function parseEdits(args: readonly string[], unset: string | null): Parsed {
  const change: Record<string, string | null> = {};
  let file: string | null = null;
  for (const [at, word] of args.entries()) {
    const equals = word.indexOf('=');
    if (equals < 0 && !word.endsWith('!')) {
      if (at > 0)
        return {
          ok: false,
          message: `"${word}" is no edit`,
          hint: `Write KEY=VALUE or KEY!, for example: ${way}`,
        };
      file = word;
      continue;
    }
    const key = canonicalKey(equals < 0 ? word.slice(0, -1) : word.slice(0, equals));
    const value = equals < 0 ? null : word.slice(equals + 1);
    if (key === '')
      return { ok: false, message: `"${word}" names no key`, hint: `Write KEY=VALUE, for example: ${way}` };
    if (value?.trim() === '') {
      return {
        ok: false,
        message: `"${word}" would leave "${key}" empty`,
        hint: `To remove the key: next-role set ${key}!`,
      };
    }
    if (Object.hasOwn(change, key)) return { ok: false, message: `"${key}" is set twice`, hint: way };
    change[key] = value;
  }
  for (const key of (unset ?? '').split(',').map(canonicalKey).filter(Boolean)) {
    if (Object.hasOwn(change, key)) return { ok: false, message: `"${key}" is set twice`, hint: way };
    change[key] = null;
  }
  if (Object.keys(change).length === 0) {
    const message = file === null ? 'There is nothing to set' : `"${file}" says no KEY=VALUE to set`;
    return { ok: false, message, hint: way };
  }
  return { ok: true, asked: { file, change } };
}

export type Applied =
  | { readonly type: 'edited'; readonly text: string }
  /** A value that nobody knows: how it was spelled, and what there is. */
  | { readonly type: 'unknown'; readonly diagnostic: Diagnostic }
  /** The file has no header that could be edited. */
  | { readonly type: 'unreadable'; readonly problems: readonly Diagnostic[] };

/**
 * Applies a change to a text. With `force`, unknown values are written as they are.
 *
 * @example applyEdits('STATUS: READY\n', { status: 'REDAY' }, { known: {}, force: false }).type // 'unknown'
 */
export function applyEdits(
  text: string,
  change: HandoffChange,
  options: { readonly known: Parameters<typeof decode>[1]; readonly force: boolean },
): Applied {
  const slip = options.force ? null : keySlip(text, change);
  if (slip !== null) return { type: 'unknown', diagnostic: slip };
  const edited = edit(text, change);
  if (!edited.ok) return { type: 'unreadable', problems: edited.problems };
  const { diagnostics } = decode(edited.text, options.known);
  const wrong = diagnostics.find(({ code }) => {
    const keys = unknowns.get(code) ?? [];
    return keys.some((key) => typeof change[key] === 'string');
  });
  if (wrong !== undefined && !options.force) return { type: 'unknown', diagnostic: wrong };
  return { type: 'edited', text: edited.text };
}

/** A new key that is nearly one of ours; one that the header has already is somebody's own. */
function keySlip(text: string, change: HandoffChange): Diagnostic | null {
  const has = new Set(header(text)?.keys.map(({ key }) => key));
  for (const [key, value] of Object.entries(change)) {
    const near = value === null || has.has(key) ? null : keyMeant(key);
    if (near === null) continue;
    const message = `The key "${key}" has no meaning here.`;
    return caution('key-unknown', 1, message, `Did you mean "${near}"?`);
  }
  return null;
}
