/**
 * A session is one headless agent process that works one order. Here are the order that the machine gives, the brief
 * the process gets, the events an agent's output is translated into, and how a session can end. No process is started
 * by anything in this file.
 */
import type { Role } from './handoff.ts';
import type { AgentFacts } from './agentfacts.ts';
import type { AgentKind, AgentSettings, Limits } from './policy.ts';
import type { Transcript } from './transcript.ts';
import type { TouchMark } from './touch.ts';
import type { UsageReport } from './usage.ts';

/** What the machine decides to run. JSON only: it is stored in the journal. */
export type Order = {
  /** `<round>.<n>-<role>`: unique in the project, the session's folder name, the run marker in its environment. */
  readonly id: string;
  /** Hash of (round, role, inputs): the same work has the same id. */
  readonly dispatchId: string;
  readonly round: string;
  readonly tier: string;
  readonly role: Role;
  readonly agent: string;
  readonly model: string | null;
  /** What stands in for the model when it is overloaded or at its limit, in order; the agent may use them itself. */
  readonly fallbacks: readonly string[];
  /** 1 for the first session of this role in this round. */
  readonly visit: number;
  /** 1 for the first session on these inputs; higher on a counted retry. */
  readonly attempt: number;
  /** A repair asks only to mend the handoff or a missing artifact; an opinion leaves a report and not a word in the handoff. */
  readonly kind: 'work' | 'repair' | 'opinion';
  /** The agent's own id of a session to go on with, where the agent can; absent for a fresh one. */
  readonly resumeOf?: string;
  /** What the previous attempt left undone, word for word, to be shown to this one. */
  readonly feedback: readonly string[];
  /** Why this role, this agent, this model. */
  readonly because: readonly string[];
  /** A second opinion that is worked beside it; has none itself. Absent where none is due. */
  readonly companion?: Order;
};

/** One part of a prompt, for `next-role prompt`: where bytes go. */
export type BriefPart = { readonly name: string; readonly bytes: number };

/** A file as it was found: its path in the project, its hash and size. */
export type OfferedPath = { readonly path: string; readonly sha256: string; readonly bytes: number };

/** One file a session is offered: by its path, or as text in its prompt. */
export type Offer = OfferedPath & { readonly as: 'path' | 'text' };

/** Which paths a session may open and write. Patterns as in a role's contract, round and role filled in. */
export type Access = {
  /** What it must never open. */
  readonly hidden: readonly string[];
  readonly writable: readonly string[];
  /** Not to be written, although `writable` covers it. */
  readonly protected: readonly string[];
  /** What it owes in this tier: writable, whatever `protected` says. */
  readonly owed: readonly string[];
  /** The handoff, whose header every role edits; empty for a second opinion, which leaves it alone. */
  readonly handoff: string;
  /** What a session beside it writes at the same time: that it changes on disk is not this one's doing. */
  readonly beside?: readonly string[] | undefined;
};

/** The record of what a session was given; written beside its stream before it starts. */
export type Manifest = Access & {
  readonly order: string;
  readonly role: Role;
  readonly round: string;
  readonly tier: string;
  readonly agent: string;
  readonly model: string | null;
  readonly offered: readonly Offer[];
  readonly tools: readonly string[];
  readonly parts: readonly BriefPart[];
};

/** What one session is given. */
export type Brief = {
  /** The same for every role, so that prompt caches are shared. */
  readonly system: string;
  readonly prompt: string;
  readonly tools: readonly string[];
  readonly limits: Limits;
  readonly manifest: Manifest;
  /** What is left of an enforced budget, in USD, for agents that have such a cap of their own; null without one. */
  readonly maxUsd?: number | null;
};

/** Where a session runs. Absolute paths. */
export type Place = {
  readonly project: string;
  /** The project itself, where `project` is a copy of it that holds nothing hidden; null where it is no copy. */
  readonly original: string | null;
  readonly handoff: string;
  /** The session's own folder under .next-role/sessions/. */
  readonly session: string;
  /** This program, for the scripted agent: argv prefix that starts next-role. */
  readonly self: readonly string[];
  /** A fresh UUID for agents that let us choose the session id. */
  readonly sessionId: string;
  /** Whether we run as root (some agents refuse some flags then). */
  readonly root: boolean;
};

/** A program to start. `stdin` is written to a file and redirected, so that it has no size limit. */
export type Command = {
  readonly argv: readonly [string, ...string[]];
  /** Set beside the allow-listed environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Names (or `PREFIX_*` patterns) passed on from our own environment. */
  readonly passEnv: readonly string[];
  readonly stdin: string;
  /** Where it works; the project's folder when absent. */
  readonly cwd?: string;
  /** Files to write into the session's folder before the start, by name. */
  readonly files: Readonly<Record<string, string>>;
};

/** Why a session did not do its work; decides what the machine does next. */
export type FailureClass =
  | 'denied' // a permission refused what the role needed
  | 'capped' // turns or money of the agent's own cap
  | 'rate-limited' // wait until resetsAt, no attempt spent
  | 'quota' // money or plan used up: a human must act
  | 'auth' // a human must act
  | 'overloaded' // the provider; wait and retry
  | 'network' // not reachable; wait and retry
  | 'context-too-long'
  | 'refused' // by the model
  | 'stalled' // one of our clocks, or the bound of its output, ended it
  | 'crashed' // exit code, signal, or no terminal event
  | 'not-started' // the program is missing or could not be run
  | 'failed'; // the agent said so, in no class of ours

/** Every class, as data files and scenarios may name it. */
export const failureClasses = [
  'denied',
  'capped',
  'rate-limited',
  'quota',
  'auth',
  'overloaded',
  'network',
  'context-too-long',
  'refused',
  'stalled',
  'crashed',
  'not-started',
  'failed',
] as const satisfies readonly FailureClass[];

/** What one line of an agent's output means. Unknown lines are `noise`, never an error. */
export type SessionEvent =
  | { readonly type: 'started'; readonly sessionId: string | null; readonly model: string | null }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tool'; readonly tool: string; readonly target: string | null }
  | { readonly type: 'denied'; readonly tool: string; readonly target: string | null }
  | { readonly type: 'waiting'; readonly reason: string; readonly untilMs: number | null }
  | {
      readonly type: 'failure';
      readonly class: FailureClass;
      readonly message: string;
      /** Epoch milliseconds, when the provider named one. */
      readonly resetsAt: number | null;
      /** Where the failing line also says what was used. */
      readonly usage?: UsageReport | null;
      /** A later `done` does not take it back: the program gave up, and ends as if all were well. */
      readonly final?: true;
    }
  /** The terminal event of the agent's own protocol: it says it is done. */
  | {
      readonly type: 'done';
      readonly text: string;
      readonly costUsd: number | null;
      readonly turns: number | null;
      /** Tool calls that a permission refused, as `Tool target`, where the terminal event lists them. */
      readonly denied: readonly string[];
      readonly usage?: UsageReport | null;
    }
  /** Usage on a line of its own, for agents that report every request and have no closing sum. */
  | { readonly type: 'usage'; readonly report: UsageReport }
  | { readonly type: 'noise' };

/** How the process itself ended, as the shim or the clocks saw it. */
export type Exit =
  | { readonly type: 'exited'; readonly code: number }
  | { readonly type: 'signalled'; readonly signal: string }
  /** We ended it: why. */
  | {
      readonly type: 'stopped';
      readonly why: 'first-byte' | 'idle' | 'total' | 'output' | 'paused' | 'interrupted' | 'lingered';
    }
  /** The claim is there, the process is gone, and nobody wrote its exit. */
  | { readonly type: 'lost' }
  | { readonly type: 'not-started'; readonly message: string };

/** What was seen of a session's stream, folded event by event; small enough for the journal. */
export type Tally = {
  readonly sessionId: string | null;
  readonly model: string | null;
  readonly done: boolean;
  readonly doneText: string;
  readonly failure: {
    readonly class: FailureClass;
    readonly message: string;
    readonly resetsAt: number | null;
    readonly final?: true;
  } | null;
  readonly denied: readonly string[];
  readonly tools: number;
  /** What the agent says it cost, of this process alone where its report tells that. */
  readonly costUsd: number | null;
  readonly turns: number | null;
  /** Every model that was named as the one that works, in the order of their turns. */
  readonly models: readonly string[];
  /** What was reported so far; null while nothing was. `isThread`: with earlier processes of the same conversation. */
  readonly usage: (Pick<UsageReport, 'models'> & { readonly isThread: boolean }) | null;
};

/** The outcome an adapter gives to a session: its part of the truth. Artifacts and handoff have the last word. */
export type Outcome =
  | { readonly type: 'done' }
  | { readonly type: 'stopped'; readonly why: 'paused' | 'interrupted' }
  | { readonly type: 'lost' }
  | {
      readonly type: 'failed';
      readonly class: FailureClass;
      readonly message: string;
      readonly resetsAt: number | null;
    };

/**
 * What is needed to drive one agent CLI: a pure translation. A new agent is one file that exports one of these.
 *
 * - `command` never starts anything; it says what to start. It may not throw.
 * - `read` turns one line of stdout (without its line end) into an event. It may not throw, whatever the line holds.
 * - `judge` says what the exit and the folded stream mean. The exit code alone never proves success.
 *
 * What may change with the program's next version is not in the adapter but in the facts, which are data.
 */
export type Agent = {
  readonly kind: AgentKind;
  /** The program looked for on PATH, for `doctor` and for choosing the first installed; null when always there. */
  readonly program: string | null;
  /** Whether it can go on with an earlier session, as an order's `resumeOf` asks. */
  readonly resumes: boolean;
  command(order: Order, brief: Brief, place: Place, settings: AgentSettings): Command;
  read(line: string, facts: AgentFacts): SessionEvent;
  judge(exit: Exit, tally: Tally, facts: AgentFacts): Outcome;
  /** Its own record of a session; null when it keeps none that we read. */
  readonly transcript: Transcript | null;
  /**
   * What one line of stdout says was touched, with whole commands and with what was refused. An agent without it is
   * audited by its tool events. It may not throw.
   */
  touches?(line: string): readonly TouchMark[];
};
