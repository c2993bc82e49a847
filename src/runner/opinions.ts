/**
 * The second opinion of a review as it stands: whether its report is of this review, and whether the session that wrote
 * it kept to its own contract. A report that is old, or whose own gates are red, is not read as an opinion; what is wrong
 * with it stands among the findings of the review. Also keeps what several opinions came to as a file.
 */
import { firstReviewer, secondReviewer, seatOf } from '../domain/companion.ts';
import { owedPaths } from '../domain/gate.ts';
import { blockingOf } from '../domain/gates/gate.ts';
import { mergedText, mergeReviews } from '../domain/gates/mergereviews.ts';
import { missingOpinion, opinionsIn } from '../domain/gates/review.ts';
import { explain, insideProject, writeAtomic } from '../effects/files.ts';
import { findingId, findingLine, milder, type Finding } from '../protocol/finding.ts';
import { gatesAfter } from '../protocol/gateplan.ts';
import type { Project } from '../protocol/project.ts';
import type { Order } from '../protocol/session.ts';
import { lastOrderOf } from './audit.ts';
import { owedHere, sessionOf } from './gatecase.ts';
import { textOf, type GateCase } from './gates.ts';
import { runGuarded } from './guard.ts';
import { digestsOf } from './handoff.ts';
import type { OpenRound } from './open.ts';
import { mergedReportPath, reportsOf } from './reports.ts';

type Round = Pick<OpenRound, 'project' | 'policy' | 'state'>;

/** The reports of a review that count, and what is found against an opinion that does not. */
export type Opinions = {
  readonly reports: readonly string[];
  readonly against: readonly Finding[];
};

/** Paths that the second opinion on a review owes; empty where none was asked for since the review began. */
export function askedOpinion({ policy, state }: Omit<Round, 'project'>, order: Order): readonly string[] {
  const seat = seatOf(order);
  if (seat.role !== firstReviewer) return [];
  const second = owedPaths(policy, { ...seat, role: secondReviewer });
  // Their digests are noted with the claim of a session that is to write them, and go when the review is handed over.
  const baseline = state.context.round?.baseline ?? {};
  return second.filter((path) => Object.hasOwn(baseline, path));
}

/** Judges the second opinion of a review by its own gates; `given` is the case of the first. */
export async function opinionsOf(round: Round, order: Order, given: GateCase): Promise<Opinions> {
  const { project, policy, state } = round;
  const seat = seatOf(order);
  const asked = askedOpinion(round, order);
  const second = owedPaths(policy, { ...seat, role: secondReviewer });
  const named = (await reportsOf(project, order.round)).filter((path) => !second.includes(path));
  // A project whose reviewer leaves its report elsewhere: what it owes is the report.
  const own = named.length > 0 ? named : owedPaths(policy, seat);
  if (asked.length === 0) return { reports: own, against: [] };
  const now = await digestsOf(project, asked);
  const before = state.context.round?.baseline ?? {};
  const isFresh = asked.every((path) => now[path] !== null && now[path] !== (before[path] ?? null));
  if (!isFresh) return { reports: own, against: [missingOpinion(secondReviewer, [])] };
  const red = await redOf(round, seat, given);
  return red.length === 0
    ? { reports: [...own, ...asked], against: [] }
    : { reports: own, against: [missingOpinion(secondReviewer, red.map(findingLine)), ...red] };
}

/** What blocks in the second reviewer's own work. It is no finding of the work under review, and weighs no more than one. */
async function redOf({ project, policy }: Round, seat: Order, given: GateCase): Promise<readonly Finding[]> {
  const order: Order = { ...seat, role: secondReviewer, kind: 'opinion' };
  const worked = await lastOrderOf(sessionOf(project, policy, order), secondReviewer);
  const itsCase: GateCase = {
    ...given,
    owed: owedHere(policy, order),
    against: [],
    session: worked === null ? null : sessionOf(project, policy, { ...order, id: worked }),
  };
  const names = gatesAfter(policy.gates, order).filter((name) => name !== 'review');
  const red = blockingOf(await runGuarded(itsCase, names), policy.gates);
  return red.map((finding) => ({ ...finding, severity: milder(finding.severity, 'MAJOR') }));
}

/** Keeps what several opinions came to as a file, for people and for the roles that follow. Gives what is in its way. */
export async function keepMerged(
  project: Pick<Project, 'root'>,
  order: Pick<Order, 'round'>,
  reports: readonly string[],
): Promise<readonly Finding[]> {
  const file = mergedReportPath(order.round);
  const texts = await Promise.all(
    reports.map(async (path) => ({ path, text: (await textOf(`${project.root}/${path}`)) ?? '' })),
  );
  const opinions = opinionsIn(texts);
  try {
    if (!insideProject(project.root, file)) return [unkept(file, 'a link there leaves the project')];
    await writeAtomic(`${project.root}/${file}`, mergedText(order.round, opinions, mergeReviews(opinions)));
    return [];
  } catch (error) {
    return [unkept(file, explain(error))];
  }
}

/** The review stands without that file, so it is told and holds nothing up. */
function unkept(file: string, why: string): Finding {
  const text = `What the reviews came to together is not kept here: ${why}. Remove what is in its way`;
  return {
    id: findingId('review', file, 'unkept'),
    gate: 'review',
    severity: 'MINOR',
    file,
    line: null,
    text,
  };
}
