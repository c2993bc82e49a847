/**
 * Option A of the round's question: a string that is not a version is refused with a TypeError that names it. Each
 * example looks like a version and breaks a rule of Semantic Versioning 2.0.0.
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

describe('Option A: a string that is not a version is refused', () => {
  for (const text of [...wrongCore, ...wrongTail]) {
    it(`${JSON.stringify(text)} throws on either side, and the message names it`, () => {
      const refusal = (error) => error instanceof TypeError && error.message.includes(JSON.stringify(text));
      assert.throws(() => compareSemver(text, '1.2.3'), refusal);
      assert.throws(() => compareSemver('1.2.3', text), refusal);
      assert.throws(() => compareSemver(text, text), refusal);
    });
  }

  it('one bad string stops the sort of a list', () => {
    assert.throws(() => ['2.0.0', '1.2', '1.0.0'].sort(compareSemver), TypeError);
  });
});
