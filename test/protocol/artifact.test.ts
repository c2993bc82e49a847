import { describe, expect, it } from 'vitest';
import { matches } from '../../src/protocol/artifact.ts';

describe('matches()', () => {
  it.each([
    ['src/a.ts', 'src/a.ts', true],
    ['src/a.ts', 'src/a.tsx', false],
    ['src/a.ts', 'src', false],
    ['src/a.ts', 'src/', true],
    ['src', 'src/', false],
    ['source/a.ts', 'src/', false],
    ['src/deep/a.ts', 'src/**', true],
    ['src/deep/a.ts', 'src/*', false],
    ['src/a.ts', 'src/*', true],
    ['src/a.ts', 'src/*.ts', true],
    ['src/a.js', 'src/*.ts', false],
    ['src/deep/er/a.ts', 'src/**/a.ts', true],
    ['src/a.ts', 'src/**/a.ts', true],
    ['src/ba.ts', 'src/**/a.ts', false],
    ['src/deep/ba.ts', 'src/**/a.ts', false],
    ['src/deep/er', 'src/**/a.ts', false],
    ['test/a/b.test.ts', 'test/**/*.test.ts', true],
    ['a/b/c/d', 'a/**/c/**', true],
    ['a/bc/d', 'a/**/c/**', false],
    ['anything/at all', '**', true],
    ['', '', true],
    ['a', '', false],
    ['a/b/c.md', 'a/*/c.md', true],
    ['a/b/d/c.md', 'a/*/c.md', false],
    ['a/c.md', 'a/**/c.md', true],
    ['a/b/d/c.md', 'a/**/c.md', true],
    ['a/b', 'a/', true],
    ['ab', 'a/', false],
    ['anything/at/all', '**', true],
    ['x.md', '*.md', true],
    ['dir/x.md', '*.md', false],
    ['a.b', 'a?b', false],
    ['', '*', true],
  ])('%j under %j: %j', (path, pattern, expected) => {
    expect(matches(path, pattern)).toBe(expected);
  });

  it('takes no more than path times pattern, whatever a model wrote', () => {
    const path = `coordination/logs/${'a'.repeat(2_000)}`;
    expect(matches(path, `coordination/logs/${'*a'.repeat(60)}x.md`)).toBe(false);
    expect(matches(path, `coordination/${'**/*a'.repeat(60)}`)).toBe(true);
  });

  it('stays fast for a pattern that is all stars', () => {
    const started = performance.now();
    expect(matches(`${'a/'.repeat(400)}b`, `${'**/*'.repeat(40)}c`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
