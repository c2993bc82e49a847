/**
 * The items of a PRD that a directive is about: sections and list items whose id it names. A directive that names none is
 * about itself alone; without a directive the whole PRD is what is to be done. Pure text in, text out.
 */
import { headingsOf, sectionEnd } from '../protocol/section.ts';

/** PRD text that is handed on, in UTF-16 units. */
const itemCharsMax = 16_384;
/** Ids of one directive that are looked up. */
const idsMax = 20;

/** `F-12`, `AC-4b`, `US3`, `REQ-100`: letters, then a number. */
const idPattern = /(?<![\w-])(?:[A-Z]{1,6}-\d{1,5}[a-z]?|(?:AC|US|FR|NFR|REQ)\d{1,5})(?![\w-])/g;

/**
 * The text of the items a directive names; the whole PRD for an empty directive.
 *
 * @example prdItemsIn('# F-1 Pay\nRefunds.\n# F-2 Look\nColours.\n', 'Build F-2') // 'F-2 Look\nColours.\n'
 */
export function prdItemsIn(prd: string, directive: string): string {
  if (directive.trim() === '') return prd.slice(0, itemCharsMax);
  const ids = [...new Set(directive.match(idPattern) ?? [])].slice(0, idsMax);
  return ids
    .map((id) => itemOf(prd, id))
    .join('\n')
    .slice(0, itemCharsMax);
}

/** A section whose heading starts with the id, else the list item or line that does. */
function itemOf(prd: string, id: string): string {
  const headings = headingsOf(prd, 0);
  const at = headings.findIndex(({ title }) => startsWith(title, id));
  const heading = headings[at];
  if (heading !== undefined)
    return `${heading.title}\n${prd.slice(heading.contentStart, sectionEnd(prd, headings, at))}`;
  const line = prd
    .split(/\r?\n/)
    .find((each) => startsWith(each.replace(/^\s*(?:[-*+]|\d+[.)])?\s*[*_`[]*/, ''), id));
  return line ?? '';
}

function startsWith(text: string, id: string): boolean {
  return text.startsWith(id) && !/^[\w-]/.test(text.slice(id.length));
}
