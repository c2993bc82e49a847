/**
 * A line of an agent's stream as marks of what it touched. An agent may say it itself (`touches`), with whole commands
 * and with ids that join a call and its refusal; for the others the tool events that they are translated into are
 * taken, whose commands are cut short. It never throws.
 */
import type { AgentFacts } from '../protocol/agentfacts.ts';
import type { Agent } from '../protocol/session.ts';
import { verbOf, type TouchMark } from '../protocol/touch.ts';

/**
 * The marks of one line.
 *
 * @example touchesIn(scripted, '{"type":"tool","tool":"Bash","target":"npm test"}') // [{ type: 'call', verb: 'run', … }]
 */
export function touchesIn(agent: Agent, line: string, facts: AgentFacts): readonly TouchMark[] {
  if (agent.touches !== undefined) return agent.touches(line);
  const event = agent.read(line, facts);
  if (event.type === 'denied') return [{ type: 'refused', id: null, tool: event.tool }];
  if (event.type !== 'tool') return [];
  return [{ type: 'call', id: null, tool: event.tool, verb: verbOf(event.tool), target: event.target }];
}
