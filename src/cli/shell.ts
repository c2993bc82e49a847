/**
 * What every command is given: where to print, where it stands, how it is interrupted, and its own arguments; and the
 * one way to refuse. It relies on start.ts to fill it in. Commands reach the outside of this process through nothing
 * else but the floors below.
 */
import { isAbsolute, relative, resolve } from 'node:path';
import { findProject } from '../effects/project.ts';
import type { Project } from '../protocol/project.ts';
import type { FlagName } from './flags.ts';
import type { Area } from './live.ts';
import { layoutColumns, print, printJson } from './output.ts';
import type { Output } from './output.ts';
import { forward, strong, wrap } from './text.ts';
import type { Line, Text } from './text.ts';

/** Exit codes that scripts rely on. */
export const exits = {
  finished: 0,
  failed: 1,
  waiting: 2,
  usage: 64,
  taken: 75,
  interrupted: 130,
} as const;

export type Shell = {
  readonly out: Output;
  readonly err: Output;
  /** Whether a machine reads: one JSON document on `out`, or JSON lines. */
  readonly json: boolean;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Argv prefix that starts this program again. */
  readonly self: readonly string[];
  readonly now: () => number;
  /** From the first call on, SIGINT and SIGTERM abort this signal in place of ending the process. */
  readonly interrupts: () => AbortSignal;
  /** A part of the terminal that is redrawn in place; null where there is none. */
  readonly openArea: () => Promise<Area | null>;
  /** Asks a person one line; null when nobody can be asked, or when the signal takes the question back. */
  readonly ask: (prompt: string, signal: AbortSignal) => Promise<string | null>;
  /** Whether somebody sits at the other end of `ask`. */
  readonly canAsk: () => boolean;
};

/** The arguments of one command, already checked against the table in flags.ts. */
export type Input = {
  readonly args: readonly string[];
  has(flag: FlagName): boolean;
  text(flag: FlagName): string | null;
};

/** A command: does its work and gives the exit code. */
export type Command = (shell: Shell, input: Input) => Promise<number>;

/**
 * Refuses: what is wrong, and the way forward. Gives the exit code.
 *
 * @example refuse(shell, 'No project here', 'next-role init') // 64
 */
export function refuse(
  shell: Pick<Shell, 'json' | 'out' | 'err'>,
  message: string,
  hint: string,
  code: number = exits.usage,
): number {
  if (shell.json) printJson(shell.out, { error: { message, hint, exit: code } });
  else print(shell.err, refusal(shell.err, message, hint));
  return code;
}

/** Wrapped where a person reads it; a log keeps its one line, and a command stays one to be copied. */
function refusal(err: Output, message: string, hint: string): Text {
  const columns = err.isTerminal ? layoutColumns(err) : Number.POSITIVE_INFINITY;
  return [...wrap(message, columns).map((line): Line => [strong(line)]), ...forward('  → ', hint, columns)];
}

/** The project a command is about: `--dir`, else the nearest one above the working directory; null after a refusal. */
export async function projectFor(shell: Shell, input: Input): Promise<Project | null> {
  const from = resolve(shell.cwd, input.text('dir') ?? '.');
  const project = await findProject(from);
  if (project === null) refuse(shell, `No project in "${from}" or above it`, 'next-role init');
  return project;
}

/**
 * A command to type next, made to work from where the person stands.
 *
 * @example commandFor(shell, project, 'next-role run') // 'next-role run --dir ../shop'
 */
export function commandFor(
  shell: Pick<Shell, 'cwd'>,
  project: Pick<Project, 'root'>,
  command: string,
): string {
  const way = relative(project.root, resolve(shell.cwd));
  const isInside = way === '' || (!way.startsWith('..') && !isAbsolute(way));
  // A shell would read <role> as a redirection.
  const line = command.replace(/<([a-z]+)>/g, (_, word: string) => word.toUpperCase());
  const [, typed, after = ''] = /^(next-role \S.*?)(, then .*)?$/.exec(line) ?? [];
  if (isInside || typed === undefined) return line;
  return `${typed} --dir ${quoted(shorter(shell.cwd, project.root))}${after}`;
}

function shorter(cwd: string, root: string): string {
  const way = relative(cwd, root);
  return way.length < root.length ? way : root;
}

function quoted(word: string): string {
  return /^[\w./~-]+$/.test(word) ? word : `'${word.replace(/'/g, `'\\''`)}'`;
}
