/**
 * The program as a person starts it: in a pseudo-terminal of a given size, typed at and read back, or with plain pipes.
 * The pseudo-terminal is that of `script` from util-linux; where that is missing, the test fails and says what to install.
 * What it starts is ended by `closeTerminals()`, and every wait is for a condition with a bound.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { self } from './journey.ts';

export type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

export type Terminal = {
  /** Everything that was written to the screen, redrawn parts included, without escapes; each drawing is a line. */
  text(): string;
  lines(): readonly string[];
  type(keys: string): void;
  /** Resolves when the text contains this; rejects when the bound is over or the program has ended without it. */
  until(words: string): Promise<void>;
  /** The exit code. */
  readonly ended: Promise<number | null>;
};

export type TerminalOptions = {
  readonly cwd: string;
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
};

const rows = 40;
const waitMsMax = 90_000;
const lookMs = 25;
/** Between asking the programs to end and ending them. */
const graceMs = 5_000;
export const ctrlC = '\x03';
export const ctrlD = '\x04';

const pseudoTerminal = 'script';
const remedy = 'These tests need `script` of util-linux, for example: apt-get install bsdutils';
const started = new Set<ChildProcess>();

/** Starts this program with a terminal in front of it. */
export function openTerminal(argv: readonly string[], options: TerminalOptions): Terminal {
  const words = [...self, ...argv].map((word) => `'${word.replace(/'/g, `'\\''`)}'`).join(' ');
  const line = `stty cols ${options.columns ?? 80} rows ${rows} && exec ${words}`;
  // -e gives the exit code of the program, -f writes through, -c runs the line by $SHELL.
  const child = spawn(pseudoTerminal, ['-qefc', line, '/dev/null'], {
    cwd: options.cwd,
    env: { ...environment(), TERM: 'xterm-256color', SHELL: '/bin/sh', ...options.env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  started.add(child);
  let raw = '';
  let over = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => (raw += text));
  // A program that ended while keys were on their way is no fault; its exit code tells.
  child.stdin.on('error', () => undefined);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`${error.message}. ${remedy}`)));
    child.once('close', (code) => {
      over = true;
      started.delete(child);
      resolve(code);
    });
  });
  // Whoever awaits it is told; whoever does not await it any more must not bring the test run down.
  ended.catch(() => undefined);
  const text = (): string => drawn(raw).join('\n');
  return {
    text,
    lines: () => drawn(raw),
    type: (keys) => void child.stdin.write(keys),
    until: async (wanted) => {
      await Promise.race([until(`"${wanted}" on the screen`, () => over || text().includes(wanted)), ended]);
      if (!text().includes(wanted)) throw new Error(`The program ended without "${wanted}":\n${text()}`);
    },
    ended,
  };
}

/** Runs this program to its end without a terminal. */
export function exec(cwd: string, ...argv: readonly string[]): Promise<Ended> {
  return begin({ cwd }, ...argv).ended;
}

/** Starts this program without a terminal. */
export function begin(
  { cwd, env }: Pick<TerminalOptions, 'cwd' | 'env'>,
  ...argv: readonly string[]
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const [program, ...rest] = [...self, ...argv];
  const child = spawn(program, rest, {
    cwd,
    env: { ...environment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.add(child);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => {
      started.delete(child);
      resolve({ code, out, err });
    });
  });
  return { child, ended };
}

/** Ends what is still there; for the end of each test file. */
export async function closeTerminals(): Promise<void> {
  // Closing a terminal would end its program at once and leave the session it started.
  for (const child of started) if (child.stdin?.write(ctrlC) === undefined) child.kill('SIGTERM');
  const deadline = Date.now() + graceMs;
  while (started.size > 0 && Date.now() < deadline) await new Promise((done) => setTimeout(done, lookMs));
  for (const child of started) child.kill('SIGKILL');
}

/** The command lines of the processes that work in a folder or below it. */
export function processesIn(folder: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const cwd = readlinkSync(`/proc/${pid}/cwd`);
        if (cwd !== folder && !cwd.startsWith(`${folder}/`)) return [];
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0/g, ' ')];
      } catch {
        // Gone meanwhile, or not ours to look at.
        return [];
      }
    });
}

/** Waits for a condition. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + waitMsMax;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`Waited ${waitMsMax} ms for ${what}`);
    await new Promise((done) => setTimeout(done, lookMs));
  }
}

/** What was drawn, one entry for each stretch between two movements of the cursor. */
function drawn(raw: string): readonly string[] {
  return raw
    .replace(/\u001b\[[0-9;?]*[A-HJKSTf]/g, '\n')
    .split(/[\r\n]+/)
    .map((line) => stripVTControlCharacters(line))
    .filter((line) => line !== '');
}

/** Ours, without what would change the look of a screen or stand in for a terminal. */
function environment(): NodeJS.ProcessEnv {
  if (!existsSync(self[1])) throw new Error('Build the program first: npm run build');
  const without = new Set(['NO_COLOR', 'FORCE_COLOR', 'COLUMNS', 'LINES', 'CI']);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !without.has(name)));
}
