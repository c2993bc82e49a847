import { describe, expect, it } from 'vitest';
import {
  lessUsage,
  promptTokensOf,
  sumUsage,
  tokensOf,
  usageClasses,
  zeroUsage,
} from '../../src/protocol/usage.ts';

const usage = { input: 1, cacheWrite5m: 20, cacheWrite1h: 300, cacheRead: 4_000, output: 50_000 };

describe('usage', () => {
  it('has a class for every key, and no other', () => {
    expect(Object.keys(usage).sort()).toEqual([...usageClasses].sort());
    expect(Object.keys(zeroUsage).sort()).toEqual([...usageClasses].sort());
  });

  it('is summed and taken apart class by class', () => {
    expect(sumUsage([usage, usage, zeroUsage])).toEqual({
      input: 2,
      cacheWrite5m: 40,
      cacheWrite1h: 600,
      cacheRead: 8_000,
      output: 100_000,
    });
    expect(sumUsage([])).toEqual(zeroUsage);
    expect(lessUsage(usage, usage)).toEqual(zeroUsage);
    expect(lessUsage({ ...zeroUsage, output: 1 }, usage)).toEqual(zeroUsage);
  });

  it('counts all tokens, and those of the prompt', () => {
    expect(tokensOf(usage)).toBe(54_321);
    expect(promptTokensOf(usage)).toBe(4_321);
  });
});
