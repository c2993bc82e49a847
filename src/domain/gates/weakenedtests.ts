/**
 * No skipped or weakened tests: compares the test files before the round with those now. Tests that were deleted or
 * switched off, assertions that are gone, and assertions that cannot fail are findings. It knows the words of common
 * test frameworks; what it does not know it passes over.
 */
import { coordinationDir } from '../../protocol/artifact.ts';
import { findingId, type Finding } from '../../protocol/finding.ts';
import type { Gate } from './gate.ts';
import { covers } from './scope.ts';

/** A changed test file: its text at the round's start and now; null where it was or is not there. */
export type TestFile = {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
};

export type TestFacts = {
  readonly files: readonly TestFile[];
  /** Files that the spec itself removes. */
  readonly removed: readonly string[];
  /** Changed files that say what `npm test` runs: package.json, wherever it lies. */
  readonly manifests: readonly TestFile[];
  /** What the round is asked to do: spec and directive. */
  readonly asked: readonly string[];
};

/** Words that switch a test off, or switch all others off. */
const switchedOff: readonly RegExp[] = [
  /\b(?:it|test|describe|suite|context|specify|bench)(?:\.\w+)*\.(?:skip|only|todo|fixme|skipIf|runIf)\b/,
  /\b(?:xit|xtest|xdescribe|xcontext|xspecify|fit|fdescribe|fcontext)\s*\(/,
  /\b(?:t|this|ctx|context)\.(?:skip|todo)\s*\(/,
  /\{\s*(?:skip|todo|only)\s*:(?!\s*false\b)/,
  /@(?:pytest\.mark\.)?(?:skip|skipif|xfail)\b|@unittest\.(?:skip|expectedFailure)|\bpytest\.(?:skip|xfail)\s*\(/,
  /\b[tb]\.Skip(?:Now|f)?\s*\(/,
  /@(?:Ignore|Disabled)\b|\[(?:Ignore|Fact\s*\(\s*Skip|Theory\s*\(\s*Skip)/,
  /#\[ignore\b/,
  /\bthrow XCTSkip\b|\bXCTSkip(?:If|Unless)?\s*\(/,
];
const assertion =
  /\bexpect(?:Type|TypeOf)?\s*\(|\bassert\w*(?:\.\w+)*!?\s*\(|\bself\.assert\w+\s*\(|^\s*assert\b(?!\s*\()|\brequire\.\w+\s*\(|\bt\.(?:Error|Fatal|Fail)\w*\s*\(|\b(?:EXPECT|ASSERT|CHECK|REQUIRE)_?\w*\s*\(|\.should\b|\bt\.(?:is|ok|equal|deepEqual|throws|like)\s*\(/;
const cannotFail =
  /\bexpect\(\s*(true|1)\s*\)\.(?:toBe|toEqual)\(\s*\1\s*\)|\bexpect\(\s*true\s*\)\.toBeTruthy\(|\bassert(?:\.ok|\.isTrue|True)?\(\s*(?:true|True|1)\s*[,)]|^\s*assert True\s*$|\bassert!\(true\)/;
const title =
  /\b(?:it|test|specify|describe|context|suite)(?:\.\w+)*\s*\(\s*(['"`])((?:\\.|(?!\1).)+)\1|\bdef (test_\w+)|\bfunc (Test\w+)|\bfn (\w+)\s*\(\s*\)/g;

/**
 * Whether a path is one of a test file, by the conventions of common languages.
 *
 * @example isTestFile('src/a.test.ts') // true
 */
export function isTestFile(path: string): boolean {
  if (path.startsWith(`${coordinationDir}/`)) return false;
  return (
    /(?:^|\/)(?:tests?|__tests__|spec|e2e)\//.test(path) ||
    /[._-](?:test|spec)s?\.\w+$/.test(path) ||
    /(?:^|\/)test_[^/]+\.py$|Tests?\.(?:java|kt|cs|swift|php|scala)$/.test(path)
  );
}

export const weakenedTests: Gate<TestFacts> = {
  name: 'weakened-tests',
  judge({ files, removed, manifests, asked }) {
    const wanted = files.filter(({ path }) => !covers(removed, path));
    const still = new Set(files.flatMap(({ after }) => titlesOf(after ?? '')));
    const count = (side: 'before' | 'after'): number =>
      wanted.reduce((sum, file) => sum + linesWith(file[side] ?? '', assertion).length, 0);
    const fewer = count('after') < count('before');
    return [
      ...manifests.flatMap((file) => redirected(file, asked)),
      ...wanted.flatMap((file) => [
        ...deleted(file, still),
        ...linesAdded(file),
        ...(fewer ? thinned(file) : []),
      ]),
    ];
  },
};

/** Whether a path is one of a file whose scripts say what the tests are. */
export function isManifest(path: string): boolean {
  return /(?:^|\/)package\.json$/.test(path);
}

/** Scripts that `npm test` runs. */
const testScripts = ['pretest', 'test', 'posttest'] as const;

/** A script that ran the tests and now says something else: green means something else with it, unless it was asked for. */
function redirected({ path, before, after }: TestFile, asked: readonly string[]): readonly Finding[] {
  const [was, is] = [scriptsIn(before), scriptsIn(after)];
  if (was === null || is === null) return [];
  return testScripts.flatMap((name) => {
    const [then, now] = [was[name], is[name]];
    if (then === now || then === undefined || then.includes('no test specified')) return [];
    if (now !== undefined && isAskedFor(now, asked)) return [];
    const line = (after ?? '').split('\n').findIndex((each) => each.includes(`"${name}"`));
    const text =
      `The script "${name}" was "${then}" and ${now === undefined ? 'is gone' : `is "${now}"`}, so green is not what ` +
      'it was. Put it back, or have the spec say it word for word, as code that stands alone';
    return [found(path, line < 0 ? null : line + 1, `script-${name}`, text)];
  });
}

/** Scripts that are green whatever the work is: no spec asks for one, however its words fall. */
const provesNothing = /^(?:|:|true|exit(?: 0)?|(?:echo|printf)\b[^|&;]*)$/;

/** Whether the round asks for a script: as a code span or a line of a code block that is the script and nothing else. */
function isAskedFor(script: string, asked: readonly string[]): boolean {
  const wanted = script.trim();
  if (provesNothing.test(wanted)) return false;
  return asked.some((text) => {
    const spans = [...text.matchAll(/(`+)([^`\n]+)\1(?!`)/g)].map(([, , code = '']) => code.trim());
    const blocks = [...text.matchAll(/^(`{3,}|~{3,})[^\n]*\n([\s\S]*?)^\1/gm)].map(([, , code = '']) => code);
    const lines = blocks.flatMap((code) => code.split('\n')).map((line) => line.trim());
    return [...spans, ...lines].includes(wanted);
  });
}

/** Null where there are none that can be read: such a file says itself that it is broken. */
function scriptsIn(text: string | null): Readonly<Record<string, string | undefined>> | null {
  if (text === null) return null;
  try {
    const parsed = JSON.parse(text) as { readonly scripts?: Readonly<Record<string, unknown>> } | null;
    const entries = Object.entries(parsed?.scripts ?? {});
    return Object.fromEntries(
      entries.flatMap(([name, line]) => (typeof line === 'string' ? [[name, line]] : [])),
    );
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** A file that is gone with tests that stand nowhere else. One that was moved is found again by its titles. */
function deleted({ path, before, after }: TestFile, still: ReadonlySet<string>): readonly Finding[] {
  if (before === null || after !== null) return [];
  const lost = titlesOf(before).filter((each) => !still.has(each));
  const isTest = lost.length > 0 || linesWith(before, assertion).length > 0;
  if (!isTest || (lost.length === 0 && titlesOf(before).length > 0)) return [];
  const names = lost
    .slice(0, 5)
    .map((each) => `"${each}"`)
    .join(', ');
  return [
    found(path, null, 'deleted', `The file was deleted, and with it tests (${names}). Bring them back`),
  ];
}

function linesAdded({ path, before, after }: TestFile): readonly Finding[] {
  if (after === null) return [];
  const off = newLines(before ?? '', after, (line) => switchedOff.some((pattern) => pattern.test(line)));
  const empty = newLines(before ?? '', after, (line) => cannotFail.test(line));
  return [
    ...off.map(({ line, text }) =>
      found(path, line, `off-${text}`, `A test is switched off, or switches others off: ${text}`),
    ),
    ...empty.map(({ line, text }) =>
      found(path, line, `empty-${text}`, `This assertion cannot fail: ${text}`),
    ),
  ];
}

/** Reported only where the round as a whole has fewer assertions: some may have moved to another file. */
function thinned({ path, before, after }: TestFile): readonly Finding[] {
  if (before === null || after === null) return [];
  const [was, is] = [linesWith(before, assertion).length, linesWith(after, assertion).length];
  if (is >= was) return [];
  const gone = newLines(after, before, (line) => assertion.test(line)).slice(0, 3);
  const names = gone.map(({ text }) => text).join('\n');
  return [
    found(path, null, 'thinned', `It had ${was} assertions and has ${is}. Gone are, among others:\n${names}`),
  ];
}

/** Lines of `now` that fit and that `then` does not have as often. */
function newLines(
  then: string,
  now: string,
  fits: (line: string) => boolean,
): readonly { readonly line: number; readonly text: string }[] {
  const left = new Map<string, number>();
  for (const line of then.split('\n')) left.set(line.trim(), (left.get(line.trim()) ?? 0) + 1);
  return now.split('\n').flatMap((line, at) => {
    const text = line.trim();
    const had = left.get(text) ?? 0;
    left.set(text, had - 1);
    return had > 0 || isComment(text) || !fits(line) ? [] : [{ line: at + 1, text: text.slice(0, 120) }];
  });
}

function linesWith(text: string, pattern: RegExp): readonly string[] {
  return text.split('\n').filter((line) => !isComment(line.trim()) && pattern.test(line));
}

function isComment(text: string): boolean {
  return /^(?:\/\/|\*|\/\*|#(?!\[))/.test(text);
}

function titlesOf(text: string): readonly string[] {
  return [...text.matchAll(title)].map((match) => match[2] ?? match[3] ?? match[4] ?? match[5] ?? '');
}

function found(path: string, line: number | null, what: string, text: string): Finding {
  const gate = weakenedTests.name;
  return { id: findingId(gate, path, what), gate, severity: 'MAJOR', file: path, line, text };
}
