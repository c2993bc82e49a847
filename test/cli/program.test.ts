import { describe, expect, it } from 'vitest';
import { commandTable } from '../../src/cli/flags.ts';
import type { CommandName } from '../../src/cli/flags.ts';
import { parse } from '../../src/cli/program.ts';
import type { Input } from '../../src/cli/shell.ts';
import { outputTo } from './shell.ts';

type Heard = { readonly name: CommandName; readonly input: Input };

async function hear(argv: readonly string[], columns = 80) {
  const out: string[] = [];
  const err: string[] = [];
  const heard: Heard[] = [];
  const code = await parse(argv, {
    out: outputTo(out, columns),
    err: outputTo(err),
    execute: (name, input) => {
      heard.push({ name, input });
      return Promise.resolve(7);
    },
  });
  return { code, heard, out: out.join(''), err: err.join('') };
}

/** The words of an example, as a shell would cut them. */
function words(line: string): readonly string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '').slice(1);
}

describe('the command line', () => {
  it.each(commandTable.flatMap((spec) => spec.examples.map((example) => [spec.name, example.line] as const)))(
    'reads the example of %s: %s',
    async (name, line) => {
      const { code, heard, err } = await hear(words(line));
      expect(err).toBe('');
      expect(code).toBe(7);
      expect(heard.map((each) => each.name)).toEqual([name]);
    },
  );

  it.each(commandTable.map((spec) => [spec.name, spec] as const))(
    'explains %s with its flags and examples',
    async (name, spec) => {
      const { code, out, heard } = await hear([name, '--help'], 120);
      expect(code).toBe(0);
      expect(heard).toEqual([]);
      for (const flag of spec.flags) expect(out).toContain(`--${flag.name}`);
      for (const example of spec.examples) expect(out).toContain(example.line);
      expect(out).toContain('--json');
    },
  );

  it.each([80, 120])('keeps every help page within %i columns', async (columns) => {
    for (const argv of [[], ...commandTable.map(({ name }) => [name, '--help'])]) {
      const { out } = await hear(argv, columns);
      // A command to copy is never broken.
      const long = out.split('\n').filter((line) => line.length > columns && !/^ {2}next-role /.test(line));
      expect(long, argv.join(' ')).toEqual([]);
    }
  });

  it('refuses help for a command that nobody knows, with the one that was meant', async () => {
    const { code, err } = await hear(['help', 'rnu']);
    expect(code).toBe(64);
    expect(err).toContain('unknown command \'rnu\'. Did you mean "run"?');
    expect((await hear(['help', 'run'])).code).toBe(0);
  });

  it('lists every command when asked for nothing', async () => {
    const { code, out } = await hear([]);
    expect(code).toBe(0);
    for (const spec of commandTable) expect(out).toContain(`  ${spec.name} `);
  });

  it.each(commandTable.map((spec) => spec.name))('refuses an unknown flag of %s with 64', async (name) => {
    const { code, heard, err } = await hear([name, '--jsno']);
    expect(code).toBe(64);
    expect(heard).toEqual([]);
    expect(err).toContain('--jsno');
    expect(err).toContain('Did you mean --json?');
  });

  it('refuses an unknown command with 64 and the one that was meant', async () => {
    const { code, err } = await hear(['statsu']);
    expect(code).toBe(64);
    expect(err).toContain('Did you mean status?');
  });

  it.each([
    [['why', 'extra']],
    [['prompt']],
    [['completion', 'bash', 'zsh']],
    [['resume', '--choose']],
    [['run', '--until', 'tomorrow']],
  ])('refuses %j with 64', async (argv) => {
    const { code, heard, err } = await hear(argv);
    expect(code).toBe(64);
    expect(heard).toEqual([]);
    expect(err).not.toBe('');
  });

  it('hands over flags, switches and arguments', async () => {
    const { heard } = await hear(['resume', '--choose', 'B', '--note', 'two words', '--json']);
    const input = heard[0]?.input;
    expect(input?.text('choose')).toBe('B');
    expect(input?.text('note')).toBe('two words');
    expect(input?.text('id')).toBeNull();
    expect(input?.has('json')).toBe(true);
    const watched = await hear(['watch', 'a', 'b']);
    expect(watched.heard[0]?.input.args).toEqual(['a', 'b']);
  });

  it('prints no control character of a command line', async () => {
    const { err } = await hear(['run', '--x\u001b[2J']);
    expect(err).not.toContain('\u001b');
  });
});
