import { describe, expect, it } from 'vitest';
import { mutantsOf, selfConfirming, spread } from '../../../src/domain/gates/selfconfirming.ts';

const breaks = (line: string, file = 'src/a.ts'): readonly string[] =>
  mutantsOf(file, line, [1]).map(({ now }) => now);

describe('mutantsOf()', () => {
  it.each([
    ['if (a === b) stop();', 'if (a !== b) stop();'],
    ['return a < b;', 'return a >= b;'],
    ['const all = a && b;', 'const all = a || b;'],
    ['let open = true;', 'let open = false;'],
    ['const sum = a + b;', 'const sum = a - b;'],
    ['  return total;', '  return undefined;'],
    ['wait(250);', 'wait(1250);'],
    ['if (isOpen(a)) return (b);', 'if (!(isOpen(a))) return (b);'],
    ["say('a + b', c + d);", "say('a + b', c - d);"],
  ])('breaks %j', (line, now) => {
    expect(breaks(line)).toContain(now);
  });

  it.each(['// a + b', ' * a + b', "import { a } from './b.ts';", '', '}', "say('a + b');", '# a + b'])(
    'leaves %j alone',
    (line) => expect(breaks(line)).toEqual([]),
  );

  it('breaks only the lines it is given, each in a few ways', () => {
    const text = 'const a = 1 + 2;\nif (x === 1 && y < 2 || z > 3) return a + b;\n';
    expect(mutantsOf('a.js', text, [2]).map(({ line }) => line)).toEqual([2, 2, 2]);
  });
});

it('breaks a line of another language only by what that language has', () => {
  expect(breaks('    return total', 'a.py')).toEqual([]);
  expect(breaks('    return total and True', 'a.py')).toEqual([
    '    return total or True',
    '    return total and False',
  ]);
});

describe('the self-confirming-tests gate', () => {
  const mutant = { file: 'a.ts', line: 3, was: 'return a + b;', now: 'return a - b;' };
  const other = { ...mutant, now: 'return undefined;' };

  it('finds a line that can be broken in every way tried without a test turning red', () => {
    const found = selfConfirming.judge([
      { ...mutant, noticed: false },
      { ...other, noticed: false },
    ]);
    expect(found).toMatchObject([{ severity: 'MAJOR', file: 'a.ts', line: 3 }]);
    expect(found[0]?.text).toContain('  return a - b;\n  return undefined;');
  });

  it('is content when one of the ways is noticed, or when nothing was tried', () => {
    const half = [
      { ...mutant, noticed: false },
      { ...other, noticed: true },
    ];
    expect(selfConfirming.judge(half)).toEqual([]);
    expect(selfConfirming.judge([])).toEqual([]);
  });
});

describe('spread()', () => {
  it('takes every line once before any twice', () => {
    const at = (line: number, now: string) => ({ file: 'a.ts', line, was: '', now });
    const all = [at(1, 'a'), at(1, 'b'), at(2, 'a'), at(3, 'a')];
    expect(spread(all, 3).map(({ line }) => line)).toEqual([1, 2, 3]);
  });
});
