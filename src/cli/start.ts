/**
 * One start of the program: reads the command line, loads the one command it names, and gives the exit code. What a
 * command throws ends here: trouble with files in one sentence, a mistake of our own with its stack.
 */
import type { Command, Input, Shell } from './shell.ts';
import type { CommandName } from './flags.ts';
import { exits, refuse } from './shell.ts';
import type { Output } from './output.ts';
import { print, printJson } from './output.ts';
import { openTerminal } from './terminal.ts';
import type { Streams } from './terminal.ts';

/** Every command in a file of its own, loaded only when it is named. */
const loaders: Readonly<Record<CommandName, () => Promise<Command>>> = {
  init: async () => (await import('./commands/init.ts')).init,
  demo: async () => (await import('./commands/demo.ts')).demo,
  run: async () => (await import('./commands/run.ts')).run,
  watch: async () => (await import('./commands/watch.ts')).watch,
  status: async () => (await import('./commands/status.ts')).status,
  why: async () => (await import('./commands/why.ts')).why,
  cost: async () => (await import('./commands/cost.ts')).cost,
  compare: async () => (await import('./commands/compare.ts')).compare,
  prices: async () => (await import('./commands/prices.ts')).prices,
  route: async () => (await import('./commands/route.ts')).route,
  prompt: async () => (await import('./commands/prompt.ts')).prompt,
  memorial: async () => (await import('./commands/memorial.ts')).memorial,
  gate: async () => (await import('./commands/gate.ts')).gate,
  inspect: async () => (await import('./commands/inspect.ts')).inspect,
  resume: async () => (await import('./commands/resume.ts')).resume,
  retry: async () => (await import('./commands/retry.ts')).retry,
  set: async () => (await import('./commands/set.ts')).set,
  eject: async () => (await import('./commands/eject.ts')).eject,
  doctor: async () => (await import('./commands/doctor.ts')).doctor,
  audit: async () => (await import('./commands/audit.ts')).audit,
  replay: async () => (await import('./commands/replay.ts')).replay,
  'simulate-provider': async () => (await import('./commands/simulate-provider.ts')).simulateProvider,
  completion: async () => (await import('./commands/completion.ts')).completion,
};

export type Start = {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly self: readonly string[];
  readonly streams: Streams;
};

/**
 * Runs one command line to its exit code.
 *
 * @example await start({ argv: ['status'], env: process.env, cwd: process.cwd(), self, streams: process })
 */
export async function start(given: Start): Promise<number> {
  const [first = '', ...rest] = given.argv;
  // Two commands for machines, with arguments of their own that the parser must not touch.
  if (first === 'play') return (await import('./commands/play.ts')).play(rest, given.env);
  const terminal = openTerminal(given.streams, given.env);
  const shell = { ...terminal, json: false, cwd: given.cwd, env: given.env, self: given.self, now: Date.now };
  if (first === 'complete') return (await import('./commands/completion.ts')).complete(shell, rest);
  return runLine(shell, given.argv);
}

/** Runs a command line in a given shell; `start` and the tests share it. */
export async function runLine(base: Omit<Shell, 'json'>, argv: readonly string[]): Promise<number> {
  const { parse } = await import('./program.ts');
  return parse(argv, {
    out: base.out,
    err: base.err,
    execute: async (name, input) => {
      const shell: Shell = { ...base, json: input.has('json') };
      const command = await loaders[name]();
      return runCommand(shell, command, input);
    },
  });
}

async function runCommand(shell: Shell, command: Command, input: Input): Promise<number> {
  try {
    return await command(shell, input);
  } catch (error) {
    const { explain, errorCode } = await import('../effects/files.ts');
    const { JournalDamaged } = await import('../protocol/journal.ts');
    if (error instanceof JournalDamaged)
      return refuse(shell, error.message, 'next-role doctor', exits.failed);
    if (errorCode(error) !== '') return refuse(shell, explain(error), 'next-role doctor', exits.failed);
    return crash(shell, error);
  }
}

/** A mistake of ours: everything that helps to find it is shown. */
function crash(
  shell: { readonly json: boolean; readonly out: Output; readonly err: Output },
  error: unknown,
): number {
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (shell.json)
    printJson(shell.out, { error: { message: words, hint: 'Report this', exit: exits.failed } });
  print(shell.err, [
    'next-role made a mistake of its own. The journal is intact; "next-role run" goes on from it. Please report this:',
    ...words.split('\n'),
  ]);
  return exits.failed;
}
