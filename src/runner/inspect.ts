/**
 * Says how a handoff text is understood and what it would lead to: one step of the machine on a READ of exactly this text,
 * from what a project's journal remembers, or from nothing. Reads no file, keeps nothing, starts nothing.
 */
import { initialState, step, type MachineState } from '../domain/machine.ts';
import { describe } from '../domain/situation.ts';
import { candidate } from '../domain/route.ts';
import { digestText } from '../effects/files.ts';
import { decode } from '../protocol/codec.ts';
import type { Diagnostic } from '../protocol/diagnostic.ts';
import type { Escalation } from '../protocol/escalation.ts';
import type { MachineEvent } from '../protocol/event.ts';
import type { Dialect } from '../protocol/handoff.ts';
import { knownNames } from '../protocol/policy.ts';
import type { Policy } from '../protocol/policy.ts';
import { factsOf, fingerprint, wordsDigest } from './handoff.ts';
import { routeWith } from './routing.ts';

/** What `inspect --json` prints, key by key. */
export type Inspection = {
  readonly dialect: Dialect | null;
  readonly round: string | null;
  /** Canonical; null when the file names none that is known. */
  readonly role: string | null;
  readonly roleNote: string | null;
  /** Canonical when it is known, else the value as written. */
  readonly status: string | null;
  readonly statusNote: string | null;
  readonly tier: string | null;
  readonly inputs: readonly string[];
  readonly escalation: Escalation | null;
  /** The role that would be dispatched, or null; and why. */
  readonly decision: { readonly runs: string | null; readonly because: string };
  readonly diagnostics: readonly Diagnostic[];
};

/**
 * Inspects a text under a policy; `known` is what the project's journal remembers, such as an open question.
 *
 * @example inspectText('STATUS: READY\nNEXT-ROLE: REVIEWER\nCURRENT-ROUND: R07\n', policy).decision.runs // 'reviewer'
 */
export function inspectText(text: string, policy: Policy, known: MachineState = initialState()): Inspection {
  const { handoff, diagnostics } = decode(text, knownNames(policy));
  const event: Extract<MachineEvent, { type: 'READ' }> = {
    type: 'READ',
    at: 0,
    digest: digestText(text),
    handoff: handoff === null ? null : factsOf(handoff),
    problems: diagnostics,
    dispatchId: handoff === null || candidate(policy, handoff) === null ? null : 'inspected',
    question: fingerprint(handoff?.escalation ?? null),
    words: wordsDigest(handoff?.operatorDecision ?? null),
    routing: handoff === null ? null : routeWith(policy, handoff.directive ?? '', ''),
  };
  const { state } = step(policy, known, event);
  const { verdict } = state.context;
  return {
    dialect: handoff?.dialect ?? null,
    round: handoff?.round ?? null,
    role: handoff?.role ?? null,
    roleNote: handoff?.roleNote ?? null,
    status: handoff?.status ?? handoff?.statusText ?? null,
    statusNote: handoff?.statusNote ?? null,
    tier: handoff?.tier ?? null,
    inputs: handoff?.inputs ?? [],
    escalation: handoff?.escalation ?? null,
    decision: decisionIn(policy, state),
    diagnostics: verdict.type === 'park' ? verdict.problems : diagnostics,
  };
}

function decisionIn(policy: Policy, state: MachineState): Inspection['decision'] {
  const { verdict, order } = state.context;
  if (verdict.type === 'dispatch' && order !== null) {
    return { runs: order.role, because: order.because[0] ?? `the handoff names ${order.role}` };
  }
  // An answer beside its question is written back as READY for the role that asked; that role is dispatched then.
  if (verdict.type === 'write') {
    const released = verdict.change['status'] === 'READY' ? (verdict.change['next-role'] ?? null) : null;
    return { runs: released, because: verdict.why };
  }
  return { runs: null, because: describe(policy, state).headline };
}
