/**
 * The parser: commander, filled from the table in flags.ts. It checks commands, flags and arguments, prints help, and
 * hands what it understood to `execute`. It loads no command itself; whatever it refuses is wrong usage and suggests
 * what was probably meant.
 */
import { Command, CommanderError, Option } from 'commander';
import { commandTable } from './flags.ts';
import type { CommandSpec, FlagSpec } from './commandspec.ts';
import type { CommandName, FlagName } from './flags.ts';
import { meant } from '../protocol/nearest.ts';
import { print } from './output.ts';
import { exits } from './shell.ts';
import type { Input } from './shell.ts';
import type { Output } from './output.ts';
import { clean, wrap } from './text.ts';
import { version } from './version.ts';

export type ProgramOptions = {
  readonly out: Output;
  readonly err: Output;
  readonly execute: (name: CommandName, input: Input) => Promise<number>;
};

const helpColumnsMax = 100;

function guide(columns: number): string {
  const loop =
    'The loop: write coordination/PRD.md, set status: READY in coordination/NEXT-ROLE.md, then next-role run.';
  return ['', ...wrap(loop, columns), 'New here? next-role demo'].join('\n');
}

/**
 * Reads a command line and does what it says; gives the exit code.
 *
 * @example await parse(['status', '--json'], { out, err, execute }) // what execute gave
 */
export async function parse(argv: readonly string[], options: ProgramOptions): Promise<number> {
  let code: number = exits.finished;
  const [first, asked] = argv;
  // A command that is named needs none of the others; only help and a slip look at them all.
  const named = commandTable.filter(({ name }) => name === first);
  const program = build(named.length > 0 ? named : commandTable, options, (given) => {
    code = given;
  });
  if (first === 'help' && asked !== undefined && !asked.startsWith('-') && !isCommand(asked)) {
    const hint = meant(
      asked,
      commandTable.map(({ name }) => name),
    );
    print(options.err, [`unknown command '${asked}'. ${hint}See next-role help`]);
    return exits.usage;
  }
  try {
    // Bare `next-role` is a question, not a mistake.
    await program.parseAsync(argv.length === 0 ? ['help'] : argv, { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exits.finished : exits.usage;
  }
}

function isCommand(name: string): boolean {
  return name === 'help' || commandTable.some((spec) => spec.name === name);
}

type NamedSpec = (typeof commandTable)[number];

function build(specs: readonly NamedSpec[], options: ProgramOptions, done: (code: number) => void): Command {
  const { out, err } = options;
  const columns = Math.min(out.columns, helpColumnsMax);
  const program = new Command('next-role')
    .description(
      'Runs rounds of coding agents from one file, coordination/NEXT-ROLE.md, at zero model tokens.',
    )
    .version(version(), '-v, --version', 'Print the version')
    .helpOption('-h, --help', 'Print help')
    .helpCommand('help [command]', 'Print help for a command')
    .configureHelp({
      helpWidth: columns,
      // Every command has options; saying so sixteen times only costs room.
      subcommandTerm: (command) =>
        [
          command.name(),
          ...command.registeredArguments.map((each) =>
            each.required ? `<${each.name()}>` : `[${each.name()}]`,
          ),
        ].join(' '),
    })
    .configureOutput({
      writeOut: (text) => out.write(text),
      writeErr: (text) =>
        print(
          err,
          clean(text.replace(/^error: /, ''))
            .trimEnd()
            .split('\n'),
        ),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText('after', guide(columns))
    .exitOverride();
  for (const spec of specs) add(program, spec, options, done);
  return program;
}

function add(program: Command, spec: NamedSpec, options: ProgramOptions, done: (code: number) => void): void {
  const command = program
    .command(spec.name)
    .summary(spec.about)
    .description(`${spec.about}.\n${spec.more}`)
    .helpGroup(`${spec.group}:`)
    .addHelpText('after', examplesOf(spec, Math.min(options.out.columns, helpColumnsMax)))
    .showHelpAfterError(`See next-role ${spec.name} --help`);
  for (const argument of spec.args) command.argument(argument.name, argument.about);
  for (const flag of spec.flags) command.addOption(optionOf(flag));
  command.action(async () => {
    done(await options.execute(spec.name, inputOf(command)));
  });
}

function optionOf(flag: FlagSpec): Option {
  const names = flag.short === undefined ? `--${flag.name}` : `-${flag.short}, --${flag.name}`;
  const option = new Option(flag.value === null ? names : `${names} <${flag.value}>`, flag.about);
  // Only fixed lists bind; the values of a project are checked by the command, which knows them.
  const { values } = flag;
  return values === undefined || typeof values === 'string' ? option : option.choices(values);
}

function inputOf(command: Command): Input {
  // Commander keeps `--dry-run` under `dryRun`.
  const valueOf = (flag: FlagName): unknown =>
    command.getOptionValue(new Option(`--${flag}`).attributeName());
  return {
    args: command.args,
    has: (flag: FlagName) => valueOf(flag) === true,
    text: (flag: FlagName) => {
      const value = valueOf(flag);
      return typeof value === 'string' ? value : null;
    },
  };
}

/** The words stand beside the commands where all of them fit, else below. */
function examplesOf(spec: CommandSpec, columns: number): string {
  const widest = Math.max(...spec.examples.map((example) => example.line.length));
  const fits = spec.examples.every((example) => widest + example.about.length + 4 <= columns);
  const lines = spec.examples.flatMap((example) =>
    fits
      ? [`  ${example.line.padEnd(widest)}  ${example.about}`]
      : [`  ${example.line}`, ...wrap(example.about, columns - 4).map((line) => `    ${line}`)],
  );
  return `\nExamples:\n${lines.join('\n')}`;
}
