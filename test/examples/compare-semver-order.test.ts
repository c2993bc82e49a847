/**
 * The function that the demo project builds, held against semver.org's own examples and against a second working-out of
 * section 11. It takes the two modules as the script holds them; compare-semver.test.ts shows that the round builds
 * exactly these.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** Ascending, as semver.org prints it in section 11, with the examples of sections 2 and 9 in their places. */
const ascending = (
  '0.0.4 1.0.0-0.3.7 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 ' +
  '1.0.0-x.7.z.92 1.0.0-x-y-z.4 1.0.0 1.9.0 1.10.0 1.11.0 2.0.0 2.1.0 2.1.1 10.2.3-DEV-SNAPSHOT'
).split(' ');
/** Pairs that differ in build metadata only; the metadata is that of the examples in section 10. */
const equal = [
  ['1.0.0-alpha+001', '1.0.0-alpha'],
  ['1.0.0+20130313144700', '1.0.0+21AF26D3----117B344092BD'],
  ['1.0.0-beta+exp.sha.5114f85', '1.0.0-beta'],
  ['1.0.0+0.build.1-rc.10000aaa-kk-0.1', '1.0.0'],
] as const;
/** From the list of strings that must not match the pattern semver.org suggests. */
const invalid =
  '1 1.2 1.2.3-0123 1.1.2+.123 +invalid -invalid+invalid alpha alpha..1 1.0.0-alpha_beta 1.0.0-alpha.. 01.1.1 1.01.1 1.1.01 ' +
  '1.2.3.DEV 1.2-SNAPSHOT -1.0.3-gamma+b7718 9.8.7+meta+meta 1.2.31.2.3----RC-SNAPSHOT.12.09.1--..12+788';

const digits = fc.oneof(fc.nat(12), fc.bigInt({ min: 0n, max: 10n ** 40n })).map(String);
const word = fc.stringMatching(/^[0-9A-Za-z-]{0,2}[A-Za-z-]$/);
const dotted = (part: fc.Arbitrary<string>) => fc.array(part, { minLength: 1, maxLength: 3 }).map((all) => all.join('.'));
const version = fc
  .tuple(
    fc.tuple(digits, digits, digits).map((core) => core.join('.')),
    fc.option(dotted(fc.oneof(digits, word)), { nil: null }),
    fc.option(dotted(fc.stringMatching(/^[0-9A-Za-z-]{1,3}$/)), { nil: null }),
  )
  .map(([core, pre, build]) => core + (pre === null ? '' : `-${pre}`) + (build === null ? '' : `+${build}`));
/** Close relatives, so that the later rules of the order get their turn. */
const relatives = fc.tuple(fc.constantFrom('1.2.3', '1.2.10'), dotted(fc.oneof(digits, word))).map((all) => all.join('-'));

/** Section 11 once more, by numbers instead of by text: the judge of the property below. */
function precedence(a: string, b: string): number {
  const [left, right] = [a, b].map((one) => /^(\d+)\.(\d+)\.(\d+)(?:-([^+]+))?/.exec(one)!);
  for (const at of [1, 2, 3]) {
    const gap = BigInt(left![at]!) - BigInt(right![at]!);
    if (gap !== 0n) return gap < 0n ? -1 : 1;
  }
  const [p, q] = [left![4], right![4]];
  if (p === undefined || q === undefined) return Number(p === undefined) - Number(q === undefined);
  const [ps, qs] = [p.split('.'), q.split('.')];
  for (let at = 0; at < Math.min(ps.length, qs.length); at += 1) {
    const [x, y] = [ps[at]!, qs[at]!];
    if (x === y) continue;
    const [xIsNumber, yIsNumber] = [/^\d+$/.test(x), /^\d+$/.test(y)];
    if (xIsNumber && yIsNumber) return BigInt(x) < BigInt(y) ? -1 : 1;
    if (xIsNumber !== yIsNumber) return xIsNumber ? -1 : 1;
    return Buffer.compare(Buffer.from(x), Buffer.from(y));
  }
  return Math.sign(ps.length - qs.length);
}

type Compare = (a: unknown, b: unknown) => number;

async function compareOf(answer: 'A' | 'B'): Promise<Compare> {
  const path = `../../examples/compare-semver/scripted/implementer/answer-${answer.toLowerCase()}/compare-semver.js`;
  const module: unknown = await import(/* @vite-ignore */ new URL(path, import.meta.url).href);
  return (module as { compareSemver: Compare }).compareSemver;
}

describe.each(['A', 'B'] as const)('compareSemver as the round with answer %s builds it', (answer) => {
  it("orders semver.org's own examples", async () => {
    const compare = await compareOf(answer);
    ascending.forEach((a, i) => {
      ascending.forEach((b, j) => expect(compare(a, b), `${a} and ${b}`).toBe(Math.sign(i - j)));
    });
    for (const [a, b] of equal) expect([compare(a, b), compare(b, a)]).toEqual([0, 0]);
  });

  it('agrees with section 11 worked out by numbers', async () => {
    const compare = await compareOf(answer);
    const pair = fc.oneof(fc.tuple(version, version), fc.tuple(relatives, relatives));
    fc.assert(
      fc.property(pair, ([a, b]) => {
 expect(compare(a, b)).toBe(precedence(a, b));
}),
      { numRuns: 2_000 },
    );
  });

  it('is a total order: signs turn with the arguments, and it is transitive', async () => {
    const compare = await compareOf(answer);
    const any = answer === 'A' ? fc.oneof(version, relatives) : fc.oneof(version, relatives, fc.string());
    const triple = fc.property(any, any, any, (a, b, c) => {
      expect(compare(a, b) + compare(b, a)).toBe(0);
      expect(compare(a, a)).toBe(0);
      if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0);
    });
    fc.assert(triple, { numRuns: 2_000 });
  });

  it('treats a string that is not a version as its answer says', async () => {
    const compare = await compareOf(answer);
    for (const bad of invalid.split(' ')) {
      if (answer === 'A') expect(() => compare('0.0.0-0', bad)).toThrow(TypeError);
      else expect([compare(bad, '0.0.0-0'), compare('0.0.0-0', bad), compare(bad, bad)], bad).toEqual([-1, 1, 0]);
    }
  });
});
