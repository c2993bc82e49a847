/**
 * Who works a role: the agent and the model, each with the reason in words, so that nobody has to search four files to
 * learn why a session ran on what it ran on. It relies on settings and model classes that were already checked, and
 * never fails: where nothing is configured the agent's own default model is used, and the reason says so.
 */
import type { AgentKind, AgentSettings, Assignment, ModelClass } from './policy.ts';
import type { Settings } from './settings.ts';

/** Model by class and kind of agent; null passes no model, an absent cell does the same and is told as missing. */
export type Models = Readonly<Record<ModelClass, Readonly<Partial<Record<AgentKind, string | null>>>>>;

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
 * Chooses agent and model for one role.
 *
 * @example assign({ name: 'reviewer', class: 'frontier' }, sources)
 * // { agent: 'claude', model: 'opus', because: 'claude is installed; reviewer is class frontier → claude alias opus' }
 */
export function assign(role: { name: string; class: ModelClass }, sources: AssignmentSources): Assignment {
  const agent = chooseAgent(role.name, sources);
  const kind = sources.agents.get(agent.name)?.kind ?? 'claude';
  const model = chooseModel(role, kind, sources);
  return { agent: agent.name, model: model.name, because: `${agent.because}; ${model.because}` };
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

function chooseModel(
  role: { name: string; class: ModelClass },
  kind: AgentKind,
  { settings, models }: AssignmentSources,
): Choice<string | null> {
  const own = settings.roles?.[role.name];
  if (own?.model !== undefined) return { name: own.model, because: `settings: roles.${role.name}.model` };
  const modelClass = own?.class ?? role.class;
  const origin = own?.class === undefined ? '' : ` (settings: roles.${role.name}.class)`;
  const rank = `${role.name} is class ${modelClass}${origin}`;
  const model = models[modelClass][kind];
  if (model === undefined) {
    return { name: null, because: `${rank}, for which no ${kind} model is listed → the agent's own default` };
  }
  if (model === null) return { name: null, because: `${rank} → ${kind} is given no model` };
  return { name: model, because: `${rank} → ${kind} alias ${model}` };
}

type Choice<Name> = { readonly name: Name; readonly because: string };
