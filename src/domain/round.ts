/**
 * What the machine remembers of a round, and the verdicts its decisions come to. All of it is small JSON, because it
 * stands in every journal record. Nothing here decides; decide.ts and settle.ts do.
 */
import { nothingSpent, type Spent } from './budget.ts';
import type { Diagnostic } from '../protocol/diagnostic.ts';
import type { Escalation } from '../protocol/escalation.ts';
import type { Decision } from '../protocol/event.ts';
import type { Finding } from '../protocol/finding.ts';
import type { HandoffChange, Role, Status } from '../protocol/handoff.ts';
import type { Routing } from '../protocol/routing.ts';
import type { Order, Outcome, FailureClass } from '../protocol/session.ts';
import type { GateSight } from './memorial.ts';

/** What went wrong with a role's attempts since it last finished its work. */
export type Setback = {
  /** Attempts that failed by themselves; each raises the class of the next one. */
  readonly failures: number;
  /** Models that were overloaded or at their limit. */
  readonly busy: readonly string[];
};

/** The counts that bound a round. They are never lowered by anything but a stop that a human or a limit asked for. */
export type RoundMemory = {
  readonly id: string;
  readonly tier: string;
  /** What the router said when the round opened; null when nothing was there to be routed. */
  readonly routing: Routing | null;
  /** Whether it also chose the tier. */
  readonly isRouted: boolean;
  /** The header's own preset and models, by role and `*` for all. */
  readonly preset: string | null;
  readonly models: Readonly<Record<Role, string>>;
  readonly setbacks: Readonly<Record<Role, Setback>>;
  /** Sessions by role. */
  readonly visits: Readonly<Record<Role, number>>;
  readonly sessions: number;
  /** Sessions by dispatch id. */
  readonly attempts: Readonly<Record<string, number>>;
  /** Allowances that a human edit granted beyond the caps, as absolute counts. */
  readonly granted: {
    readonly visits: Readonly<Record<Role, number>>;
    readonly sessions: number;
    readonly fixes: number;
    readonly fixUsd: number;
  };
  readonly escalations: number;
  /** Digest of the operator's section when the last question was opened or answered: older words answer nothing. */
  readonly wordsSeen: string | null;
  /** Waits for a limit, an overload or the network, which spend no attempt and are bounded by themselves. */
  readonly limitWaits: number;
  /** The outage that is being waited for, while it lasts: its tries come further and further apart. */
  readonly outage: Outage | null;
  /** The round was given up; the next READY is a human's and raises the caps. */
  readonly blocked: boolean;
  /** Answers given in this round, oldest first. */
  readonly decisions: readonly { readonly id: string; readonly role: Role; readonly path: string }[];
  /** What the gates showed of each role's work, for the memorial: once red stays red. */
  readonly sights: readonly GateSight[];
  /** Digests of owed files before the first session that owes them; cleared when that role is done. */
  readonly baseline: Readonly<Record<string, string | null>>;
  readonly loop: Loop;
  /** The last words of each role's last session, cut short: its position when it is asked for. */
  readonly said: Readonly<Record<Role, string>>;
  /** Each role's last session in its agent's own name for it, so that it can be continued. */
  readonly threads: Readonly<Record<Role, { readonly agent: string; readonly sessionId: string }>>;
};

/** Finding and fixing in a round, bounded by itself. */
export type Loop = {
  /** How often work was sent back, by gates or by a review. */
  readonly fixes: number;
  /** What sessions cost since then, in US dollars, as far as their agents say. */
  readonly usd: number;
  /** Ids of everything that was open when work was sent back; what is not among them is new. */
  readonly known: readonly string[];
  /** Who was sent back, and with what words; null once that role has handed over. */
  readonly sentBack: { readonly to: Role; readonly by: Role; readonly words: readonly string[] } | null;
};

/** One stretch of failures of the same class. Times are epoch ms. */
export type Outage = {
  readonly class: FailureClass;
  readonly since: number;
  readonly times: number;
  /** End of the last pause. */
  readonly until: number;
};

/** Why an order waits without having spent an attempt; `elsewhere` when another project met the limit. */
export type Wait = {
  readonly class: FailureClass;
  readonly since: number;
  /** When this wait began; a request to try again counts only when it is younger. */
  readonly seen: number;
  readonly shared: boolean;
  readonly elsewhere: string | null;
};

/** The open question, and which role each letter leads to when the runner itself asked (null: give up). */
export type OpenQuestion = {
  readonly id: string;
  readonly role: Role;
  readonly fingerprint: string | null;
  readonly escalation: Escalation;
  readonly moves: Readonly<Record<string, Role | null>> | null;
  /** An answer that was refused as stale; the same one again is no new answer. */
  readonly refused: string | null;
  /** The runner asks whether a budget may be passed. */
  readonly budget: boolean;
};

export type ParkKind =
  'escalation' | 'blocked' | 'paused' | 'approval' | 'human' | 'unknown-status' | 'unknown-role' | 'illegal';

/** What was decided last: the machine's state follows from its type. */
export type Verdict =
  | { readonly type: 'none' }
  /** `insist`: a human asks for it in spite of a limit that is known. */
  | { readonly type: 'dispatch'; readonly order: Order; readonly since: number; readonly insist: boolean }
  | {
      readonly type: 'gate';
      readonly to: Role | null;
      /** The status the round ends with, where the role proposed one that its contract allows. */
      readonly ends: Status | null;
      /** A human asked for a pause while the work was finished: hand over, but start nobody. */
      readonly pause: boolean;
      readonly remarks: readonly string[];
    }
  | {
      readonly type: 'write';
      readonly change: HandoffChange;
      readonly escalation: Escalation | null;
      /** The question that is open once this stands in the file; null leaves what is open. */
      readonly question: OpenQuestion | null;
      /** The memory that counts once this stands in the file; null leaves it. A write that is lost changes nothing. */
      readonly round: RoundMemory | null;
      readonly decision: Decision | null;
      readonly commit: string | null;
      readonly why: string;
    }
  /** `wait` is null before a counted attempt. */
  | {
      readonly type: 'cool';
      readonly order: Order;
      readonly until: number;
      readonly why: string;
      readonly wait: Wait | null;
    }
  | {
      readonly type: 'park';
      readonly kind: ParkKind;
      readonly why: string;
      readonly problems: readonly Diagnostic[];
      /** The command that puts a value right which nobody knows. */
      readonly remedy?: string;
    }
  /**
   * A hand could not do its work, or the file claims a session we do not know. `retryAt` is epoch ms; `ran` when a
   * session of the order has run and its end is not told yet.
   */
  | {
      readonly type: 'stall';
      readonly why: string;
      readonly retryAt: number | null;
      readonly ran?: true;
    }
  /** WORKING in the file is our own order: take it up where it was. */
  | { readonly type: 'resume'; readonly at: 'working' | 'settling' }
  | { readonly type: 'unreadable'; readonly problems: readonly Diagnostic[] }
  | { readonly type: 'finish'; readonly why: string };

export type Context = {
  /** When the machine last moved, epoch ms: the "since" of `why`. */
  readonly at: number;
  /** Digest of the policy in force, so that a restart knows whether it has changed. */
  readonly policy: string | null;
  /** The handoff we know: last read, claimed or written. */
  readonly digest: string | null;
  readonly round: RoundMemory | null;
  /** Digest of the operator's section as last read. */
  readonly words: string | null;
  /** The dispatch id that stands in the file beside WORKING, as far as we know. */
  readonly held: string | null;
  /** Header keys a role changed that are not its to change, as they must be. */
  readonly mend: HandoffChange;
  /**
   * The answer that stood in the header when the session ended: the role's own, and so no answer. `late` when a human is
   * known to have saved the file since, so that what answers there is theirs.
   */
  readonly leftAnswer: { readonly text: string | null; readonly late?: true } | null;
  /** The order being worked, from the claim until its result is written. */
  readonly order: Order | null;
  readonly outcome: Outcome | null;
  /** What a permission refused in that session. */
  readonly denied: readonly string[];
  /** Why the session is being stopped, while it is. */
  readonly stopping: 'paused' | 'interrupted' | null;
  /** What was spent so far; it only grows, and a lost write takes none of it back. */
  readonly spent: Spent;
  readonly question: OpenQuestion | null;
  readonly findings: readonly Finding[];
  readonly verdict: Verdict;
};

export const emptyContext: Context = {
  at: 0,
  policy: null,
  digest: null,
  round: null,
  words: null,
  held: null,
  mend: {},
  leftAnswer: null,
  order: null,
  outcome: null,
  denied: [],
  stopping: null,
  question: null,
  spent: nothingSpent,
  findings: [],
  verdict: { type: 'none' },
};

/** The memory of a round at its start. */
export function newRound(id: string, tier: string): RoundMemory {
  return {
    id,
    tier,
    routing: null,
    isRouted: false,
    preset: null,
    models: {},
    setbacks: {},
    visits: {},
    sessions: 0,
    attempts: {},
    granted: { visits: {}, sessions: 0, fixes: 0, fixUsd: 0 },
    escalations: 0,
    wordsSeen: null,
    limitWaits: 0,
    outage: null,
    blocked: false,
    decisions: [],
    sights: [],
    baseline: {},
    loop: { fixes: 0, usd: 0, known: [], sentBack: null },
    said: {},
    threads: {},
  };
}

/** Counts the sessions of an order that has been claimed: its own, and the one beside it. */
export function count(round: RoundMemory, order: Order): RoundMemory {
  return counted(round, order, 1);
}

function counted(round: RoundMemory, order: Order, by: 1 | -1): RoundMemory {
  const moved = (n: number | undefined): number => Math.max(0, (n ?? 0) + by);
  const own: RoundMemory = {
    ...round,
    sessions: moved(round.sessions),
    visits: { ...round.visits, [order.role]: moved(round.visits[order.role]) },
    attempts: { ...round.attempts, [order.dispatchId]: moved(round.attempts[order.dispatchId]) },
  };
  return order.companion === undefined ? own : counted(own, order.companion, by);
}

/** Notes what went wrong with an attempt of a role. */
export function setBack(
  round: RoundMemory,
  role: Role,
  more: { failed?: boolean; busy?: string },
): RoundMemory {
  const { failures, busy } = round.setbacks[role] ?? { failures: 0, busy: [] };
  const all = more.busy === undefined || busy.includes(more.busy) ? busy : [...busy, more.busy];
  const setback = { failures: failures + (more.failed === true ? 1 : 0), busy: all };
  return { ...round, setbacks: { ...round.setbacks, [role]: setback } };
}

/** Takes the sessions of an order back: a human's stop and a provider's limit do not spend an attempt. */
export function uncount(round: RoundMemory, order: Order): RoundMemory {
  return counted(round, order, -1);
}

/** Header keys that only mean something while a session works; removed by every other write. */
export const releaseKeys: HandoffChange = { by: null, since: null, dispatch: null, reason: null };
