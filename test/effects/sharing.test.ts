import { describe, expect, it } from 'vitest';
import { sharedParts } from '../../src/effects/sharing.ts';

describe('sharedParts()', () => {
  it('gives the parts that say the same as one value, and leaves the others as they are', () => {
    const one = sharedParts(
      { roles: { a: [1] }, caps: { most: 1 }, name: 'one', none: null },
      JSON.stringify,
    );
    const two = sharedParts(
      { roles: { a: [1] }, caps: { most: 2 }, name: 'two', none: null },
      JSON.stringify,
    );
    expect(two.roles).toBe(one.roles);
    expect(two).toEqual({ roles: { a: [1] }, caps: { most: 2 }, name: 'two', none: null });
    expect(one.caps).toEqual({ most: 1 });
  });

  it('goes on into a part that is new, and no further than the parts of that', () => {
    const agents = (own: string) => ({
      agents: { claude: { env: ['A'] }, own: { run: own, env: { deep: ['B'] } } },
    });
    const one = sharedParts(agents('one'), JSON.stringify);
    const two = sharedParts(agents('two'), JSON.stringify);
    expect(two).toEqual(agents('two'));
    expect(one).toEqual(agents('one'));
    expect(two.agents.claude).toBe(one.agents.claude);
    expect(two.agents.own.env).not.toBe(one.agents.own.env);
  });
});
