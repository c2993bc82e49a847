/**
 * Reading JSON that a client sent: what has not the wanted shape reads as empty. It never throws.
 */

export type Loose = Readonly<Record<string, unknown>>;

export function recordOf(value: unknown): Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The text in pieces, so that a normal answer arrives in several. */
export function piecesOf(text: string): readonly string[] {
  const count = Math.ceil(text.length / pieceChars);
  return Array.from({ length: count }, (_, k) => text.slice(k * pieceChars, (k + 1) * pieceChars));
}

const pieceChars = 40;
