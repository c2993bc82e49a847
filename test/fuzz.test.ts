import { describe, expect, it } from 'vitest';
import { fuzzAnything, fuzzCodec, fuzzReaders } from './rig/fuzz.ts';

/** Another seed each day, so that the same ten thousand cases are not tried for ever; the failure names it. */
const seed = Math.floor(Date.now() / 86_400_000);

describe('whatever a model or a person writes', () => {
  it('into a handoff is understood or refused with its line: 3,000 mutated files', () => {
    const { understood, refused } = fuzzCodec(3_000, seed);
    expect(understood).toBeGreaterThan(300);
    expect(refused).toBeGreaterThan(300);
  });

  it('into the output of an agent is an event or noise, and the tally stays small: 6,500 mutated lines', () => {
    const { understood, refused } = fuzzReaders(6_500, seed);
    expect(understood).toBeGreaterThan(300);
    expect(refused).toBeGreaterThan(300);
  });

  it('of no shape at all is no trouble either: 500 texts', () => {
    expect(fuzzAnything(500, seed).cases).toBe(500);
  });
});
