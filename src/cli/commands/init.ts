/**
 * `next-role init`: makes a project of a folder: the handoff, the PRD, the memorial, the settings and the folders of the
 * roles. Asks nothing and never touches a file that is there already.
 */
import { mkdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { agents } from '../../agents/index.ts';
import { builtinFile, readCatalog } from '../../effects/catalog.ts';
import { findProgram } from '../../effects/environment.ts';
import { ensureIgnored, repositoryOf } from '../../effects/git.ts';
import { coordinationDir, handoffNames, settingsPath } from '../../protocol/artifact.ts';
import type { Policy } from '../../protocol/policy.ts';
import { nearest } from '../../protocol/nearest.ts';
import { createFile, isThere } from '../newfile.ts';
import { layoutColumns, print, printJson } from '../output.ts';
import { nextLines } from '../screens/end.ts';
import { commandFor, exits, refuse } from '../shell.ts';
import type { Command, Shell } from '../shell.ts';
import { agentFault, firstHandoff, firstSettings } from '../scaffold.ts';
import { bad, good, note, oneLine, quiet, strong, warn, wrap } from '../text.ts';
import type { Line, Text } from '../text.ts';

/** Where roles leave their files; made empty, so that the shape is seen before the first round. */
const folders = ['specs', 'reviews', 'diagnostics', 'decisions', 'logs'] as const;

const labelColumns = 8;

type Made = {
  readonly root: string;
  readonly made: readonly string[];
  readonly kept: readonly string[];
  readonly agents: readonly { readonly name: string; readonly path: string }[];
  readonly repository: string | null;
  /** What was asked for and could not be done without touching a file. */
  readonly undone: readonly string[];
};

export const init: Command = async (shell, input) => {
  const root = resolve(shell.cwd, input.args[0] ?? input.text('dir') ?? '.');
  await mkdir(root, { recursive: true });
  const { policy } = await readCatalog(root);
  const tierName = input.text('tier')?.toLowerCase() ?? policy.defaultTier;
  const tier = policy.tiers[tierName];
  const agent = input.text('agent');
  if (tier === undefined) return refuseTier(shell, tierName, policy);
  if (agent !== null && !isProgram(agent)) return refuseAgent(shell, agent);
  const settings = firstSettings((await builtinFile('templates/next-role.yaml')) ?? '', agent);
  const fault = agent === null ? null : agentFault(settings, policy);
  if (fault !== null) return refuse(shell, fault.message, fault.hint);

  const handoff = firstHandoff((await builtinFile('templates/NEXT-ROLE.md')) ?? '', tier, input.has('bare'));
  const files: Readonly<Record<string, string>> = {
    [handoffNames[0]]: handoff,
    [`${coordinationDir}/PRD.md`]: (await builtinFile('templates/PRD.md')) ?? '',
    [`${coordinationDir}/MEMORIAL.md`]: (await builtinFile('templates/MEMORIAL.md')) ?? '',
    [settingsPath]: settings,
  };
  const written = await writeNew(root, files);
  for (const name of folders) await mkdir(join(root, coordinationDir, name), { recursive: true });
  await ensureIgnored(root);
  const undone = [
    ...(input.text('tier') !== null && written.kept.some(isHandoff)
      ? [`next-role set tier=${tierName}`]
      : []),
    ...(agent !== null && written.kept.includes(settingsPath)
      ? [`write "agent: ${agent}" into ${settingsPath}`]
      : []),
  ];
  const made: Made = {
    root,
    ...written,
    agents: installed(shell),
    repository: await repositoryOf(root),
    undone,
  };
  if (shell.json) printJson(shell.out, made);
  else print(shell.out, screen(shell, made));
  return exits.finished;
};

function refuseTier(shell: Shell, tier: string, policy: Policy): number {
  const known = Object.keys(policy.tiers);
  const guess = nearest(tier, known) ?? policy.defaultTier;
  return refuse(shell, `"${tier}" is no tier (${known.join(', ')})`, `next-role init --tier ${guess}`);
}

/** An agent with a program of its own; others are described in the settings first. */
const isProgram = (name: string): boolean =>
  agents.some(({ kind, program }) => program !== null && kind === name);

function refuseAgent(shell: Shell, agent: string): number {
  const known = agents.flatMap(({ kind, program }) => (program === null ? [] : [kind]));
  const guess = nearest(agent, known) ?? known[0] ?? 'claude';
  const message = `"${agent}" is no agent that works without settings (${known.join(', ')})`;
  return refuse(shell, message, `next-role init --agent ${guess}; describe others in ${settingsPath}`);
}

/** A project of the original keeps its handoff at the root; a second one would take its place. */
async function writeNew(
  root: string,
  files: Readonly<Record<string, string>>,
): Promise<{ readonly made: readonly string[]; readonly kept: readonly string[] }> {
  const made: string[] = [];
  const kept: string[] = [];
  for (const [name, text] of Object.entries(files)) {
    const atRoot = handoffNames[1];
    if (name === handoffNames[0] && (await isThere(join(root, atRoot)))) kept.push(atRoot);
    else if (await createFile(join(root, name), text)) made.push(name);
    else kept.push(name);
  }
  return { made, kept };
}

function isHandoff(name: string): boolean {
  return handoffNames.some((each) => each === name);
}

function installed(shell: Shell): Made['agents'] {
  return agents.flatMap(({ kind, program }) => {
    const path = program === null ? null : findProgram(program, shell.env['PATH'], shell.cwd);
    return path === null ? [] : [{ name: kind, path }];
  });
}

function screen(shell: Shell, made: Made): Text {
  const columns = layoutColumns(shell.out);
  const room = columns - labelColumns;
  const row = (label: string, mark: (text: string) => Line, words: readonly string[]): Text =>
    words
      .flatMap((text) => wrap(text, room))
      .map((text, at): Line => [quiet((at === 0 ? label : '').padEnd(labelColumns)), ...[mark(text)].flat()]);
  const { root, agents: found, repository } = made;
  const agentWords = found.map(({ name, path }) => `${name} (${path})`);
  const command = (line: string): string => commandFor(shell, { root }, line);
  return [
    [good('✓ '), strong(`A project is set up in ${oneLine(relative(shell.cwd, root) || '.')}`)],
    ...row('made', (text) => [text], made.made),
    ...row('kept', (text) => [text, quiet('  was there, left alone')], made.kept),
    ...(agentWords.length > 0
      ? row('agent', (text) => [text], agentWords)
      : row('agent', (text) => [bad(text)], [
          `none is installed: install Claude Code, or describe one in ${settingsPath}`,
        ])),
    ...row('git', (text) => [text], [
      repository === null
        ? 'no repository: nothing is committed until you type git init'
        : "each role's files are committed",
    ]),
    ...made.undone.map((text): Line => [warn('not done  '), note(command(text))]),
    '',
    'Describe the work in coordination/PRD.md, then:',
    ...nextLines(['next-role set status=READY', 'next-role run'], { command, columns }),
  ];
}
