/**
 * Claude Code, headless: order and brief to argv, stream-json lines to events, exit and tally to an outcome. Facts
 * about the program are those of versions 2.1.197 and 2.1.330, whose recorded streams are in test/cassettes/. It
 * relies on structured fields only and never classifies by prose: the texts change between versions and can be
 * written by the model itself.
 */
import { matches } from '../protocol/artifact.ts';
import type { AgentSettings } from '../protocol/policy.ts';
import type {
  Access,
  Agent,
  Brief,
  Command,
  Exit,
  Order,
  Outcome,
  Place,
  Tally,
} from '../protocol/session.ts';
import { readClaude } from './claudestream.ts';
import { claudeTranscript } from './claudetranscript.ts';
import { claudeTouches } from './claudetouch.ts';
import { orderEnv } from './order.ts';
import { verdict } from './verdict.ts';

/** Name of the appended system prompt in the session's folder. A file, because argv strings end at 128 KiB. */
export const systemFile = 'system.md';
/** The program's own timeout of one API request, in ms: never above our idle clock, never absurdly short. */
const requestMsMin = 1_000;
const requestMsMax = 600_000;

/** The adapter for Claude Code. */
export const claude: Agent = {
  kind: 'claude',
  program: 'claude',
  resumes: true,
  command,
  read: readClaude,
  judge,
  transcript: claudeTranscript,
  touches: claudeTouches,
};

function command(order: Order, brief: Brief, place: Place, settings: AgentSettings): Command {
  const tools = brief.tools.join(',');
  const { manifest } = brief;
  // A second opinion is worked while the first is: the header is not its to edit.
  const header = order.kind === 'opinion' ? [] : [withinProject(place)];
  const allowed = allowRules(brief.tools, [...manifest.writable, ...manifest.owed, ...header]);
  const denied = [...denyRules(manifest), ...originalRules(manifest, place)];
  const { facts } = settings;
  return {
    argv: [
      settings.run ?? 'claude',
      '-p',
      ...facts.flags,
      // A resumed session keeps its id.
      ...(order.resumeOf === undefined ? ['--session-id', place.sessionId] : ['--resume', order.resumeOf]),
      ...(order.model === null ? [] : ['--model', order.model]),
      // After three 529 answers the session itself goes on with this one (2.1.330): no work is lost.
      ...(order.model === null
        ? []
        : order.fallbacks.slice(0, 1).flatMap((model) => ['--fallback-model', model])),
      // --tools cuts the tool list the model sees, and with it most of the fixed prompt; --allowedTools permits them.
      ...['--tools', tools],
      ...['--allowedTools', allowed.join(',')],
      ...(denied.length === 0 ? [] : ['--disallowedTools', ...denied]),
      ...['--append-system-prompt-file', `${place.session}/${systemFile}`],
      ...['--max-turns', String(brief.limits.turns)],
      // Checked after each request, so that it overshoots by one; of a conversation that is gone on with it counts this
      // process alone, though the figures of its result count on (2.1.330).
      ...(brief.maxUsd === undefined || brief.maxUsd === null
        ? []
        : ['--max-budget-usd', String(brief.maxUsd)]),
      ...settings.args,
    ],
    env: {
      ...facts.env,
      ...orderEnv(order, place),
      API_TIMEOUT_MS: String(Math.min(requestMsMax, Math.max(requestMsMin, Math.floor(brief.limits.idleMs)))),
    },
    passEnv: [...facts.passEnv, ...settings.env],
    stdin: brief.prompt,
    files: { [systemFile]: brief.system },
  };
}

/** Tools that write files; a rule for Edit governs them all, one for Write governs nothing (2.1.330). */
const writingTools: readonly string[] = ['Write', 'Edit', 'MultiEdit', 'NotebookEdit'];

/**
 * What a session may do without being asked: its tools, and writing only where the role's contract says so. A role that
 * may write anywhere in the project has the tools as they are.
 *
 * @example allowRules(['Read', 'Write'], ['coordination/specs/']) // ['Read', 'Edit(/coordination/specs/**)']
 */
export function allowRules(tools: readonly string[], writable: readonly string[]): readonly string[] {
  const reading = tools.filter((tool) => !writingTools.includes(tool));
  if (reading.length === tools.length || writable.includes('**')) return tools;
  return [...reading, ...new Set(writable.map((pattern) => `Edit(/${ruleOf(pattern)})`))];
}

/** The handoff as the rules name it; every role may edit its header. */
function withinProject(place: Place): string {
  return place.handoff.slice(place.project.length + 1);
}

/** A path pattern as a rule: a folder is all below it, and characters that rules give a meaning to match any one. */
function ruleOf(pattern: string): string {
  const whole = pattern.endsWith('/') ? `${pattern}**` : pattern;
  return whole.replace(/[()[\],!\\]/g, '?');
}

/**
 * Permission rules that keep a session out of its hidden and its protected paths. Facts, tried against 2.1.197 and 2.1.330:
 *
 * - Rules follow the rules of .gitignore. A leading slash means the working directory, also inside a larger git
 *   repository; without it (and with `./`) a name without a slash would be hidden in every folder.
 * - Read, Grep, Glob and a plain `cat` in Bash are refused; a program started by Bash, or a recursive grep, still
 *   reads the file. So the rules are a fence, not a proof.
 * - A Read rule refuses Write and Edit too (2.1.330), and a refusal always wins. Where a role must write into what it may
 *   not read, or into a folder that is protected otherwise, there is no rule that says so, and the pattern is left out.
 *   The audit after the session knows the whole policy.
 *
 * @example denyRules({ ...access, hidden: ['coordination/logs/'] }) // ['Read(/coordination/logs/**)', 'Edit(/coordination/logs/**)']
 */
export function denyRules(access: Access): readonly string[] {
  const own = [...access.writable, ...access.owed, access.handoff];
  const isFree = (pattern: string): boolean =>
    !own.some((path) => path !== '**' && (path === pattern || matches(path, pattern)));
  return [
    ...access.hidden
      .filter(isFree)
      .map(ruleOf)
      .flatMap((pattern) => [`Read(/${pattern})`, `Edit(/${pattern})`]),
    ...access.protected
      .filter((pattern) => isFree(pattern) && !access.hidden.includes(pattern))
      .map((pattern) => `Edit(/${ruleOf(pattern)})`),
  ];
}

/**
 * A session in a copy must not open in the project what its copy lacks. Two leading slashes mean the root of the file
 * system (2.1.330). Only what is hidden is refused: installed packages are links into the project.
 */
function originalRules({ hidden }: Access, { original }: Place): readonly string[] {
  if (original === null) return [];
  const root = ruleOf(original);
  const inside = hidden.filter((pattern) => !pattern.startsWith('/'));
  return inside.map(ruleOf).flatMap((pattern) => [`Read(/${root}/${pattern})`, `Edit(/${root}/${pattern})`]);
}

function judge(exit: Exit, tally: Tally): Outcome {
  return verdict(exit, tally, 'claude');
}
