import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dollars, microOf, moneyOf, usdOf } from '../../src/domain/money.ts';

describe('money', () => {
  it.each([
    [0, 0n],
    [0.023424, 23_424_000_000n],
    [0.0006006, 600_600_000n],
    [1e-7, 100_000n],
    [-0.5, -500_000_000_000n],
    [9_876.543_21, 9_876_543_210_000_000n],
  ])('%d USD is exactly %d pico-dollars, and back', (usd, pico) => {
    expect(moneyOf(usd)).toBe(pico);
    expect(usdOf(pico)).toBe(usd);
  });

  it('adds without drift what floating point does not', () => {
    expect(0.1 + 0.2).not.toBe(0.3);
    expect(usdOf(moneyOf(0.1) + moneyOf(0.2))).toBe(0.3);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 10_000_000 }), { maxLength: 50 }), (micros) => {
        const sum = micros.reduce((total, micro) => total + moneyOf(micro / 1e6), 0n);
        expect(microOf(sum)).toBe(micros.reduce((total, micro) => total + micro, 0));
      }),
    );
  });

  it('rounds to a whole micro-dollar once, half up', () => {
    expect([499_999n, 500_000n, 1_499_999n].map(microOf)).toEqual([0, 1, 1]);
  });

  it.each([
    [0, '$0'],
    [0.00001, '<$0.0001'],
    [0.0234, '$0.0234'],
    [0.99996, '$1.0000'],
    [1.005, '$1.01'],
    [-2.5, '-$2.50'],
  ])('%d is shown as %s', (usd, text) => {
    expect(dollars(moneyOf(usd))).toBe(text);
  });
});
