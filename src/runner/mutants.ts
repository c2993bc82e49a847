/**
 * Tries to break the lines that a round changed: each break alone, in a copy of the project, with the project's own tests.
 * Bounded in number and in time; what was not reached in time is not judged. The project itself is never touched.
 */
import { isMutable, mutantsOf, spread, type Mutant, type Tried } from '../domain/gates/selfconfirming.ts';
import { isTestFile } from '../domain/gates/weakenedtests.ts';
import { removeFolder, runCheck } from '../effects/check.ts';
import { copyTree, freshFolder, TooLarge } from '../effects/copytree.ts';
import { readText, writeAtomic } from '../effects/files.ts';
import { acceptanceDir, coordinationDir } from '../protocol/artifact.ts';
import type { GateCase } from './gates.ts';

const minuteMs = 60_000;
/** A break that makes the tests this much slower than they are has been noticed: it loops. */
const slowerMax = 5;
const leastMs = 2_000;

/** What was tried; a text says why nothing was. */
export async function tryMutants(
  given: GateCase,
): Promise<{ readonly tried: readonly Tried[]; readonly note: string } | string> {
  const { tests, 'self-confirming-tests': options } = given.policy.gates.options;
  if (tests.command === null) return 'no command: set gates.tests.command in coordination/next-role.yaml';
  const mutants = await mutantsIn(given);
  if (typeof mutants === 'string') return mutants;
  if (mutants.length === 0) return 'no changed line can be broken by a known rule';
  const until = performance.now() + options.minutes * minuteMs;
  const fresh = await freshFolder();
  const work = `${fresh}/work`;
  try {
    await copyTree(given.root, work, [acceptanceDir]);
    const run = (timeoutMs: number, name: string) =>
      runCheck({
        line: tests.command ?? '',
        cwd: work,
        timeoutMs,
        output: `${given.keep}/${name}`,
        mark: { order: `${given.mark}.mutants`, project: given.root },
      });
    const whole = await run(
      Math.min(tests.timeoutMinutes, options.minutes) * minuteMs,
      'gate-mutants-before.txt',
    );
    if (whole.end.type !== 'exited' || whole.end.code !== 0) {
      return 'not run: the tests are not green in time on a copy of the project';
    }
    const timeoutMs = Math.max(leastMs, whole.ms * slowerMax);
    const tried: Tried[] = [];
    for (const mutant of spread(mutants, options.mutantsMax)) {
      if (performance.now() + whole.ms > until) break;
      const noticed = await isNoticed(work, mutant, async () => {
        const { end } = await run(timeoutMs, 'gate-mutants-last.txt');
        return !(end.type === 'exited' && end.code === 0);
      });
      tried.push({ ...mutant, noticed });
    }
    const noticed = tried.filter((each) => each.noticed).length;
    return { tried, note: `${noticed} of ${tried.length} breaks noticed, of ${mutants.length} possible` };
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    return `not run: the project cannot be copied: ${error.message}`;
  } finally {
    await removeFolder(fresh);
  }
}

async function mutantsIn({ change }: GateCase): Promise<readonly Mutant[] | string> {
  if (typeof change === 'string') return change;
  const { trees, from, to } = change;
  const changes = await trees.changes(from, to);
  if (changes === null) return 'the state at the start of the round can no longer be read';
  const files = changes.filter(
    ({ path, how }) =>
      how !== 'deleted' && isMutable(path) && !isTestFile(path) && !path.startsWith(`${coordinationDir}/`),
  );
  const all = await Promise.all(
    files.map(async ({ path }) => {
      const text = await trees.text(to, path);
      return text === null ? [] : mutantsOf(path, text, await trees.addedLines(from, to, path));
    }),
  );
  return all.flat();
}

/** Breaks one line, asks, and mends it again. */
async function isNoticed(work: string, mutant: Mutant, ask: () => Promise<boolean>): Promise<boolean> {
  const path = `${work}/${mutant.file}`;
  const text = (await readText(path))?.text ?? '';
  const lines = text.split('\n');
  lines[mutant.line - 1] = mutant.now;
  await writeAtomic(path, lines.join('\n'));
  try {
    return await ask();
  } finally {
    await writeAtomic(path, text);
  }
}
