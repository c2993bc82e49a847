/**
 * Who works a role: the agent with the reason in words, the models it has by class, and what the settings fix. Which of
 * these models a session gets is decided for each order (domain/modelchoice.ts). It relies on settings and model classes
 * that were already checked, and never fails.
 */
import { listOf, type Models } from './modelfile.ts';
import type { AgentKind, AgentSettings, Assignment } from './policy.ts';
import type { Settings } from './settings.ts';

type AssignmentSources = {
  readonly settings: Settings;
  readonly agents: ReadonlyMap<string, AgentSettings>;
  readonly models: Models;
  /** Agent programs found on PATH. */
  readonly installed: readonly string[];
};

/** The agents looked for when the settings name none, best first. */
const preferredAgents = ['claude', 'codex', 'gemini', 'opencode'] as const;

/**
 * Chooses the agent for one role, and its models.
 *
 * @example assign('reviewer', sources)
 * // { agent: 'claude', because: 'claude is installed', class: null, pinned: null, ladder: { frontier: ['opus'], … } }
 */
export function assign(role: string, sources: AssignmentSources): Assignment {
  const agent = chooseAgent(role, sources);
  const kind = sources.agents.get(agent.name)?.kind ?? 'claude';
  const its = sources.settings.roles?.[role];
  return {
    agent: agent.name,
    because: agent.because,
    class: its?.class ?? null,
    pinned: its?.model === undefined ? null : listOf(its.model),
    ladder: ladderOf(kind, sources.models),
  };
}

function ladderOf(kind: AgentKind, { table }: Models): Assignment['ladder'] {
  const { frontier, balanced, cheap } = table;
  return { frontier: frontier[kind] ?? [], balanced: balanced[kind] ?? [], cheap: cheap[kind] ?? [] };
}

function chooseAgent(role: string, { settings, agents, installed }: AssignmentSources): Choice<string> {
  const own = settings.roles?.[role]?.agent;
  if (own !== undefined) return { name: own, because: `settings: roles.${role}.agent` };
  if (settings.agent !== undefined) return { name: settings.agent, because: 'settings: agent' };
  const found = preferredAgents.find((name) => installed.includes(name));
  if (found !== undefined) return { name: found, because: `${found} is installed` };
  // A configured program need not be on PATH under the agent's own name.
  const run = agents.get(preferredAgents[0])?.run ?? null;
  if (run !== null)
    return { name: preferredAgents[0], because: `settings: agents.${preferredAgents[0]}.run` };
  const advice = 'install Claude Code, or set "agent:" in coordination/next-role.yaml';
  return { name: preferredAgents[0], because: `no agent is installed; ${advice}` };
}

type Choice<Name> = { readonly name: Name; readonly because: string };
