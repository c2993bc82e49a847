/**
 * Runs the gates on what a session left, in the place of its order in the round: those of its role in the tier; and on a
 * review that asked for a second opinion, that opinion's own gates first, because only what passes them is read with the
 * report. What follows from the results is decided in domain/gate.ts.
 */
import { seatOf } from '../domain/companion.ts';
import type { GateResult } from '../protocol/finding.ts';
import { gatesAfter } from '../protocol/gateplan.ts';
import type { Order } from '../protocol/session.ts';
import type { AuditedSession } from './auditgates.ts';
import { gateCaseOf, sessionOf } from './gatecase.ts';
import { runGuarded } from './guard.ts';
import type { OpenRound } from './open.ts';
import { askedOpinion, keepMerged, opinionsOf } from './opinions.ts';

/** Checks the work of an order that has been settled. */
export async function judgeWork(
  round: Pick<OpenRound, 'project' | 'policy' | 'state'>,
  order: Order,
): Promise<readonly GateResult[]> {
  const names = gatesAfter(round.policy.gates, seatOf(order));
  const given = await gateCaseOf(round, order);
  const beside = sessionsBeside(round, order);
  if (!names.includes('review')) return runGuarded(given, names, beside);
  const opinions = await opinionsOf(round, order, given);
  // The first review has passed its own gates before its second opinion was asked for by itself.
  const due = order.kind === 'opinion' ? names.filter((name) => name === 'review') : names;
  const results = await runGuarded({ ...given, ...opinions }, due, beside);
  const stands = results.every(({ gate, pass }) => gate === 'review' || pass);
  if (!stands || askedOpinion(round, order).length === 0) return results;
  const unkept = await keepMerged(round.project, order, opinions.reports);
  return results.map((result) =>
    result.gate === 'review' ? { ...result, findings: [...result.findings, ...unkept] } : result,
  );
}

/** The session that worked at the same time: nobody else judges what it did to the configuration. */
export function sessionsBeside(
  { project, policy }: Pick<OpenRound, 'project' | 'policy'>,
  { companion }: Order,
): readonly AuditedSession[] {
  return companion === undefined ? [] : [sessionOf(project, policy, companion)];
}
