/**
 * What every agent's process is told about its order, as environment variables. It relies on the order and the place
 * alone and never reads our own environment. Shell agents and hooks of any agent read these names; docs/SPEC.md
 * lists them.
 */
import type { Brief, Order, Place } from '../protocol/session.ts';

/**
 * The variables of one order. NEXT_ROLE_MODEL is empty when the agent chooses its own model.
 *
 * @example orderEnv(order, place)['NEXT_ROLE_ROLE'] // 'reviewer'
 */
export function orderEnv(order: Order, place: Place): Readonly<Record<string, string>> {
  return {
    NEXT_ROLE_HANDOFF: place.handoff,
    NEXT_ROLE_ROLE: order.role,
    NEXT_ROLE_ROUND: order.round,
    NEXT_ROLE_TIER: order.tier,
    NEXT_ROLE_MODEL: order.model ?? '',
    NEXT_ROLE_SESSION: place.sessionId,
    NEXT_ROLE_VISIT: String(order.visit),
    NEXT_ROLE_ATTEMPT: String(order.attempt),
  };
}

/**
 * System text and prompt in one, for programs that cannot be given a system text of ours. The system text comes first:
 * it is the same for every role, so providers that cache by the beginning of a request share it.
 *
 * @example wholePrompt({ ...brief, system: 'You are one role.', prompt: 'Go.' }) // 'You are one role.\n\nGo.'
 */
export function wholePrompt(brief: Brief): string {
  return `${brief.system}\n\n${brief.prompt}`;
}
