/** Sizes of texts as they are stored and sent. No `node:` here: the pure floors use it too. */

/**
 * UTF-8 bytes of a text.
 *
 * @example byteLength('ä') // 2
 */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
