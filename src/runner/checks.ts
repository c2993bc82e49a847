/**
 * Runs the two commands that gates judge by: the project's tests, where the project is; and the acceptance check, on a
 * copy that the builder never sees, from a folder that no brief names. Their whole output is kept in the session's own
 * folder.
 */
import type { CommandEnd } from '../domain/gates/command.ts';
import { runCheck, removeFolder, type Checked } from '../effects/check.ts';
import { copyTree, freshFolder, isThere, placeOf, TooLarge } from '../effects/copytree.ts';
import { acceptanceDir, settingsPath } from '../protocol/artifact.ts';
import type { GateCase } from './gates.ts';

/** A command's end, and where its output is; a text says why nothing was run. */
export type Ran = { readonly end: CommandEnd; readonly note: string } | string;

/** The check that should have been run and is not there: where it is looked for, and what brings it back. */
export type NoCheck = { readonly missing: string; readonly way: string };

const minuteMs = 60_000;

export async function runTests(given: GateCase): Promise<Ran> {
  const { command, timeoutMinutes } = given.policy.gates.options.tests;
  if (command === null) return 'no command: set gates.tests.command in coordination/next-role.yaml';
  const checked = await runCheck({
    line: command,
    cwd: given.root,
    timeoutMs: timeoutMinutes * minuteMs,
    output: `${given.keep}/gate-tests.txt`,
    mark: { order: `${given.mark}.tests`, project: given.root },
  });
  return ranOf(given, `\`${command}\``, checked, 'gate-tests.txt');
}

/**
 * The check of the settings, else the one that the round's oracle left. The copy is made anew each time. The check finds it
 * in its working folder and in NEXT_ROLE_WORK, and itself in NEXT_ROLE_ACCEPTANCE; without a command, `run.sh` of its
 * folder is run.
 */
export async function runAcceptance(given: GateCase): Promise<Ran | NoCheck> {
  const { command, timeoutMinutes, folder: configured } = given.policy.gates.options.acceptance;
  const folder = configured ?? given.oracle;
  if (command === null && folder === null) {
    return 'no check: set gates.acceptance in coordination/next-role.yaml, or run the tier oracle';
  }
  const none = folder === null ? null : await noCheck(given, folder, configured !== null);
  if (none !== null) return none;
  const own = folder === null ? null : placeOf(given.root, folder);
  const fresh = await freshFolder();
  const [work, check] = [`${fresh}/work`, `${fresh}/check`];
  try {
    await copyTree(given.root, work, [
      acceptanceDir,
      ...(own === null || own.inside === null ? [] : [own.inside]),
    ]);
    if (own !== null) await copyTree(own.path, check);
    const checked = await runCheck({
      line: command ?? 'sh "$NEXT_ROLE_ACCEPTANCE/run.sh"',
      cwd: work,
      env: { NEXT_ROLE_WORK: work, NEXT_ROLE_ACCEPTANCE: check },
      timeoutMs: timeoutMinutes * minuteMs,
      output: `${given.keep}/gate-acceptance.txt`,
      mark: { order: `${given.mark}.acceptance`, project: given.root },
    });
    // Where the check lies is not the builder's to know.
    const output = checked.output.replaceAll(work, '.').replaceAll(check, '<acceptance>');
    return ranOf(given, 'The acceptance check', { ...checked, output }, 'gate-acceptance.txt');
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    const end = { type: 'not-started', message: `the project cannot be copied: ${error.message}` } as const;
    return ranOf(given, 'The acceptance check', { end, ms: 0, output: '' }, 'gate-acceptance.txt');
  } finally {
    await removeFolder(fresh);
  }
}

/** Looked for before anything is copied: a shell that finds no script is no finding against the work. */
async function noCheck(given: GateCase, folder: string, isConfigured: boolean): Promise<NoCheck | null> {
  const { command } = given.policy.gates.options.acceptance;
  const { path } = placeOf(given.root, folder);
  const wanted = command === null ? '/run.sh' : '';
  if (await isThere(`${path}${wanted}`)) return null;
  // Where a check of the settings lies is told to nobody: what a human is asked stands in a file that roles open.
  if (isConfigured) {
    const what =
      command === null
        ? 'The folder of gates.acceptance has no run.sh'
        : 'The folder of gates.acceptance is not there';
    return { missing: settingsPath, way: `${what}: put it there, or change the setting.` };
  }
  const way =
    `Bring it back (git log --oneline -- ${folder}) and set "next-role" to the role whose work is to be checked, ` +
    'status READY; or let the oracle write it anew.';
  return { missing: `${folder}${wanted}`, way };
}

function ranOf(given: GateCase, shown: string, { end, ms, output }: Checked, name: string): Ran {
  const kept = given.keep.startsWith(`${given.root}/`) ? given.keep.slice(given.root.length + 1) : given.keep;
  return { end: { shown, ms, end, output }, note: `output: ${kept}/${name}` };
}
