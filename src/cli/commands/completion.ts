/**
 * `next-role completion` prints the script of a shell; the hidden `next-role complete` answers that script at each press
 * of the tab key. Both are made from the table in flags.ts. The library is the one that knows the shells; it prints
 * through the console, so what it says is caught and goes the way everything goes.
 */
import { RootCommand } from '@bomb.sh/tab';
import type { Policy } from '../../protocol/policy.ts';
import type { Project } from '../../protocol/project.ts';
import { commandTable } from '../flags.ts';
import type { CommandSpec, Values } from '../commandspec.ts';
import { printJson } from '../output.ts';
import { exits, refuse } from '../shell.ts';
import type { Command, Shell } from '../shell.ts';

const shells = ['bash', 'zsh', 'fish'] as const;
const programName = 'next-role';

export const completion: Command = (shell, input) => {
  const asked = shells.find((each) => each === input.args[0]?.toLowerCase());
  if (asked === undefined) {
    const message = `"${input.args[0] ?? ''}" is no shell we complete for (${shells.join(', ')})`;
    return Promise.resolve(refuse(shell, message, 'next-role completion bash'));
  }
  const script = caught(() => new RootCommand().setup(programName, programName, asked));
  if (shell.json) printJson(shell.out, { shell: asked, script });
  else shell.out.write(script);
  return Promise.resolve(exits.finished);
};

/** Answers the script: `complete -- <words of the line so far>`. Silence is the answer to anything it cannot read. */
export async function complete(shell: Pick<Shell, 'out' | 'cwd'>, argv: readonly string[]): Promise<number> {
  const words = argv[0] === '--' ? argv.slice(1) : argv;
  const valuesOf = await lookUp(shell.cwd, words[0] ?? '');
  const root = new RootCommand();
  for (const spec of commandTable) add(root, spec, valuesOf);
  shell.out.write(caught(() => root.parse([...words])));
  return exits.finished;
}

type ValuesOf = (values: Values | undefined) => readonly string[];

function add(root: RootCommand, spec: CommandSpec, valuesOf: ValuesOf): void {
  const command = root.command(spec.name, spec.about);
  for (const flag of spec.flags) {
    if (flag.value === null) command.option(flag.name, flag.about, flag.short);
    else
      command.option(
        flag.name,
        flag.about,
        (give) => valuesOf(flag.values).forEach((value) => give(value, '')),
        flag.short,
      );
  }
  for (const argument of spec.args) {
    const handler = (give: (value: string, about: string) => void): void =>
      valuesOf(argument.values).forEach((value) => give(value, ''));
    command.argument(argument.name, handler, argument.name.includes('...'));
  }
}

/** Looks up, and even loads, only what the command at hand can need: each key press starts a process. */
async function lookUp(cwd: string, command: string): Promise<ValuesOf> {
  const spec: CommandSpec | undefined = commandTable.find((each) => each.name === command);
  const kinds = new Set([...(spec?.args ?? []), ...(spec?.flags ?? [])].map((each) => each.values));
  const policy = kinds.has('tier') || kinds.has('role') ? await policyOf(cwd) : null;
  const shipped = kinds.has('shipped') ? await (await import('./eject.ts')).ejectable() : [];
  const letters = kinds.has('letter') ? await lettersOf(cwd) : [];
  return (values) => {
    switch (values) {
      case 'tier':
        return Object.keys(policy?.tiers ?? {});
      case 'role':
        return Object.keys(policy?.roles ?? {});
      case 'shipped':
        return shipped;
      case 'letter':
        return letters;
      case 'folder':
      case 'file':
      case undefined:
        return [];
      default:
        return values;
    }
  };
}

async function projectAbove(cwd: string): Promise<Project | null> {
  return (await import('../../effects/project.ts')).findProject(cwd);
}

async function policyOf(cwd: string): Promise<Policy> {
  const { readCatalog } = await import('../../effects/catalog.ts');
  const project = await projectAbove(cwd);
  return (await readCatalog(project?.root ?? cwd)).policy;
}

async function lettersOf(cwd: string): Promise<readonly string[]> {
  const project = await projectAbove(cwd);
  if (project === null) return [];
  const { look } = await import('../../runner/look.ts');
  const { situation } = await look(project);
  return situation.question?.options.map((option) => option.letter) ?? [];
}

/** What a piece of work prints through the console. */
function caught(work: () => void): string {
  const { console } = globalThis;
  const log: unknown = Reflect.get(console, 'log');
  let text = '';
  Reflect.set(console, 'log', (...words: readonly unknown[]) => {
    text += `${words.join(' ')}\n`;
  });
  try {
    work();
  } finally {
    Reflect.set(console, 'log', log);
  }
  return text;
}
