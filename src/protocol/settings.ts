/**
 * The settings of a project: coordination/next-role.yaml. Every key may be absent; this file holds the schema, the
 * agents that exist without being configured, and the checks that need to know the roles and tiers. It never guesses:
 * settings with a mistake are reported and stand as if the file were empty, and the caller refuses to run on them.
 */
import { z } from 'zod';
import { envPattern, factKinds, noFacts } from './agentfacts.ts';
import type { AgentFacts, FactKind } from './agentfacts.ts';
import { closed, invalid, missing, nameWord, oneOf, plainText } from './dataissue.ts';
import type { LineOf } from './dataissue.ts';
import { readData } from './datafile.ts';
import type { Diagnostic } from './diagnostic.ts';
import { gateOptionsPatch } from './gateplan.ts';
import { autoTier } from './handoff.ts';
import type { AgentSettings, Bound, Budget } from './policy.ts';
import { modelClasses, modelList } from './modelfile.ts';
import { agentKinds, capsPatch, limitsPatch } from './statefile.ts';

/** When a second reviewer works beside the first. */
const secondOpinions = ['never', 'high-risk', 'always'] as const;

const agent = closed({
  kind: z.enum(agentKinds),
  run: plainText.optional(),
  scenario: plainText.optional(),
  args: z.array(z.string()).optional(),
  env: z.array(envPattern).optional(),
});

/** Money or tokens; a budget of 0 allows nothing. */
const bound = closed({
  usd: z.number().min(0).max(1_000_000).optional(),
  tokens: z.int().min(0).optional(),
});

const schema = closed({
  tier: nameWord.optional(),
  preset: nameWord.optional(),
  agent: nameWord.optional(),
  agents: z.record(nameWord, agent).optional(),
  roles: z
    .record(
      nameWord,
      closed({
        agent: nameWord.optional(),
        model: modelList.optional(),
        class: z.enum(modelClasses).optional(),
        limits: limitsPatch.optional(),
      }),
    )
    .optional(),
  budget: closed({
    mode: z.enum(['audit', 'enforce']).optional(),
    roles: z.record(nameWord, bound).optional(),
    role: bound.optional(),
    round: bound.optional(),
    day: bound.optional(),
    project: bound.optional(),
  }).optional(),
  caps: capsPatch.optional(),
  gates: gateOptionsPatch.optional(),
  interrupted: z.enum(['escalate', 'retry']).optional(),
  secondOpinion: z.enum(secondOpinions).optional(),
  isolation: z.enum(['none', 'worktree']).optional(),
  escalation: closed({ allowDefaults: z.boolean().optional() }).optional(),
  commit: z.boolean().optional(),
});
export type Settings = z.infer<typeof schema>;

type SettingsReading = { readonly settings: Settings; readonly diagnostics: readonly Diagnostic[] };

/** What the settings may refer to. */
type Known = {
  readonly roles: readonly string[];
  readonly tiers: readonly string[];
  readonly presets?: readonly string[];
};

/**
 * Reads the text of a settings file; with a mistake in it the settings are empty and the diagnostics say why.
 *
 * @example readSettings('tier: audit', { roles: [], tiers: ['audit'] }) // { settings: { tier: 'audit' }, diagnostics: [] }
 */
export function readSettings(raw: string, known: Known): SettingsReading {
  const reading = readData(raw, schema);
  if (!reading.ok) return { settings: {}, diagnostics: reading.diagnostics };
  const diagnostics = [
    ...checkAgents(reading.value, reading.lineOf),
    ...checkNames(reading.value, known, reading.lineOf),
    ...checkScenarios(reading.value, reading.lineOf),
  ];
  return { settings: diagnostics.length > 0 ? {} : reading.value, diagnostics };
}

/** What is known of each program; nothing unless given. */
export type FactsByKind = Readonly<Partial<Record<FactKind, AgentFacts>>>;

/** The budgets of a project, in whole micro-dollars. */
export function budgetOf({ budget }: Settings): Budget {
  const of = (each: z.infer<typeof bound> | undefined): Bound => ({
    microUsd: each?.usd === undefined ? null : Math.round(each.usd * 1e6),
    tokens: each?.tokens ?? null,
  });
  return {
    mode: budget?.mode ?? 'audit',
    roles: Object.fromEntries(Object.entries(budget?.roles ?? {}).map(([role, each]) => [role, of(each)])),
    role: of(budget?.role),
    round: of(budget?.round),
    day: of(budget?.day),
    project: of(budget?.project),
  };
}

/** Every agent of a project by name: those that always exist, and the configured ones over them. */
export function agentsOf(settings: Settings, facts: FactsByKind = {}): ReadonlyMap<string, AgentSettings> {
  const factsOf = (kind: string): AgentFacts => {
    const known = factKinds.find((each) => each === kind);
    return (known === undefined ? undefined : facts[known]) ?? noFacts;
  };
  const agents = new Map<string, AgentSettings>();
  const configured = Object.entries(settings.agents ?? {});
  for (const [agentName, its] of [...builtinAgents, ...configured]) {
    agents.set(agentName, {
      name: agentName,
      kind: its.kind,
      run: its.run ?? null,
      scenario: its.scenario ?? null,
      args: its.args ?? [],
      env: its.env ?? [],
      facts: factsOf(its.kind),
    });
  }
  return agents;
}

const builtinAgents: readonly (readonly [string, z.infer<typeof agent>])[] = [
  ['claude', { kind: 'claude' }],
  ['codex', { kind: 'codex' }],
  ['gemini', { kind: 'gemini' }],
  ['opencode', { kind: 'opencode' }],
  ['scripted', { kind: 'scripted' }],
];

/** Each kind of agent needs its own key, and a scenario means nothing to the others. */
function checkAgents(settings: Settings, lineOf: LineOf): Diagnostic[] {
  return Object.entries(settings.agents ?? {}).flatMap(([agentName, its]) => {
    const path = ['agents', agentName];
    if (its.kind === 'command' && its.run === undefined) {
      const hint = 'Add "run:", a shell command line that reads the prompt from its standard input.';
      return [missing(lineOf(path), `The command agent "${agentName}" has no "run"`, hint)];
    }
    if (its.kind === 'scripted' && its.scenario === undefined) {
      const hint = 'Add "scenario:", the path of a scenario file relative to the project.';
      return [missing(lineOf(path), `The scripted agent "${agentName}" has no "scenario"`, hint)];
    }
    if (its.kind !== 'scripted' && its.scenario !== undefined) {
      const hint = 'Remove "scenario", or set "kind: scripted".';
      return [invalid(lineOf([...path, 'scenario']), `A ${its.kind} agent plays no scenario`, hint)];
    }
    return [];
  });
}

function checkNames(settings: Settings, known: Known, lineOf: LineOf): Diagnostic[] {
  const agents = [...agentsOf(settings).keys()];
  const found: Diagnostic[] = [];
  const check = (
    value: string | undefined,
    what: string,
    valid: readonly string[],
    path: readonly string[],
  ): void => {
    if (value === undefined || valid.includes(value)) return;
    found.push(invalid(lineOf(path), `"${value}" is no ${what}`, oneOf(value, valid)));
  };
  check(settings.tier, 'tier', [...known.tiers, autoTier], ['tier']);
  // A caller that knows no presets takes any.
  if (known.presets !== undefined) check(settings.preset, 'preset', known.presets, ['preset']);
  check(settings.agent, 'agent', agents, ['agent']);
  for (const role of Object.keys(settings.budget?.roles ?? {}))
    check(role, 'role', known.roles, ['budget', 'roles', role]);
  for (const [role, its] of Object.entries(settings.roles ?? {})) {
    check(role, 'role', known.roles, ['roles', role]);
    check(its.agent, 'agent', agents, ['roles', role, 'agent']);
  }
  for (const [gate, its] of Object.entries(settings.gates ?? {})) {
    for (const role of its?.after ?? []) check(role, 'role', known.roles, ['gates', gate, 'after']);
  }
  return found;
}

/** The built-in scripted agent has nothing to play until the project says what. */
function checkScenarios(settings: Settings, lineOf: LineOf): Diagnostic[] {
  const agents = agentsOf(settings);
  const uses = [
    { agent: settings.agent, path: ['agent'] },
    ...Object.entries(settings.roles ?? {}).map(([role, its]) => ({
      agent: its.agent,
      path: ['roles', role, 'agent'],
    })),
  ];
  return uses.flatMap((use) => {
    const its = use.agent === undefined ? undefined : agents.get(use.agent);
    const configured = Object.hasOwn(settings.agents ?? {}, use.agent ?? '');
    if (its?.kind !== 'scripted' || its.scenario !== null || configured) return [];
    const hint = 'Add "agents: { scripted: { kind: scripted, scenario: <path> } }".';
    return [missing(lineOf(use.path), `The agent "${its.name}" has no scenario to play`, hint)];
  });
}
