/**
 * The score of an acceptance check: how many of its checks passed, as far as it says so. Pure; a check that says nothing
 * counts as one.
 */

export type Score = { readonly passed: number; readonly total: number };

/**
 * Reads the score of a check that ended: the last line `score 52/54`, else the closing lines of `node --test`
 * (`# pass 52`, `# fail 2`), else one check, passed or not. A check that failed has not passed everything, whatever it says.
 *
 * @example scoreOf('score 52/54\n', false) // { passed: 52, total: 54 }
 * @example scoreOf('all well\n', true) // { passed: 1, total: 1 }
 */
export function scoreOf(output: string, isGreen: boolean): Score {
  const one: Score = { passed: isGreen ? 1 : 0, total: 1 };
  const said = saidIn(output);
  if (said === null || said.total === 0 || said.passed > said.total) return one;
  return (said.passed === said.total) === isGreen ? said : one;
}

function saidIn(output: string): Score | null {
  const lines = [...output.matchAll(/^score (\d{1,9})\/(\d{1,9})$/gm)].at(-1);
  if (lines !== undefined) return { passed: Number(lines[1]), total: Number(lines[2]) };
  const count = (word: string): number | null => {
    const found = [...output.matchAll(new RegExp(`^(?:#|ℹ) ${word} (\\d{1,9})$`, 'gm'))].at(-1)?.[1];
    return found === undefined ? null : Number(found);
  };
  const [passed, failed] = [count('pass'), count('fail')];
  return passed === null || failed === null ? null : { passed, total: passed + failed };
}
