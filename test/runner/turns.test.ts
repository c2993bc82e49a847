import { describe, expect, it } from 'vitest';
import { createTurns } from '../../src/runner/turns.ts';

describe('createTurns()', () => {
  it('lets no more than so many work at a time, in the order they came, also after one that fails', async () => {
    const inTurn = createTurns(2);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    let working = 0;
    let most = 0;
    const works = [0, 1, 2, 3, 4].map((name) =>
      inTurn(async () => {
        begun.push(name);
        working += 1;
        most = Math.max(most, working);
        await new Promise<void>((end) => ends.push(end));
        working -= 1;
        if (name === 1) throw new Error('one fails');
        return name;
      }),
    );
    const settled = Promise.allSettled(works);
    while (begun.length < 5 || working > 0) {
      ends.shift()?.();
      await new Promise((next) => setImmediate(next));
    }
    expect((await settled).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ]);
    expect({ begun, most }).toEqual({ begun: [0, 1, 2, 3, 4], most: 2 });
  });
});
