/**
 * Self-confirming tests: breaks the lines a round changed, one small way at a time, and asks whether any test notices. A
 * line that can be broken in every way tried without a test turning red is a finding: its tests pass for the wrong
 * reason. Here are the breaks and the judgement; a hand runs the tests, on a copy and within a bound.
 */
import { findingId, type Finding } from '../../protocol/finding.ts';
import type { Gate } from './gate.ts';

/** One way to break one line. */
export type Mutant = {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly was: string;
  readonly now: string;
};

/** A mutant that was tried: whether a test noticed it. */
export type Tried = Mutant & { readonly noticed: boolean };

/** Ways tried on one line. */
const perLineMax = 3;
/** Languages whose operators these are. */
const source = /\.(?:[cm]?[jt]sx?|java|kt|cs|go|rs|c|cc|cpp|h|hpp|swift|php|scala|dart|py|rb)$/;

/** Each break changes meaning in nearly every place it fits; the first that fit a line are tried. */
const breaks: readonly (readonly [RegExp, string])[] = [
  [/===/, '!=='],
  [/!==/, '==='],
  [/([^=!<>])==([^=])/, '$1!=$2'],
  [/!=([^=])/, '==$1'],
  [/ <= /, ' > '],
  [/ >= /, ' < '],
  [/ < /, ' >= '],
  [/ > /, ' <= '],
  [/ && /, ' || '],
  [/ \|\| /, ' && '],
  [/ and /, ' or '],
  [/ or /, ' and '],
  [/\btrue\b/, 'false'],
  [/\bfalse\b/, 'true'],
  [/\bTrue\b/, 'False'],
  [/\bFalse\b/, 'True'],
  [/ \+ /, ' - '],
  [/ - /, ' + '],
  [/ \* /, ' / '],
  [/ \/ /, ' * '],
  [/ % /, ' * '],
  [/\+= /, '-= '],
  [/-= /, '+= '],
  [/\bif \((.+)\) (?=\{|return\b|throw\b|break\b|continue\b)/, 'if (!($1)) '],
  [/(?<![\w.])(\d+)(?![\w.])/, '1$1'],
];
const returned: (typeof breaks)[number] = [/^(\s*)return (?!undefined\b)[^;{]+;$/, '$1return undefined;'];

/**
 * Whether the lines of a file can be broken by these rules: source of a language they fit, and no test.
 *
 * @example isMutable('src/a.ts') // true
 */
export function isMutable(path: string): boolean {
  return source.test(path) && !/\.d\.ts$/.test(path);
}

/** The mutants of some lines of a text. Comments, imports and lines without anything to break have none. */
export function mutantsOf(file: string, text: string, lines: readonly number[]): readonly Mutant[] {
  const all = text.split('\n');
  const rules = /\.[cm]?[jt]sx?$/.test(file) ? [...breaks, returned] : breaks;
  return lines.flatMap((line) => {
    const was = all[line - 1] ?? '';
    if (isIdle(was)) return [];
    const broken = rules.map((rule) => breakOnce(was, rule)).filter((now) => now !== was);
    return [...new Set(broken)].slice(0, perLineMax).map((now) => ({ file, line, was, now }));
  });
}

function isIdle(line: string): boolean {
  return /^\s*(?:\/\/|\*|\/\*|#|import\b|export \{|export \* |from\b|use\b|package\b|throw\b|raise\b|$)/.test(
    line,
  );
}

/** The line with one rule applied where it first fits; what stands in quotes is text for people, and is left alone. */
function breakOnce(line: string, [pattern, by]: (typeof breaks)[number]): string {
  const bare = line
    .replace(
      /(['"`])((?:\\.|(?!\1).)*)\1/g,
      (_, quote: string, text: string) => quote + '_'.repeat(text.length) + quote,
    )
    .replace(/(?:\/\/| #).*$/, '');
  const at = bare.search(pattern);
  if (at < 0) return line;
  const here = new RegExp(pattern, 'y');
  here.lastIndex = at;
  return line.replace(here, by);
}

export const selfConfirming: Gate<readonly Tried[]> = {
  name: 'self-confirming-tests',
  judge(tried) {
    const places = [...new Set(tried.map(({ file, line }) => `${file}\0${line}`))];
    return places.flatMap((place) => {
      const here = tried.filter(({ file, line }) => `${file}\0${line}` === place);
      const [first] = here;
      return first === undefined || here.some(({ noticed }) => noticed) ? [] : [survived(first, here)];
    });
  },
};

function survived({ file, line, was }: Tried, here: readonly Tried[]): Finding {
  const gate = selfConfirming.name;
  const tries = here.map(({ now }) => `  ${now.trim()}`).join('\n');
  const text = `No test notices when this line is broken: ${was.trim()}\nTried, one at a time:\n${tries}`;
  return { id: findingId(gate, file, was), gate, severity: 'MAJOR', file, line, text };
}

/** Mutants spread over all lines, when there is time for only some of them: every line once, then once more. */
export function spread(mutants: readonly Mutant[], countMax: number): readonly Mutant[] {
  const rank = new Map<string, number>();
  const ranked = mutants.map((mutant) => {
    const key = `${mutant.file}\0${mutant.line}`;
    const nth = rank.get(key) ?? 0;
    rank.set(key, nth + 1);
    return { mutant, nth };
  });
  return ranked
    .sort((a, b) => a.nth - b.nth)
    .slice(0, countMax)
    .map(({ mutant }) => mutant);
}
