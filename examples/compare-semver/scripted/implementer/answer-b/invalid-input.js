/**
 * Option B of the round's question: a string that is not a version stands before every version, and the order stays
 * total. Each example looks like a version and breaks a rule of Semantic Versioning 2.0.0.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareSemver } from '../src/compare-semver.js';

const wrongCore = [
  '',
  '1',
  '1.2',
  '1.2.3.4',
  '01.2.3',
  '1.02.3',
  'v1.2.3',
  ' 1.2.3',
  '1.2.3\n',
  '1.2.-3',
  '1.2.x',
];
const wrongTail = [
  '1.2.3-',
  '1.2.3-01',
  '1.2.3-a..b',
  '1.2.3-ä',
  '1.2.3+',
  '1.2.3+a+b',
  '1.2.3-a_b',
  '1.2.3-a.',
];
const lowest = '0.0.0-0';

describe('Option B: a string that is not a version stands before every version', () => {
  for (const text of [...wrongCore, ...wrongTail]) {
    it(`${JSON.stringify(text)} stands before the lowest version there is, and equals itself`, () => {
      assert.equal(compareSemver(text, lowest), -1);
      assert.equal(compareSemver(lowest, text), 1);
      assert.equal(compareSemver(text, text), 0);
    });
  }

  it('two bad strings stand in code unit order', () => {
    assert.equal(compareSemver('1.2', 'v1.2.3'), -1);
    assert.equal(compareSemver('v1.2.3', '1.2'), 1);
    assert.equal(compareSemver('1.10', '1.9'), -1);
  });

  it('a list with bad strings sorts to the same order from every rotation', () => {
    const sorted = ['', '1.2', 'v3.0.0', '0.0.0-0', '1.0.0-rc.1', '1.0.0', '2.0.0'];
    for (let start = 0; start < sorted.length; start += 1) {
      const turned = [...sorted.slice(start), ...sorted.slice(0, start)];
      assert.deepEqual(turned.sort(compareSemver), sorted);
    }
  });
});
