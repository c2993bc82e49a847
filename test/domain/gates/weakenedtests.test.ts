import { describe, expect, it } from 'vitest';
import { isTestFile, weakenedTests, type TestFile } from '../../../src/domain/gates/weakenedtests.ts';

const base = "it('adds', () => {\n  expect(add(1, 2)).toBe(3);\n  expect(add(0, 0)).toBe(0);\n});\n";
const found = (files: readonly TestFile[], removed: readonly string[] = []) =>
  weakenedTests
    .judge({ files, removed, manifests: [], asked: [] })
    .map(({ file, line, text }) => [file, line, text.split('\n')[0]]);
const changed = (after: string | null, before: string | null = base) =>
  found([{ path: 'a.test.ts', before, after }]);

describe('isTestFile()', () => {
  it.each([
    'a.test.ts',
    'src/a_test.go',
    'test/x.js',
    'pkg/tests/y.py',
    'test_a.py',
    'FooTest.java',
    'a.spec.tsx',
  ])('knows %s', (path) => expect(isTestFile(path)).toBe(true));
  it.each(['src/a.ts', 'coordination/specs/Q-R01-SPEC.md', 'src/contest.ts', 'latest/x.ts'])(
    'leaves %s alone',
    (path) => expect(isTestFile(path)).toBe(false),
  );
});

describe('the weakened-tests gate', () => {
  it.each([
    ["it.skip('adds', () => {"],
    ["describe.only('all', () => {"],
    ["xit('adds', () => {"],
    ["it.concurrent.skip('adds', () => {"],
    ["test('adds', { skip: true }, () => {"],
    ['@pytest.mark.skip(reason="later")'],
    ['    t.Skip("later")'],
    ['@Disabled'],
    ['#[ignore]'],
    ['expect(true).toBe(true);'],
    ['assert True'],
  ])('finds the added line %j', (line) => {
    expect(changed(`${base}${line}\n`)).toHaveLength(1);
  });

  it.each([
    ['nothing changed', base],
    ['a test was added', `${base}it('more', () => {\n  expect(add(2, 2)).toBe(4);\n});\n`],
    ['a comment speaks of it.skip', `${base}// never it.skip here\n`],
    ['a call only looks like it', `${base}list.skip(3);\nconst only = 1;\nfitToScreen(a);\n`],
    ['an option is false', `${base}test('x', { skip: false }, () => {});\n`],
  ])('is content when %s', (_, after) => {
    expect(changed(after)).toEqual([]);
  });

  it('leaves alone what was switched off before the round', () => {
    expect(changed(`it.skip('old', f);\n${base}`, `it.skip('old', f);\n${base}`)).toEqual([]);
  });

  it('finds a deleted file, unless its tests moved or the spec removes it', () => {
    expect(changed(null)).toHaveLength(1);
    const moved = { path: 'b.test.ts', before: null, after: base };
    expect(found([{ path: 'a.test.ts', before: base, after: null }, moved])).toEqual([]);
    expect(found([{ path: 'a.test.ts', before: base, after: null }], ['a.test.ts'])).toEqual([]);
  });

  it('finds fewer assertions, unless they moved to another file', () => {
    const thin = base.replace('  expect(add(0, 0)).toBe(0);\n', '');
    expect(changed(thin)).toEqual([
      ['a.test.ts', null, 'It had 2 assertions and has 1. Gone are, among others:'],
    ]);
    const moved = {
      path: 'b.test.ts',
      before: null,
      after: "it('zero', () => {\n  expect(add(0, 0)).toBe(0);\n});\n",
    };
    expect(found([{ path: 'a.test.ts', before: base, after: thin }, moved])).toEqual([]);
  });
});

describe('the weakened-tests gate on what the tests are', () => {
  const manifest = (scripts: Readonly<Record<string, string>>): string =>
    JSON.stringify({ name: 'x', scripts }, null, 2);
  const judged = (before: string | null, after: string | null, asked: readonly string[] = []) =>
    weakenedTests
      .judge({ files: [], removed: [], manifests: [{ path: 'package.json', before, after }], asked })
      .map(({ id, line, severity }) => [id, line, severity]);
  const was = manifest({ build: 'tsc', test: 'vitest run' });

  it.each([
    ['another command', manifest({ build: 'tsc', test: 'true' }), 5],
    ['one that swallows what is red', manifest({ build: 'tsc', test: 'vitest run || true' }), 5],
    ['none at all', manifest({ build: 'tsc' }), null],
  ])('finds %s in the place of the tests, with its line', (_, after, line) => {
    expect(judged(was, after)).toEqual([['weakened-tests:package.json:script-test', line, 'MAJOR']]);
  });

  it.each([
    ['nothing', '', 'Acceptance: `` `true` `` for even numbers.'],
    ['a colon', ':', 'Acceptance: it works. Run `:`.'],
    ['true', 'true', 'It returns `true` for even numbers.'],
    ['a success', 'exit 0', '```sh\nexit 0\n```'],
    ['words', 'echo done', 'It prints `echo done`.'],
    ['what is only part of a sentence', 'node x.js', 'Write node x.js for it.'],
    ['what is only part of a code span', 'vitest', 'Run `vitest run` first.'],
  ])('does not take %s in the spec for a new test script', (_, script, spec) => {
    const after = manifest({ build: 'tsc', test: script });
    expect(judged(was, after, [spec])).toHaveLength(1);
  });

  it('takes a script that is a line of a code block in the spec', () => {
    const after = manifest({ build: 'tsc', test: 'node --test' });
    expect(judged(was, after, ['Scripts:\n\n```sh\ntsc\nnode --test\n```\n'])).toEqual([]);
  });

  it.each([
    ['another script', was, manifest({ build: 'esbuild', test: 'vitest run' }), []],
    [
      'the first tests of a project',
      manifest({ test: 'echo "Error: no test specified" && exit 1' }),
      was,
      [],
    ],
    ['a manifest of its own', null, was, []],
    [
      'what the spec says word for word',
      was,
      manifest({ test: 'node --test' }),
      ['Set it to `node --test`.'],
    ],
    ['a file that is broken anyway', was, '{', []],
  ])('lets %s be', (_, before, after, asked) => {
    expect(judged(before, after, asked)).toEqual([]);
  });
});
