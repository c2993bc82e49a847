/**
 * The splices that change keys of a header and leave every other byte alone: a value is replaced in its place, a new key
 * is one line at the header's end, a removed key goes with all its lines. An escalation is a block in front matter and a
 * section of the body in a bare file. Pure; the codec reads the result back before it gives it away.
 */
import { bareSpelling, bareValue } from './bare.ts';
import type { Escalation } from './escalation.ts';
import { writeEscalationBlock } from './escalationblock.ts';
import { escalationHome, writeEscalationSection } from './escalationsection.ts';
import type { HandoffChange } from './handoff.ts';
import { canonicalKey, keyOf } from './header.ts';
import type { Header, HeaderKey } from './header.ts';
import { spoken } from './section.ts';
import { saysNone } from './spelling.ts';
import type { Splice } from './textline.ts';
import { yamlText } from './yamltext.ts';

/** What is to be done, by canonical key: a text to set, null to remove. */
export type Wanted = ReadonlyMap<string, string | null>;

/** The changes that are left to be made, by canonical key. A value that already stands is left alone. */
export function wantedOf(found: Header, change: HandoffChange, escalation: Escalation | null): Wanted {
  const wanted = new Map<string, string | null>();
  for (const [spelled, value] of Object.entries(change)) {
    const key = canonicalKey(spelled);
    const text = value === null || found.dialect === 'front-matter' ? value : bareValue(value);
    const present = keyOf(found, key)?.raw;
    // In a bare file the escalation is no key, but it can be removed all the same.
    const idle = text === null ? present === undefined && key !== 'escalation' : present === text;
    wanted.delete(key);
    if (!idle) wanted.set(key, text);
  }
  if (escalation !== null) wanted.delete('escalation');
  return wanted;
}

/** The splices that do it. They do not overlap. */
export function splicesOf(
  text: string,
  found: Header,
  wanted: Wanted,
  escalation: Escalation | null,
): readonly Splice[] {
  const place = placeOf(text, found, wanted);
  const splices = [...wanted].flatMap(([key, value]) => {
    const present = keyOf(found, key);
    if (value === null) return removed(text, found, key);
    return present === undefined
      ? added(found, place, key, ` ${spelled(found, value)}`)
      : changed(text, found, present, value);
  });
  if (escalation === null) return splices;
  if (found.dialect === 'bare-header') {
    return [...splices, ...sectionSplice(text, found, writeEscalationSection(escalation, found.lineEnd))];
  }
  const block = writeEscalationBlock(escalation, found.indent, found.lineEnd);
  const present = keyOf(found, 'escalation');
  if (present === undefined) return [...splices, added(found, place, 'escalation', block)];
  return [...splices, { start: present.colonEnd, end: present.valueEnd, text: block }];
}

/** A value as its dialect spells it. */
function spelled(found: Header, value: string): string {
  return found.dialect === 'front-matter' ? yamlText(value) : value;
}

function changed(text: string, found: Header, key: HeaderKey, value: string): Splice {
  const fresh = spelled(found, value);
  const behind = fresh === '' ? '' : ` ${fresh}`;
  if (key.valueStart === key.valueEnd) return { start: key.colonEnd, end: key.colonEnd, text: behind };
  const below = found.dialect === 'bare-header' && text.slice(key.colonEnd, key.valueStart).includes('\n');
  if (fresh === '' || below || typeof key.raw !== 'string')
    return { start: key.colonEnd, end: key.valueEnd, text: behind };
  return { start: key.valueStart, end: key.valueEnd, text: fresh };
}

function removed(text: string, found: Header, key: string): readonly Splice[] {
  const present = keyOf(found, key);
  const lines = present === undefined ? [] : [{ start: present.start, end: present.end, text: '' }];
  if (key !== 'escalation' || found.dialect === 'front-matter') return lines;
  const home = escalationHome(text, found.bodyAt);
  const settled = home === null || saysNone(spoken(text.slice(home.start, home.end)));
  return settled ? lines : [...lines, ...sectionSplice(text, found, '(none)')];
}

/** Where new lines go. `open` tells that the line in front has no line end yet. */
type Place = { readonly at: number; readonly open: boolean };

function placeOf(text: string, found: Header, wanted: Wanted): Place {
  if (found.dialect === 'front-matter') return { at: found.insertAt, open: false };
  const kept = found.keys.findLast(({ key }) => wanted.get(key) !== null);
  if (kept === undefined) return { at: found.keys[0]?.start ?? found.insertAt, open: false };
  return { at: kept.end, open: text[kept.end - 1] !== '\n' };
}

function added(found: Header, { at, open }: Place, key: string, behind: string): Splice {
  const name = found.dialect === 'front-matter' ? key : bareSpelling(found, key);
  const line = `${found.indent}${name}:${behind}`.trimEnd();
  return { start: at, end: at, text: open ? `${found.lineEnd}${line}` : `${line}${found.lineEnd}` };
}

/** Puts content into the body's escalation section; without one, appends it at the end of the file. */
function sectionSplice(text: string, found: Header, content: string): readonly Splice[] {
  const end = found.lineEnd;
  const home = escalationHome(text, found.bodyAt) ?? { start: text.length, end: text.length };
  const heading = escalationHome(text, found.bodyAt) === null ? `${end}## Escalation items${end}` : '';
  const open = home.start > 0 && text[home.start - 1] !== '\n' ? end : '';
  const after = home.end < text.length ? end : '';
  return [{ ...home, text: `${open}${heading}${end}${content}${end}${after}` }];
}
