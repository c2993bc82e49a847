/**
 * The runner's inbox: events wait in order until the loop is ready for one. Hands and watchers only ever push; nothing
 * acts straight from an outside event.
 */

export type Queue<T> = {
  push(item: T): void;
  /** The oldest item, waiting for one when there is none. One reader at a time. */
  next(): Promise<T>;
  isEmpty(): boolean;
};

/** More waiting events than any real project makes; past it something floods us and the run must fail loudly. */
const itemCountMax = 10_000;

export function createQueue<T>(): Queue<T> {
  const items: T[] = [];
  let waiting: ((item: T) => void) | null = null;
  return {
    push(item) {
      if (waiting !== null) {
        const hand = waiting;
        waiting = null;
        hand(item);
        return;
      }
      if (items.length >= itemCountMax) throw new RangeError(`More than ${itemCountMax} events are waiting`);
      items.push(item);
    },
    next() {
      const first = items.shift();
      if (first !== undefined) return Promise.resolve(first);
      return new Promise((resolve) => {
        waiting = resolve;
      });
    },
    isEmpty: () => items.length === 0,
  };
}
