/**
 * Reading one line of an agent's output: from text to checked values. It relies on nothing but the line, and it never
 * throws: what has not the wanted shape is null. Text that comes from an agent loses its control characters here,
 * because it ends up in a terminal.
 */

export type Fields = Readonly<Record<string, unknown>>;

/** Longest text of one event, in UTF-16 units. The full stream stays on disk. */
export const textCharsMax = 4_000;
/** Longest command shown as a tool's target. Paths are never cut: hidden-path checks read them. */
export const commandCharsMax = 120;

/**
 * The object that a line of JSON holds, else null.
 *
 * @example fieldsOf('{"type":"done"}') // { type: 'done' }
 */
export function fieldsOf(line: string): Fields | null {
  if (!line.startsWith('{')) return null;
  try {
    return asFields(JSON.parse(line));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/**
 * The object inside a sentence, such as the provider's answer in "[API Error: {…}]"; null when there is none.
 *
 * @example innerFields('[API Error: {"error":{"code":401}}]') // { error: { code: 401 } }
 */
export function innerFields(text: string): Fields | null {
  const from = text.indexOf('{');
  const to = text.lastIndexOf('}');
  return from < 0 || to < from ? null : fieldsOf(text.slice(from, to + 1));
}

export function asFields(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

export function asText(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

export function asNumber(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/**
 * Text without terminal escapes and control characters (tab and newline stay), cut to a bound.
 *
 * @example plain('\u001b[31mred\u001b[0m\u0007') // 'red'
 */
export function plain(text: string, charsMax: number = textCharsMax): string {
  // Cut first, so that one huge line costs no more than a long one.
  const cut = text.slice(0, charsMax * 2);
  const clean = cut
    // OSC (title, links), then CSI (colours, cursor), then what is left of C0, DEL and C1.
    .replace(/\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g, '')
    .replace(/(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]/g, '')
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
  return clean.length > charsMax ? `${clean.slice(0, charsMax - 1)}…` : clean;
}
