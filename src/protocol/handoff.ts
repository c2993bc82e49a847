/**
 * The handoff: the meaning of coordination/NEXT-ROLE.md, whichever dialect it was written in. These are the words the
 * files, the machine and the agents share. Types and closed lists only; codec.ts turns text into them and back.
 */
import type { Diagnostic } from './diagnostic.ts';
import type { Escalation } from './escalation.ts';

export type Dialect = 'front-matter' | 'bare-header';

/** Every status the machine knows. Any other word in a file parks the run and is kept word for word. */
export const statuses = [
  'READY',
  'WORKING',
  'ESCALATE',
  'MERGE-READY',
  'ROUND-COMPLETE',
  'BLOCKED',
  'PAUSED',
  'WAVE-PLAN-READY',
  'WAVE-GATE-READY',
  'WAVE-COMPLETE',
] as const;
export type Status = (typeof statuses)[number];

/** The roles we ship, and the human. A project adds its own as files in coordination/roles/. */
export const builtinRoles = [
  'architect',
  'implementer',
  'reviewer',
  'second-reviewer',
  'oracle',
  'memorial',
  'coordinator',
] as const;
/** A canonical role name: lower case, one of `builtinRoles`, `human`, or a user's own. */
export type Role = string;
export const human: Role = 'human';
/** The word in place of a tier that leaves the choice to the router. */
export const autoTier = 'auto';

/**
 * What a handoff says. Values are text exactly as a person would read them: a round `0123` stays `0123`.
 *
 * - `role` is canonical when the name is known (built in, human, or given in the known roles), else `null`; `roleText`
 *   is the whole value as written, `roleNote` the free text behind the name.
 * - `status` is canonical when known, else `null`; `statusText` is the whole value as written, `statusNote` what stood
 *   behind the status word. `READY-FOR-<ROLE>` reads as READY with `role` set to that role.
 */
export type Handoff = {
  readonly dialect: Dialect;
  readonly round: string | null;
  readonly role: Role | null;
  readonly roleText: string | null;
  readonly roleNote: string | null;
  readonly status: Status | null;
  readonly statusText: string | null;
  readonly statusNote: string | null;
  readonly tier: string | null;
  /** The preset of models for this round, lower case; null leaves it to the settings. */
  readonly preset: string | null;
  /** Models or classes this round's header names, by role and `*` for all. */
  readonly models: Readonly<Record<Role, string>>;
  /** Paths as written, in order; plain text inputs of the bare dialect are split into their paths. */
  readonly inputs: readonly string[];
  readonly escalation: Escalation | null;
  /** `answer:` and `note:` in the header, as written. */
  readonly answer: string | null;
  readonly note: string | null;
  /** Text of a `## Operator decision` section in the body, trimmed; null when absent, empty or "(none)". */
  readonly operatorDecision: string | null;
  /** Bookkeeping the runner keeps beside WORKING. */
  readonly by: string | null;
  readonly since: string | null;
  readonly dispatch: string | null;
  /** The round's directive section of the body (without its heading), else null. At most `directiveBytesMax`. */
  readonly directive: string | null;
  /** Every other header key, canonical spelling (lower case), with its text. */
  readonly others: Readonly<Record<string, string>>;
};

/** The part of a handoff that decisions need and the journal keeps: everything but the long texts. */
export type HandoffFacts = Omit<Handoff, 'directive' | 'others'>;

/** What decode() gives: a handoff, or null beside at least one error. Diagnostics may stand beside a handoff too. */
export type Reading = {
  readonly handoff: Handoff | null;
  readonly diagnostics: readonly Diagnostic[];
};

/**
 * Changes of header keys, by canonical key (`next-role`, `status`, `round`, `tier`, `by`, …). A string sets the key
 * (adding it when absent), null removes it. Keys that are not named keep every byte.
 */
export type HandoffChange = Readonly<Record<string, string | null>>;

/** The longest directive kept, in UTF-16 units; the rest is cut and said so in the brief. */
export const directiveCharsMax = 32_768;
/** The longest header block that is parsed, in UTF-16 units. A larger one is a diagnostic, never parsed. */
export const headerCharsMax = 65_536;
