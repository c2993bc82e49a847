/**
 * Everything that can happen to a round, and everything the machine can want done about it. Both unions are closed:
 * a new case breaks the build at every switch. Events carry the time, the digests and the ids they need, because the
 * machine has no clock and no hash function of its own; they are journalled as they are, so they hold JSON only.
 */
import type { Diagnostic } from './diagnostic.ts';
import type { Answer, Escalation, Option } from './escalation.ts';
import type { GateResult } from './finding.ts';
import type { HandoffChange, HandoffFacts } from './handoff.ts';
import type { Policy } from './policy.ts';
import type { Routing } from './routing.ts';
import type { FailureClass, Order, Outcome } from './session.ts';
import type { SessionUsage } from './usage.ts';

/** An owed file as it stands after a session. */
export type ArtifactFact = {
  readonly path: string;
  readonly present: boolean;
  readonly changed: boolean;
};

/** A limit of an agent, shared by all projects of this machine that use it. */
export type KnownLimit = {
  readonly class: FailureClass;
  readonly message: string;
  /** Epoch ms: when it began, when it was met last, and when it is over. */
  readonly since: number;
  readonly seen: number;
  readonly until: number;
  /** The project that met it, absolute. */
  readonly by: string;
};

/** What is known of a session once it has ended. */
export type SessionReport = {
  readonly order: string;
  readonly outcome: Outcome;
  readonly ms: number;
  readonly tools: number;
  /** What a permission refused, as `Tool(target)`. */
  readonly denied: readonly string[];
  readonly model: string | null;
  /** What the agent itself says it cost. */
  readonly costUsd: number | null;
  /** Null when nobody knows what was used: the receipt says so, and never 0. */
  readonly usage: SessionUsage | null;
  /** By the price sheet of that version, in whole micro-dollars; null when a part of it is unknown or has no price. */
  readonly priced: { readonly microUsd: number | null; readonly prices: string };
  /** Bytes of the prompt the session was given on its standard input. */
  readonly promptBytes: number;
  readonly sessionId: string | null;
  /** What it said last, cut short; null when it said nothing. */
  readonly said: string | null;
  /** Processes that had to be reaped after the session's own end. */
  readonly leftovers: number;
};

/** `at` is epoch milliseconds in every event. */
export type MachineEvent =
  /** The policy in force from here on; first record of every journal, and again whenever it changes. */
  | { readonly type: 'POLICY'; readonly at: number; readonly policy: Policy }
  /** The handoff was read. `dispatchId` hashes the inputs of the role it names, null when it names none. */
  | {
      readonly type: 'READ';
      readonly at: number;
      readonly digest: string | null;
      readonly handoff: HandoffFacts | null;
      readonly problems: readonly Diagnostic[];
      readonly dispatchId: string | null;
      /** What the router says of the directive; null when the handoff has none, or nobody is to work. */
      readonly routing: Routing | null;
      /** Escalation fingerprint (its question and options), to tell a stale answer; null without an escalation. */
      readonly question: string | null;
      /** Digest of the operator's section, to tell new words from old; null without one. */
      readonly words: string | null;
    }
  /** WORKING stands in the file under this digest. `baseline` holds the digests of owed files before the session. */
  | {
      readonly type: 'CLAIMED';
      readonly at: number;
      readonly digest: string;
      readonly baseline: Readonly<Record<string, string | null>>;
    }
  /** The file was no longer the one we read; nothing was written. */
  | { readonly type: 'LOST'; readonly at: number }
  /** The order's agent has a limit that is known on this machine; nothing was claimed. */
  | ({ readonly type: 'LIMITED'; readonly at: number } & KnownLimit)
  /** Somebody asked to try again now what is being waited for. */
  | { readonly type: 'LIFTED'; readonly at: number }
  /** A hand could not do its work (disk full, no permission, …); nothing was half done. `ran`: a session of the order did. */
  | {
      readonly type: 'FAILED';
      readonly at: number;
      readonly doing: Effect['kind'];
      readonly message: string;
      readonly ran?: true;
    }
  /**
   * The session ended, however it did; and the one that worked beside it, where there was one. `late`: it had ended while no
   * runner was there, and a human has saved the handoff since.
   */
  | ({
      readonly type: 'ENDED';
      readonly at: number;
      readonly companion?: SessionReport;
      readonly late?: true;
    } & SessionReport)
  /** The handoff and the owed files as the session left them. */
  | {
      readonly type: 'SETTLED';
      readonly at: number;
      readonly digest: string | null;
      readonly handoff: HandoffFacts | null;
      readonly problems: readonly Diagnostic[];
      readonly artifacts: readonly ArtifactFact[];
      readonly question: string | null;
      readonly words: string | null;
    }
  /** What the engine's own checks came to, in the order they ran. */
  | { readonly type: 'GATED'; readonly at: number; readonly gates: readonly GateResult[] }
  /** The uphill write is on disk under this digest. */
  | { readonly type: 'WRITTEN'; readonly at: number; readonly digest: string; readonly commit: string | null }
  /** A human asked for a stop: PAUSED in the file, or a signal to the runner. */
  | { readonly type: 'STOP'; readonly at: number; readonly why: 'paused' | 'interrupted' }
  /** A runner was started: look again at what could not be done before. */
  | { readonly type: 'LOOK'; readonly at: number }
  /** A time that the machine asked for has come. */
  | { readonly type: 'TICK'; readonly at: number };

/** A decision file to be kept beside a write: the human's answer, word for word. */
export type Decision = {
  readonly path: string;
  readonly role: string;
  readonly question: string;
  /** The options as they were offered; a released handoff no longer has them. */
  readonly options: readonly Option[];
  readonly answer: Answer;
  /** What the chosen option says, empty when the answer is words. */
  readonly chosen: string;
};

/** Everything the machine can want done. Each is idempotent: done twice is done once. */
export type Effect =
  | { readonly kind: 'read' }
  /** `insist`: also while a limit of the agent is known. */
  | { readonly kind: 'claim'; readonly order: Order; readonly expect: string; readonly insist: boolean }
  | { readonly kind: 'dispatch'; readonly order: Order }
  | { readonly kind: 'stop'; readonly order: Order; readonly why: 'paused' | 'interrupted' }
  | { readonly kind: 'settle'; readonly order: Order }
  | { readonly kind: 'gate'; readonly order: Order }
  | {
      readonly kind: 'write';
      readonly expect: string;
      readonly change: HandoffChange;
      /** An escalation of the runner's own, to be written; null leaves what is there. */
      readonly escalation: Escalation | null;
      readonly decision: Decision | null;
      /** Commit message, null when nothing is to be committed after this write. */
      readonly commit: string | null;
    }
  | { readonly kind: 'wake'; readonly at: number }
  /** Tells the other projects of this machine of the order's agent's limit. */
  | {
      readonly kind: 'share';
      readonly order: Order;
      readonly limit: Omit<KnownLimit, 'by'>;
    };
