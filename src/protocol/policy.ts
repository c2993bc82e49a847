/**
 * The policy is everything a project configured, merged with what we ship: roles, tiers, agents, models, limits, caps.
 * The machine decides by it, so it is journalled whenever it changes, and replay uses the one that was in force.
 * Types and pure look-ups only; catalog.ts parses the files.
 */
import type { GatePlan } from './gateplan.ts';
import type { AgentFacts } from './agentfacts.ts';
import type { Role } from './handoff.ts';
import type { Known } from './slips.ts';
import type { Risk, RouterRules, Work } from './routing.ts';

export type ModelClass = 'frontier' | 'balanced' | 'cheap';

/** Three clocks of one session, in milliseconds. */
export type Limits = {
  readonly firstByteMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
  /** What a process may take to exit after its terminal event, and between being asked to end and being killed. */
  readonly lingerMs: number;
  readonly graceMs: number;
  /** What a session may print before it is ended; all of it is kept on disk until the session's folder goes. */
  readonly outputBytes: number;
  /** Turns, for agents that count them. */
  readonly turns: number;
};

/** Files a role is offered. */
export type ReadPath = {
  /** Pattern with `{round}`. */
  readonly path: string;
  /** Offered only in these tiers; empty means in all. */
  readonly tiers: readonly string[];
};

/** One file a role owes. */
export type OwedArtifact = {
  /** Pattern with `{round}`. */
  readonly path: string;
  /** Owed only in these tiers; empty means in all. */
  readonly tiers: readonly string[];
  /** Headings that must be in it, compared without case; empty means any content. */
  readonly sections: readonly string[];
};

/** The contract of a role: the front matter of roles/<name>.md, and its body. */
export type RoleContract = {
  readonly name: Role;
  readonly title: string;
  readonly class: ModelClass;
  /** What is offered to the role, in reading order. */
  readonly reads: readonly ReadPath[];
  /** Path patterns it must never open. */
  readonly hides: readonly string[];
  /** Path patterns it may write. */
  readonly writes: readonly string[];
  /** Path patterns it may not write although `writes` covers them; what it owes in its tier it may write all the same. */
  readonly protects: readonly string[];
  readonly owes: readonly OwedArtifact[];
  /** Tool names in the agent's own words (Claude Code's); agents that have no such list ignore them. */
  readonly tools: readonly string[];
  readonly limits: Limits;
  /** Statuses the role may leave behind. */
  readonly ends: readonly string[];
  /** Whether human answers of the round are put into its brief even if another role asked. */
  readonly seesAnswers: boolean;
  /** The prompt body, with `{round}`, `{tier}` and `{role}`. */
  readonly body: string;
};

/** A tier: which roles a round runs, in order. Legal edges are the steps of the list, plus `edges`. */
export type Tier = {
  readonly name: string;
  readonly about: string;
  readonly roles: readonly Role[];
  /** Extra legal edges `from → to` beside the list's own steps (for example the reviewer back to the implementer). */
  readonly edges: readonly { readonly from: Role; readonly to: Role }[];
  /** The status a finished round of this tier ends with. */
  readonly ends: 'ROUND-COMPLETE' | 'WAVE-PLAN-READY' | 'WAVE-COMPLETE';
};

export type AgentKind = 'claude' | 'codex' | 'gemini' | 'opencode' | 'command' | 'scripted';

/** An agent as configured: which adapter, with which options. */
export type AgentSettings = {
  readonly name: string;
  readonly kind: AgentKind;
  /** Program to run instead of the adapter's default; for `command` a shell command line. */
  readonly run: string | null;
  /** For `scripted`: the scenario file, relative to the project. */
  readonly scenario: string | null;
  /** Extra arguments, appended as they are. */
  readonly args: readonly string[];
  /** Names (or `PREFIX_*` patterns) of environment variables passed on beside the common ones. */
  readonly env: readonly string[];
  /** What is known of its program: state/agents.yaml. */
  readonly facts: AgentFacts;
};

/** Which agent and model works a role in this project, before a round's risk and failed attempts move its class. */
export type Assignment = {
  readonly agent: string;
  /** Why this agent. */
  readonly because: string;
  /** The class the settings fix for this role; null: the preset's, else the role's own. */
  readonly class: ModelClass | null;
  /** Exact models of the settings, first choice first; they win over every class. Null: the class decides. */
  readonly pinned: readonly string[] | null;
  /** Models of its agent by class: the first, then what stands in for it. Empty: the agent's own default. */
  readonly ladder: Readonly<Record<ModelClass, readonly string[]>>;
};

/** A named intent: which class each role gets, and how far risk and failed attempts may move it. */
export type Preset = {
  readonly about: string;
  readonly classes: Readonly<Record<Role, ModelClass>>;
  readonly risk: 'both' | 'raise' | 'none';
  readonly escalate: boolean;
};

/** What a round must be for a role to get another class; null and empty match every round. */
export type SelectorRule = {
  readonly role: Role;
  readonly risk: Risk | null;
  readonly work: Work | null;
  readonly tiers: readonly string[];
  /** Ids of router signals, any of which is enough. */
  readonly signals: readonly string[];
  readonly class: ModelClass;
  readonly because: string;
};

export type Caps = {
  /** Sessions of one role in one round. */
  readonly perRole: number;
  /** Sessions of one round. */
  readonly perRound: number;
  /** Attempts on unchanged inputs (the same dispatch id). */
  readonly perDispatch: number;
  /** Times that work may be sent back in one round, by gates or by a review. */
  readonly fixes: number;
  /** US dollars that sessions of a round may cost once work was sent back, as far as agents say what they cost. */
  readonly fixUsd: number;
};

/** What a brief may hold of the files it offers, and how long the files may grow that roles write into. UTF-8 bytes. */
export type BriefBounds = {
  /** An offered file of at most this size stands in the prompt; a larger one is offered by its path. */
  readonly inlineBytes: number;
  /** All files in one prompt together. */
  readonly inlineTotalBytes: number;
  /** A longer handoff, or memorial, is rotated when a round ends. */
  readonly handoffBytes: number;
  readonly memorialBytes: number;
};

export type Backoff = { readonly firstMs: number; readonly factor: number; readonly maxMs: number };

/** How lessons become rules, and how much of them a session is told: state/memorial.yaml. */
export type MemorialPolicy = {
  readonly injectMax: number;
  readonly injectBytesMax: number;
  /** Confirmations in a row after which a rule is stable, and after which it is retired. */
  readonly stableAfter: number;
  readonly retiredAfter: number;
  /** Projects that must have met a rule before it is told in all of them. */
  readonly promoteAfter: number;
  /** Discipline by gate. */
  readonly gates: Readonly<Record<string, string>>;
};

/** Pauses between tries that spend no attempt. */
export type Waits = Backoff & {
  /** Waits in one round before a human is asked. */
  readonly timesMax: number;
  /** A known reset further away than this is a question for the human. */
  readonly untilMaxMs: number;
};

/** What follows from a session that failed in one class; state/failures.yaml says what the members mean. */
export type FailureRule = {
  readonly says: string;
  readonly remedy: string | null;
} & (
  | { readonly then: 'wait'; readonly wait: Waits; readonly shared: boolean }
  | { readonly then: 'retry' | 'ask' }
);

/** What may be used in one scope; null bounds nothing. */
export type Bound = { readonly microUsd: number | null; readonly tokens: number | null };

/** Budgets: `audit` warns, `enforce` asks the human before the session that would pass one. */
export type Budget = {
  readonly mode: 'audit' | 'enforce';
  /** Of one role in one round: its own, else `role`. */
  readonly roles: Readonly<Record<Role, Bound>>;
  readonly role: Bound;
  readonly round: Bound;
  /** Of one day in UTC. */
  readonly day: Bound;
  readonly project: Bound;
};

export type Policy = {
  /** Digest of everything below, so that two policies are compared by one word. */
  readonly digest: string;
  readonly defaultTier: string;
  readonly roles: Readonly<Record<Role, RoleContract>>;
  readonly tiers: Readonly<Record<string, Tier>>;
  readonly agents: Readonly<Record<string, AgentSettings>>;
  /** `tier: auto`: a round whose header names no tier runs the one its directive is routed to. */
  readonly autoTier: boolean;
  readonly assignments: Readonly<Record<Role, Assignment>>;
  /** The preset of the settings, for rounds whose header names none. */
  readonly preset: string | null;
  readonly presets: Readonly<Record<string, Preset>>;
  readonly selector: readonly SelectorRule[];
  /** state/router.yaml: what the tier router counts, and how. */
  readonly router: RouterRules;
  readonly caps: Caps;
  readonly backoff: Backoff;
  readonly budget: Budget;
  /** The engine's own checks, per tier. */
  readonly gates: GatePlan;
  readonly memorial: MemorialPolicy;
  /** By class of failure; a class without a rule asks the human. */
  readonly failures: Readonly<Record<string, FailureRule>>;
  readonly brief: BriefBounds;
  /** What to do with a session whose end nobody saw. */
  readonly interrupted: 'escalate' | 'retry';
  /** When a second reviewer works beside the first. */
  readonly secondOpinion: 'never' | 'high-risk' | 'always';
  /** Where roles work that write nothing outside coordination/: in the project, or in a copy without what is hidden. */
  readonly isolation: 'none' | 'worktree';
  /** Whether an escalation's default is taken at its deadline. */
  readonly allowDefaults: boolean;
  /** Commit the round's files under coordination/ after each role. */
  readonly commit: boolean;
  /**
   * Every session goes on with the conversation of the one before, so nothing is cold: a run that is compared with separate
   * sessions asks for it, and no file can. Absent: each session starts afresh.
   */
  readonly oneThread?: true;
};

/** As much of a policy as it takes to say in words where a project stands; a tenth of its text. */
export type WordRules = Pick<Policy, 'allowDefaults' | 'autoTier' | 'defaultTier' | 'failures' | 'tiers'> & {
  readonly roles: Readonly<Record<Role, Pick<RoleContract, 'limits'>>>;
};

/**
 * The path patterns a role is offered in a tier.
 *
 * @example readsIn(policy.roles['implementer'], 'full') // without the PRD
 */
export function readsIn(contract: Pick<RoleContract, 'reads'> | undefined, tier: string): readonly string[] {
  return (contract?.reads ?? [])
    .filter(({ tiers }) => tiers.length === 0 || tiers.includes(tier))
    .map(({ path }) => path);
}

/** The names the codec accepts as roles, beside the built-in ones. */
export function knownRoles(policy: Pick<Policy, 'roles'>): readonly Role[] {
  return Object.keys(policy.roles);
}

/** Everything a header may name, for the codec to hold it against. */
export function knownNames(
  policy: Pick<Policy, 'roles' | 'tiers' | 'presets' | 'assignments'>,
): Required<Known> {
  const models = Object.values(policy.assignments).flatMap(({ pinned, ladder }) => [
    ...(pinned ?? []),
    ...Object.keys(ladder),
    ...Object.values(ladder).flat(),
  ]);
  return {
    roles: knownRoles(policy),
    tiers: Object.keys(policy.tiers),
    presets: Object.keys(policy.presets),
    models: [...new Set(models)],
  };
}
