/**
 * One copy in memory of what many projects say alike: most of a policy comes from the files we ship, and a thousand projects
 * would hold a thousand of it. Values are shared by what they say, so they must never be changed, and the order
 * of their keys may be that of another project; nothing is kept that nobody else holds.
 */
import { createHash } from 'node:crypto';

const copies = new Map<string, WeakRef<object>>();
/** Past it, what nobody holds any more is looked for and forgotten. */
let sweepAt = 1_000;

/** How deep parts of a part that nobody else has are looked at: an agent of one's own leaves all other agents shared. */
const depthMost = 2;

/**
 * An object whose parts, and where a part is new the parts of that, are the ones of an earlier object, wherever they say
 * the same. `write` is how a part is told from others; it must be one text for one meaning.
 *
 * @example sharedParts({ a: { x: 1 } }, JSON.stringify).a === sharedParts({ a: { x: 1 } }, JSON.stringify).a // true
 */
export function sharedParts<T extends object>(
  value: T,
  write: (part: unknown) => string,
  depth: number = depthMost,
): T {
  const parts = Object.entries(value).map(([name, part]: readonly [string, unknown]) => [
    name,
    isObject(part) ? shared(part, write, depth - 1) : part,
  ]);
  return Object.fromEntries(parts) as T;
}

function shared(value: object, write: (part: unknown) => string, depth: number): object {
  const key = createHash('sha256').update(write(value)).digest('base64');
  const earlier = copies.get(key)?.deref();
  if (earlier !== undefined) return earlier;
  if (copies.size >= sweepAt) sweep();
  const copy = depth > 0 && !Array.isArray(value) ? sharedParts(value, write, depth) : value;
  copies.set(key, new WeakRef(copy));
  return copy;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

function sweep(): void {
  for (const [key, copy] of copies) if (copy.deref() === undefined) copies.delete(key);
  sweepAt = Math.max(sweepAt, 2 * copies.size);
}
