/**
 * The pinned Claude Code of test/e2e/clients: where it is, the environment that points it at our model API with its own
 * configuration folder, and one way to start it and read its stream. The prompt goes in as a file, the way the runner
 * does it. It never sees this machine's own Claude configuration or keys, because nothing but PATH is passed on.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const clients = fileURLToPath(new URL('../e2e/clients/', import.meta.url));
/** A session against our API takes about half a second; this bounds a hang, on a busy machine too. */
const sessionMsMax = 60_000;
const eventsMax = 10_000;
const stderrCharsMax = 64 * 1024;

/** Absolute path of the program; test/e2e/install-clients.mjs puts it there. */
export const claudeProgram = join(clients, 'node_modules', '.bin', 'claude');

/** The version that is pinned, as the package says it. */
export function pinnedClaudeVersion(): string {
  const text = readFileSync(join(clients, 'package.json'), 'utf8');
  const version = /"@anthropic-ai\/claude-code": "(?<version>[^"]+)"/.exec(text)?.groups?.['version'];
  if (version === undefined) throw new Error('test/e2e/clients/package.json pins no Claude Code');
  return version;
}

/**
 * The environment of a session: one API, one configuration folder, nothing of ours but PATH. Works as root. The same
 * variables given to `next-role` itself reach its sessions.
 *
 * @example
 * claudeEnv('http://127.0.0.1:4000', configDir)['ANTHROPIC_BASE_URL']; // 'http://127.0.0.1:4000'
 */
export function claudeEnv(apiUrl: string, configDir: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: configDir,
    ANTHROPIC_BASE_URL: apiUrl,
    ANTHROPIC_API_KEY: 'sk-dummy-for-tests',
    // Moves .claude.json and the transcripts too (2.1.330).
    CLAUDE_CONFIG_DIR: configDir,
    // Otherwise every project leaves a folder in the temporary folder of this machine (2.1.330).
    CLAUDE_CODE_TMPDIR: configDir,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    // Ten retries by default: three minutes on a 401 (2.1.330).
    CLAUDE_CODE_MAX_RETRIES: '1',
  };
}

/** One line of the stream, parsed. Fields are read where they are asserted. */
export type ClaudeEvent = Readonly<Record<string, unknown>> & {
  readonly type: string;
  readonly subtype?: string;
};

export type ClaudeEnd = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
};

export type ClaudeSession = {
  /** Live; complete when `end` has resolved. */
  readonly events: readonly ClaudeEvent[];
  /** Rejects when the program cannot be started, prints what is not JSON, or outlives {@link sessionMsMax}. */
  readonly end: Promise<ClaudeEnd>;
  kill(signal: NodeJS.Signals): void;
};

/** Starts the program. `folder` takes the prompt file; a session that overstays is killed, by its own process only. */
export function startClaude(options: {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly folder: string;
  readonly stdin: string;
}): ClaudeSession {
  const promptFile = join(options.folder, 'stdin.txt');
  writeFileSync(promptFile, options.stdin);
  const stdin = openSync(promptFile, 'r');
  const [program, ...args] = options.argv;
  const child = spawn(program, args, { cwd: options.cwd, env: options.env, stdio: [stdin, 'pipe', 'pipe'] });
  closeSync(stdin);
  const { stdout, stderr: complaints } = child;
  if (stdout === null || complaints === null) throw new Error('the session has no pipes');
  const events: ClaudeEvent[] = [];
  let stderr = '';
  let fault: Error | null = null;
  const stop = (error: Error): void => {
    fault ??= error;
    child.kill('SIGKILL');
  };
  const clock = setTimeout(
    () => stop(new Error(`the session outlived ${sessionMsMax} ms; stderr: ${stderr}`)),
    sessionMsMax,
  );
  createInterface({ input: stdout }).on('line', (line) => {
    if (events.length >= eventsMax) stop(new Error(`more than ${eventsMax} events`));
    else
      try {
        events.push(JSON.parse(line) as ClaudeEvent);
      } catch (error) {
        stop(new Error(`a line of stdout is no JSON: "${line.slice(0, 200)}"`, { cause: error }));
      }
  });
  complaints.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-stderrCharsMax);
  });
  const end = new Promise<ClaudeEnd>((resolve, reject) => {
    child.once('error', (error) => {
      clearTimeout(clock);
      reject(error);
    });
    child.once('close', (code, signal) => {
      clearTimeout(clock);
      if (fault === null) resolve({ code, signal, stderr });
      else reject(fault);
    });
  });
  return { events, end, kill: (signal) => child.kill(signal) };
}
