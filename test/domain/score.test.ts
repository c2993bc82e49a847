import { expect, it } from 'vitest';
import { scoreOf } from '../../src/domain/score.ts';

it.each([
  ['its own last line', 'score 1/54\nnot so: a\nscore 52/54\n', false, [52, 54]],
  ['node --test, as TAP', '# tests 8\n# pass 7\n# fail 1\n# skipped 0\n', false, [7, 8]],
  ['node --test, for people', 'ℹ tests 8\nℹ pass 8\nℹ fail 0\n', true, [8, 8]],
  ['a check that says nothing', 'all well\n', true, [1, 1]],
  ['a check that says nothing and fails', '', false, [0, 1]],
  ['a score in the middle of a line', 'the score 3/4 is no line\n', false, [0, 1]],
  ['a failed check that claims everything', 'score 4/4\n', false, [0, 1]],
  ['a green check that claims less', 'score 3/4\n', true, [1, 1]],
  ['more passed than there are', 'score 5/4\n', false, [0, 1]],
  ['nothing to pass', 'score 0/0\n', true, [1, 1]],
] as const)('scoreOf() reads %s', (_, output, isGreen, [passed, total]) => {
  expect(scoreOf(output, isGreen)).toEqual({ passed, total });
});
