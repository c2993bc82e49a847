/**
 * Markup that is safe by construction: whatever is put into a template is escaped, unless it is markup already. Names of
 * rounds, roles and models come from files that models write, so no other way of making a page exists here.
 */
import { clean } from '../text.ts';

/** A piece of a page. Only `html` makes one. */
export type Markup = { readonly markup: string };
type Piece = string | number | Markup | readonly Markup[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Markup from a template; texts in it are escaped, and lose what turns the direction of writing.
 *
 * @example html`<b>${'<script>'}</b>`.markup // '<b>&lt;script&gt;</b>'
 */
export function html(parts: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  return {
    markup: parts.map((part, at) => part + (at < pieces.length ? textOf(pieces[at] ?? '') : '')).join(''),
  };
}

function textOf(piece: Piece): string {
  if (typeof piece === 'number') return String(piece);
  if (typeof piece === 'string') return clean(piece).replace(/[&<>"']/g, (mark) => entities[mark] ?? '');
  return 'markup' in piece ? piece.markup : piece.map(({ markup }) => markup).join('\n');
}
