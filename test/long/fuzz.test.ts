/**
 * A million cases for everything that reads what a model or a person wrote. `npm run fuzz` prints the counts and the
 * seed; NEXT_ROLE_FUZZ_SEED plays the same cases again, NEXT_ROLE_FUZZ_CASES sets how many.
 */
import { describe, expect, it } from 'vitest';
import { fuzzAnything, fuzzCodec, fuzzReaders } from '../rig/fuzz.ts';

const cases = Number(process.env['NEXT_ROLE_FUZZ_CASES'] ?? 1_000_000);
const seed = Number(process.env['NEXT_ROLE_FUZZ_SEED'] ?? Math.floor(Date.now() / 1_000));
const parts = [
  ['mutated handoffs', fuzzCodec, 0.25],
  ['mutated lines', fuzzReaders, 0.7],
  ['texts of no shape', fuzzAnything, 0.05],
] as const;

describe('fuzzing', () => {
  it.each(parts)('%s keep every promise', (name, fuzz, share) => {
    const startedAt = Date.now();
    const { cases: tried, understood, refused } = fuzz(Math.ceil(cases * share), seed);
    const seconds = Math.round((Date.now() - startedAt) / 1_000);
    console.log(
      `seed ${seed}: ${tried} ${name}, ${understood} understood, ${refused} refused, in ${seconds} s`,
    );
    expect(understood + refused).toBe(tried);
  });
});
