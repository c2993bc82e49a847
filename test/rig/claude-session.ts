/**
 * One session of the real Claude Code, started exactly as src/agents/claude.ts says, in a temporary git project with
 * its own configuration, against a scripted model API; afterwards read and judged by the adapter. It adds nothing to
 * the command line but what a test asks for, so what the tests see is what the runner gets.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claude } from '../../src/agents/claude.ts';
import { emptyTally, fold } from '../../src/agents/tally.ts';
import type { AgentSettings } from '../../src/protocol/policy.ts';
import type { Brief, Command, Exit, Order, Outcome, Place, Tally } from '../../src/protocol/session.ts';
import { shippedFacts } from '../agents/facts.ts';
import { claudeEnv, claudeProgram, startClaude } from './claude.ts';
import type { ClaudeEnd, ClaudeEvent, ClaudeSession } from './claude.ts';
import { startModelApi } from '../../src/server/provider/api.ts';
import type { ModelRequest, ModelScript, ToolCall } from '../../src/server/provider/exchange.ts';
import { roleScript } from './role-script.ts';

export const sessionId = '11111111-2222-4333-8444-555555555555';
export const prompt = 'You work one round.\nRole: implementer · Round: R07\nDo the work.\n';
export const system = 'You are one role of a round.\nSYSTEM-TEXT-OF-OURS';
export const allTools = ['Read', 'Grep', 'Glob', 'Bash', 'Write', 'Edit'];

const closers: (() => Promise<void> | void)[] = [];

/** Ends what still runs and removes every folder; a test file calls it once, after all. */
export async function closeSessions(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

export type Wanted = {
  readonly script: (project: string) => ModelScript;
  readonly prompt?: string;
  readonly hidden?: readonly string[];
  /** Path patterns the role may write; anywhere unless given. */
  readonly writable?: readonly string[];
  readonly protected?: readonly string[];
  readonly turns?: number;
  readonly prepare?: (project: string) => void;
  /** The last word on the environment: `undefined` takes a name out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Rules for `--allowedTools` in place of the adapter's. */
  readonly allowed?: readonly string[];
};

export type Running = {
  readonly project: string;
  readonly config: string;
  readonly session: ClaudeSession;
  readonly requests: readonly ModelRequest[];
};

export type Seen = Running & {
  readonly end: ClaudeEnd;
  readonly events: readonly ClaudeEvent[];
  readonly result: ClaudeEvent | undefined;
  readonly tally: Tally;
  readonly outcome: Outcome;
};

/** Starts one session exactly as the adapter says, in a fresh project. */
export async function start(wanted: Wanted): Promise<Running> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'claude-contract-')));
  closers.push(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));
  const project = join(root, 'project');
  const config = join(root, 'config');
  const folder = join(root, 'session');
  for (const path of [config, folder, join(project, 'coordination/logs')])
    mkdirSync(path, { recursive: true });
  execFileSync('git', ['init', '--quiet', project]);
  writeFileSync(
    join(project, 'coordination/NEXT-ROLE.md'),
    '---\nround: R07\nnext-role: implementer\nstatus: WORKING\n---\n',
  );
  writeFileSync(join(project, 'coordination/logs/secret.md'), 'SECRET-LOG\n');
  wanted.prepare?.(project);

  const api = await startModelApi(wanted.script(project));
  closers.push(() => api.close());
  const command = commandOf(project, folder, wanted);
  for (const [name, text] of Object.entries(command.files)) writeFileSync(join(folder, name), text);
  const env = {
    ...passed(claudeEnv(api.url, config), command.passEnv),
    ...command.env,
    CLAUDE_CODE_MAX_RETRIES: '1',
    ...wanted.env,
  };
  const session = startClaude({
    argv: wanted.allowed === undefined ? command.argv : allow(command.argv, wanted.allowed),
    // spawn() leaves out what is undefined.
    env,
    cwd: project,
    folder,
    stdin: command.stdin,
  });
  closers.push(() => session.kill('SIGKILL'));
  return { project, config, session, requests: api.requests };
}

/** Waits for the end, then reads the stream and judges it as the runner would. */
export async function finish(running: Running): Promise<Seen> {
  const end = await running.session.end;
  const { events } = running.session;
  const tally = events
    .map((event) => claude.read(JSON.stringify(event), shippedFacts.claude))
    .reduce(fold, emptyTally());
  const exit: Exit =
    end.code === null
      ? { type: 'signalled', signal: end.signal ?? 'unknown' }
      : { type: 'exited', code: end.code };
  const outcome = claude.judge(exit, tally, shippedFacts.claude);
  const result = events.findLast((event) => event.type === 'result');
  return { ...running, end, events, result, tally, outcome };
}

/**
 * Both at once.
 *
 * @example
 * const seen = await drive({ script: calling((project) => [write(join(project, 'a.md'))]) });
 * seen.outcome; // { type: 'done' }
 */
export const drive = async (wanted: Wanted): Promise<Seen> => finish(await start(wanted));

function commandOf(project: string, folder: string, wanted: Wanted): Command {
  const order: Order = {
    id: 'R07.1-implementer',
    dispatchId: 'd1',
    round: 'R07',
    tier: 'full',
    role: 'implementer',
    agent: 'claude',
    model: 'sonnet',
    fallbacks: [],
    visit: 1,
    attempt: 1,
    kind: 'work',
    feedback: [],
    because: [],
  };
  const brief: Brief = {
    system,
    prompt: wanted.prompt ?? prompt,
    tools: allTools,
    limits: {
      firstByteMs: 60_000,
      idleMs: 60_000,
      totalMs: 60_000,
      lingerMs: 10_000,
      graceMs: 10_000,
      outputBytes: 1024 ** 3,
      turns: wanted.turns ?? 20,
    },
    manifest: {
      order: order.id,
      role: order.role,
      round: order.round,
      tier: order.tier,
      agent: order.agent,
      model: order.model,
      protected: wanted.protected ?? [],
      owed: [],
      handoff: 'coordination/NEXT-ROLE.md',
      offered: [],
      hidden: wanted.hidden ?? [],
      writable: wanted.writable ?? ['**'],
      tools: allTools,
      parts: [],
    },
  };
  const handoff = join(project, 'coordination/NEXT-ROLE.md');
  const place: Place = {
    project,
    original: null,
    handoff,
    session: folder,
    self: ['next-role'],
    sessionId,
    root: false,
  };
  const settings: AgentSettings = {
    name: 'claude',
    kind: 'claude',
    run: claudeProgram,
    scenario: null,
    args: [],
    env: [],
    facts: shippedFacts.claude,
  };
  return claude.command(order, brief, place, settings);
}

function allow(argv: Command['argv'], rules: readonly string[]): Command['argv'] {
  const [program, ...rest] = argv;
  const at = rest.indexOf('--allowedTools') + 1;
  return [program, ...rest.slice(0, at), rules.join(','), ...rest.slice(at + 1)];
}

/** What of an environment reaches the program: the few common names, and what the adapter asks for. */
function passed(env: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  const wants = ['PATH', 'HOME', ...names];
  const isWanted = (name: string): boolean =>
    wants.some((want) => (want.endsWith('*') ? name.startsWith(want.slice(0, -1)) : name === want));
  return Object.fromEntries(Object.entries(env).filter(([name]) => isWanted(name)));
}

/** A session that makes these calls and says END. */
export function calling(calls: (project: string) => readonly ToolCall[]): Wanted['script'] {
  return (project) => roleScript({ roles: { implementer: { calls: calls(project), text: 'END' } } });
}

export const read = (file: string): ToolCall => ({ name: 'Read', input: { file_path: file } });
export const write = (file: string): ToolCall => ({
  name: 'Write',
  input: { file_path: file, content: 'written\n' },
});
export const bash = (command: string): ToolCall => ({
  name: 'Bash',
  input: { command, description: 'a step' },
});

export type ToolResult = {
  readonly tool: string;
  readonly isError: boolean;
  readonly text: string;
  readonly decision: unknown;
};

/** What came of each tool call, in order, from the stream alone. */
export function toolResults(events: readonly ClaudeEvent[]): readonly ToolResult[] {
  type Block = {
    type: string;
    id: string;
    name: string;
    tool_use_id: string;
    is_error?: boolean;
    content: unknown;
  };
  const blocks = (type: string): { block: Block; event: ClaudeEvent }[] =>
    events
      .filter((event) => event.type === type)
      .flatMap((event) =>
        (event['message'] as { content: Block[] }).content.map((block) => ({ block, event })),
      );
  return blocks('assistant')
    .filter(({ block }) => block.type === 'tool_use')
    .map(({ block: use }) => {
      const answer = blocks('user').find(({ block }) => block.tool_use_id === use.id);
      const meta = answer?.event['tool_result_meta'] as
        { permission_decision?: { decision: string } }[] | undefined;
      return {
        tool: use.name,
        isError: answer?.block.is_error === true,
        text: JSON.stringify(answer?.block.content),
        decision: meta?.[0]?.permission_decision?.decision,
      };
    });
}
