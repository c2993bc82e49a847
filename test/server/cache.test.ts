/** The provider's prompt cache: each rule alone, and that no token is ever lost or counted twice. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPromptCache } from '../../src/server/provider/cache.ts';
import type { PromptUsage } from '../../src/server/provider/cache.ts';
import type { PromptBlock, WireName } from '../../src/server/provider/exchange.ts';

/** A block of so many tokens; the letter makes it another one. */
const block = (
  letter: string,
  tokens: number,
  breakpoint: PromptBlock['breakpoint'] = null,
): PromptBlock => ({
  text: letter.repeat(tokens * 4),
  breakpoint,
});
const minute = 60_000;

function counter(model = 'claude-sonnet-5-5', wire: WireName = 'messages') {
  const cache = createPromptCache();
  return (blocks: readonly PromptBlock[], nowMs = 0, other = model): readonly number[] => {
    const used = cache.count({ wire, model: other, blocks }, nowMs);
    return [used.input, used.cacheWrite5m, used.cacheWrite1h, used.cacheRead];
  };
}

describe('a cache with breakpoints', () => {
  it('writes up to the last breakpoint, then reads it; the rest is input', () => {
    const count = counter();
    const first = [block('a', 1000), block('b', 1000, '5m'), block('c', 50)];
    expect(count(first)).toEqual([50, 2000, 0, 0]);
    expect(count(first)).toEqual([50, 0, 0, 2000]);
    expect(count([...first.slice(0, 2), block('c', 50), block('d', 500, '5m')])).toEqual([0, 550, 0, 2000]);
  });

  it('shares nothing after the first different block, nor with another model', () => {
    const count = counter();
    expect(count([block('a', 2000), block('b', 100, '5m')])).toEqual([0, 2100, 0, 0]);
    // The same beginning is worth nothing: an entry ends only where there was a breakpoint.
    expect(count([block('a', 2000), block('x', 100, '5m')])).toEqual([0, 2100, 0, 0]);
    expect(count([block('a', 2000), block('b', 100, '5m')], 0, 'claude-fable-5')).toEqual([0, 2100, 0, 0]);
  });

  it('forgets after 5 minutes or an hour, and a hit renews the life', () => {
    const count = counter();
    const short = [block('a', 2000, '5m')];
    const long = [block('b', 2000, '1h')];
    count(short);
    count(long);
    expect(count(short, 4 * minute)).toEqual([0, 0, 0, 2000]);
    expect(count(short, 8 * minute)).toEqual([0, 0, 0, 2000]);
    expect(count(short, 14 * minute)).toEqual([0, 2000, 0, 0]);
    expect(count(long, 59 * minute)).toEqual([0, 0, 0, 2000]);
    expect(count(long, 120 * minute)).toEqual([0, 0, 2000, 0]);
  });

  it('splits a write by the life of each breakpoint', () => {
    expect(
      counter()([block('a', 2000, '1h'), block('b', 300), block('c', 200, '5m'), block('d', 7)]),
    ).toEqual([7, 500, 2000, 0]);
  });

  it('looks for an entry up to 20 blocks back and no further', () => {
    const rest = (length: number): readonly PromptBlock[] =>
      Array.from({ length }, (_, at) =>
        block(String.fromCharCode(97 + at), 10, at === length - 1 ? '5m' : null),
      );
    const near = counter();
    near([block('Z', 2000, '5m')]);
    expect(near([block('Z', 2000), ...rest(20)])).toEqual([0, 200, 0, 2000]);
    const far = counter();
    far([block('Z', 2000, '5m')]);
    expect(far([block('Z', 2000), ...rest(21)])).toEqual([0, 2210, 0, 0]);
  });

  it.each([
    ['claude-sonnet-5-5', 1023, 1024],
    ['claude-opus-5-5', 4095, 4096],
    ['claude-haiku-5-5', 4095, 4096],
  ])('%s caches no prefix of %i tokens, but one of %i', (model, tooShort, enough) => {
    expect(counter(model)([block('a', tooShort, '5m')])).toEqual([tooShort, 0, 0, 0]);
    expect(counter(model)([block('a', enough, '5m')])).toEqual([0, enough, 0, 0]);
  });

  it('loses no token and counts none twice, whatever is asked in whatever order', () => {
    const blocks = fc.array(
      fc.record({ text: fc.string({ maxLength: 6000 }), breakpoint: fc.constantFrom(null, '5m', '1h') }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(
        fc.array(fc.record({ blocks, at: fc.nat(3_600_000) }), { maxLength: 8 }),
        fc.constantFrom<WireName>('messages', 'responses', 'generate'),
        (asked, wire) => {
          const cache = createPromptCache();
          for (const each of asked) {
            const used: PromptUsage = cache.count({ wire, model: 'm', blocks: each.blocks }, each.at);
            const bytes = each.blocks.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
            expect(Object.values(used).reduce((sum, tokens) => sum + tokens, 0)).toBe(Math.ceil(bytes / 4));
            expect(Math.min(...Object.values(used))).toBeGreaterThanOrEqual(0);
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('a cache without breakpoints', () => {
  it('reads the longest known beginning, in steps where the provider counts so, and writing is free', () => {
    const codex = counter('gpt-6', 'responses');
    expect(codex([block('a', 1500)])).toEqual([1500, 0, 0, 0]);
    expect(codex([block('a', 1500), block('b', 100)])).toEqual([192, 0, 0, 1408]);
    const gemini = counter('gemini-2.5-pro', 'generate');
    gemini([block('a', 1500)]);
    expect(gemini([block('a', 1500), block('b', 100)])).toEqual([100, 0, 0, 1500]);
    expect(gemini([block('a', 1500), block('b', 100)], 6 * minute)).toEqual([1600, 0, 0, 0]);
  });
});
