/**
 * Which conversation a session goes on with: its own role's where work was sent back, and that of the whole round where a
 * run is one thread to be compared with separate sessions. Pure look-ups over the memory of a round.
 */
import type { Role } from '../protocol/handoff.ts';
import type { Policy } from '../protocol/policy.ts';
import type { Order } from '../protocol/session.ts';
import { isIsolated } from './isolation.ts';
import type { RoundMemory } from './round.ts';

/**
 * The session of a role that its next one may go on with; null when there is none with the same agent. An isolated role has
 * none: its next copy lies elsewhere, where the agent knows no earlier session, and it starts cold again.
 */
export function threadOf(policy: Policy, round: RoundMemory, role: Role): string | null {
  if (isIsolated(policy, role)) return null;
  const thread = round.threads[role];
  return thread !== undefined && thread.agent === policy.assignments[role]?.agent ? thread.sessionId : null;
}

/**
 * The conversation of the round, where it is one: its own, else that of any role with the same agent, since all of them go
 * on with the same. Null where every session starts afresh, and for the first one.
 */
export function commonThread(policy: Policy, round: RoundMemory, role: Role): string | null {
  if (policy.oneThread !== true) return null;
  const agent = policy.assignments[role]?.agent;
  const others = Object.values(round.threads).filter((thread) => thread.agent === agent);
  return threadOf(policy, round, role) ?? others.at(-1)?.sessionId ?? null;
}

/**
 * The tools of a session: its role's. One conversation has one list, that of all its roles: a list that changes would have
 * the whole of it written to the cache anew.
 */
export function toolsOf(policy: Policy, role: Role, roles: readonly Role[]): readonly string[] {
  const own = policy.roles[role]?.tools ?? [];
  if (policy.oneThread !== true || !roles.includes(role)) return own;
  return [...new Set(roles.flatMap((each) => policy.roles[each]?.tools ?? []))].sort();
}

/** Whether the sessions of a round were one conversation: each after the first went on with an earlier one. */
export function isOneThread(orders: readonly Pick<Order, 'kind' | 'resumeOf'>[]): boolean {
  const walked = orders.filter(({ kind }) => kind !== 'opinion');
  return walked.slice(1).every(({ resumeOf }) => resumeOf !== undefined);
}
