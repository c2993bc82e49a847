/**
 * The precedence rules of Semantic Versioning 2.0.0, section 11, as a table. Each row is one claim: the left version
 * stands before the right one. Every row is checked in both directions; the last block checks the whole order.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareSemver } from '../src/compare-semver.js';

/** The chain that section 11 itself gives, in ascending order. */
const chain = [
  '1.0.0-alpha',
  '1.0.0-alpha.1',
  '1.0.0-alpha.beta',
  '1.0.0-beta',
  '1.0.0-beta.2',
  '1.0.0-beta.11',
  '1.0.0-rc.1',
  '1.0.0',
];

function ascends(rows) {
  for (const [lower, higher, because] of rows) {
    it(`${lower} < ${higher}: ${because}`, () => {
      assert.equal(compareSemver(lower, higher), -1);
      assert.equal(compareSemver(higher, lower), 1);
    });
  }
}

describe('AC-1 major, minor and patch are compared as numbers, in that order', () => {
  ascends([
    ['1.0.0', '2.0.0', 'major decides'],
    ['2.0.0', '2.1.0', 'minor decides when major is equal'],
    ['2.1.0', '2.1.1', 'patch decides when the rest is equal'],
    ['1.9.0', '1.10.0', 'nine is less than ten, though its digit is greater'],
    ['1.99.99', '2.0.0', 'a greater minor does not outweigh major'],
    ['0.0.0', '0.0.1', 'zero is a number like any other'],
  ]);
});

describe('AC-2 a pre-release stands before its own release only', () => {
  ascends([
    ['1.0.0-alpha', '1.0.0', 'the pre-release comes first'],
    ['1.0.0', '1.0.1-alpha', 'the numbers still decide before the pre-release does'],
    ['1.0.0-0', '1.0.0', 'even the shortest pre-release is one'],
  ]);
});

describe('AC-3 pre-release identifiers are compared one by one, from the left', () => {
  ascends([
    ['1.0.0-beta.2', '1.0.0-beta.11', 'digits only: by number'],
    ['1.0.0-alpha', '1.0.0-beta', 'letters: in ASCII order'],
    ['1.0.0-Beta', '1.0.0-alpha', 'ASCII has capitals before small letters'],
    ['1.0.0-alpha.1', '1.0.0-alpha.beta', 'a number stands before letters'],
    ['1.0.0-999', '1.0.0--', 'also when the letters are a single hyphen'],
    ['1.0.0-1a', '1.0.0-a', 'digits followed by a letter are text'],
    ['1.0.0-a.b.c', '1.0.0-a.c.b', 'the first difference decides'],
  ]);
});

describe('AC-4 with all earlier identifiers equal, the longer pre-release is the higher one', () => {
  ascends([
    ['1.0.0-alpha', '1.0.0-alpha.1', 'one more identifier'],
    ['1.0.0-alpha.1', '1.0.0-alpha.1.0', 'zero counts as an identifier'],
    ['1.0.0-alpha.1', '1.0.0-alpha-1', 'a hyphen joins, only a dot separates'],
  ]);
});

describe('AC-5 build metadata has no say', () => {
  for (const [left, right] of [
    ['1.0.0+20130313144700', '1.0.0'],
    ['1.0.0+1', '1.0.0+2'],
    ['1.0.0-rc.1+exp.sha.5114f85', '1.0.0-rc.1'],
    ['1.0.0+001', '1.0.0+1'],
    ['1.0.0+-.-', '1.0.0'],
  ]) {
    it(`${left} = ${right}`, () => {
      assert.equal(compareSemver(left, right), 0);
      assert.equal(compareSemver(right, left), 0);
    });
  }
});

describe('AC-6 numbers of any length are compared exactly', () => {
  ascends([
    ['9007199254740992.0.0', '9007199254740993.0.0', 'one above 2^53, where doubles cannot tell'],
    ['1.0.0-9007199254740992', '1.0.0-9007199254740993', 'the same in a pre-release'],
  ]);

  it('four hundred nines are less than a one with four hundred zeros, both far beyond the largest double', () => {
    const [lower, higher] = [`1.${'9'.repeat(400)}.0`, `1.1${'0'.repeat(400)}.0`];
    assert.equal(compareSemver(lower, higher), -1);
    assert.equal(compareSemver(higher, lower), 1);
  });
});

describe('AC-7 the result is a total order that sort() can use', () => {
  const versions = [
    ...chain,
    '0.9.9',
    '1.0.0-Beta',
    '1.0.0-1',
    '1.0.0+build',
    '1.0.1-0',
    '1.10.0',
    '2.0.0-x',
  ];

  it('gives -1, 0 or 1, and nothing else', () => {
    for (const a of versions) for (const b of versions) assert.ok([-1, 0, 1].includes(compareSemver(a, b)));
  });

  it('turns its sign when its arguments change places', () => {
    for (const a of versions) {
      for (const b of versions) assert.ok(compareSemver(a, b) + compareSemver(b, a) === 0, `${a} and ${b}`);
    }
  });

  it('is transitive', () => {
    for (const a of versions) {
      for (const b of versions) {
        for (const c of versions) {
          const rises = compareSemver(a, b) <= 0 && compareSemver(b, c) <= 0;
          assert.ok(!rises || compareSemver(a, c) <= 0, `${a} <= ${b} <= ${c}`);
        }
      }
    }
  });

  it('sorts the chain of section 11 from every rotation of it', () => {
    for (let start = 0; start < chain.length; start += 1) {
      const turned = [...chain.slice(start), ...chain.slice(0, start)];
      assert.deepEqual(turned.sort(compareSemver), chain);
    }
  });
});

describe('AC-8 an argument that is not a string is refused', () => {
  for (const value of [undefined, null, 1, ['1.0.0']]) {
    it(`${JSON.stringify(value)} throws on either side`, () => {
      assert.throws(() => compareSemver(value, '1.0.0'), TypeError);
      assert.throws(() => compareSemver('1.0.0', value), TypeError);
    });
  }
});
