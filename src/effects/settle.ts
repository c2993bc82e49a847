/**
 * Turns a burst of signs that a file changes into two looks at it: one when it has been quiet for a moment, and one a
 * little later, for an editor that saves in two steps. A burst that does not end is looked into all the same. Keeps
 * nothing but timers; after `close()` it calls nobody.
 */

/** All in milliseconds. */
export type Pacing = {
  readonly settleMs: number;
  readonly secondLookMs: number;
};

export type Settler = {
  /** Something may have happened to this path. */
  touch(path: string): void;
  close(): void;
};

/** A file that changes without a pause is looked at this often nevertheless. */
export const burstMs = 250;

/**
 * Calls `look` for a touched path after `settleMs` without another touch, and again `secondLookMs` later.
 *
 * @example
 * const settler = createSettler({ settleMs: 30, secondLookMs: 90 }, (path) => read(path));
 * settler.touch('coordination/NEXT-ROLE.md'); // read() is called after 30 and after 120 ms
 */
export function createSettler(pacing: Pacing, look: (path: string) => void): Settler {
  type Wait = { readonly since: number; readonly timer: NodeJS.Timeout };
  const first = new Map<string, Wait>();
  const second = new Map<string, NodeJS.Timeout>();

  const lookTwice = (path: string): void => {
    first.delete(path);
    second.set(
      path,
      setTimeout(() => {
        second.delete(path);
        look(path);
      }, pacing.secondLookMs),
    );
    look(path);
  };

  return {
    touch(path) {
      const now = performance.now();
      const since = first.get(path)?.since ?? now;
      clearTimeout(first.get(path)?.timer);
      clearTimeout(second.get(path));
      const waitMs = Math.max(0, Math.min(pacing.settleMs, since + burstMs - now));
      first.set(path, { since, timer: setTimeout(() => lookTwice(path), waitMs) });
    },
    close() {
      for (const { timer } of first.values()) clearTimeout(timer);
      for (const timer of second.values()) clearTimeout(timer);
      first.clear();
      second.clear();
    },
  };
}
