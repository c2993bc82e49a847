/**
 * Lets a few at a time do what costs much memory at once, in the order they came. It knows nothing of what they do.
 */

/** Does a piece of work when its turn has come. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * At most `atOnce` pieces of work at the same time; one that fails takes no place from the others.
 *
 * @example
 * const inTurn = createTurns(4);
 * await Promise.all(projects.map((project) => inTurn(() => open(project))));
 */
export function createTurns(atOnce: number): InTurn {
  const waiting: (() => void)[] = [];
  let free = atOnce;
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      // The place is handed on, not given back, so that nobody slips in between.
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
