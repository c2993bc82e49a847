/**
 * The agents we can drive, by kind. A new agent is one file beside this one and one line here; it relies on the
 * contract `Agent` in protocol/session.ts. Nothing in this folder starts a process or reads a clock.
 */
import type { AgentKind } from '../protocol/policy.ts';
import type { Agent } from '../protocol/session.ts';
import { claude } from './claude.ts';
import { codex } from './codex.ts';
import { command } from './command.ts';
import { gemini } from './gemini.ts';
import { opencode } from './opencode.ts';
import { scripted } from './scripted.ts';

const byKind: Readonly<Record<AgentKind, Agent>> = {
  claude,
  codex,
  gemini,
  opencode,
  command,
  scripted,
};

/** Every agent, in the order in which an installed one is looked for. */
export const agents: readonly Agent[] = Object.values(byKind);

/**
 * The adapter of a kind.
 *
 * @example agentOf('claude').program // 'claude'
 */
export function agentOf(kind: AgentKind): Agent {
  return byKind[kind];
}
