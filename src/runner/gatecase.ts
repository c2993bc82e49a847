/**
 * What the gates of a session are given: the round's spec and directive, its reports, and what sessions changed since the
 * round began. Gathered anew each time, because files are the truth.
 */
import { acceptanceDir, fill, safeName } from '../protocol/artifact.ts';
import { oracleRole, owedIn, owedPath } from '../domain/gate.ts';
import { isThere } from '../effects/copytree.ts';
import { readText } from '../effects/files.ts';
import { sessionFolder } from '../effects/sessionfolder.ts';
import type { Policy } from '../protocol/policy.ts';
import type { Project } from '../protocol/project.ts';
import type { Order } from '../protocol/session.ts';
import { startOf } from './audit.ts';
import type { AuditedSession } from './auditgates.ts';
import type { GateCase, OwedHere } from './gates.ts';
import { readHandoff } from './handoff.ts';
import type { OpenRound } from './open.ts';
import { reportsOf } from './reports.ts';
import { noteEnd, readTrees, treesOf } from './roundtrees.ts';

const specPattern = 'coordination/specs/Q-{round}-SPEC.md';

/** The spec whose scope holds for a round; a name of the original method. */
export function specPath(round: string): string {
  return fill(specPattern, { round: safeName(round) });
}
/** The case of a session that has just been settled. */
export async function gateCaseOf(
  { project, policy }: Pick<OpenRound, 'project' | 'policy'>,
  order: Order,
): Promise<GateCase> {
  const { reading } = await readHandoff(project, policy);
  const spec = await readText(`${project.root}/${specPath(order.round)}`);
  return {
    root: project.root,
    policy,
    tier: order.tier,
    owed: owedHere(policy, order),
    scopes: [spec?.text ?? '', reading.handoff?.directive ?? ''],
    reports: await reportsOf(project, order.round),
    against: [],
    oracle: await oracleOf(
      project,
      order.round,
      policy.tiers[order.tier]?.roles.includes(oracleRole) === true,
    ),
    ...(await changeOf(project, order)),
    keep: sessionFolder(`${project.own}/sessions`, order.id),
    mark: safeName(order.id),
    session: sessionOf(project, policy, order),
  };
}

/** What a role owes here, with the headings. */
export function owedHere(policy: Policy, order: Pick<Order, 'role' | 'tier' | 'round'>): readonly OwedHere[] {
  return owedIn(policy, order).map((artifact) => ({
    path: owedPath(artifact, order),
    sections: artifact.sections,
  }));
}

/** The session of an order, for its audit. */
export function sessionOf(
  project: Project,
  policy: Policy,
  order: Pick<Order, 'round' | 'id'>,
): AuditedSession {
  const { root, own } = project;
  return { root, sessions: `${own}/sessions`, policy, round: order.round, order: order.id };
}

/** Where the oracle of a round leaves its check; null where there is none, unless it is owed: then it is noticed as gone. */
export async function oracleOf(
  { root }: Pick<Project, 'root'>,
  round: string,
  isOwed: boolean,
): Promise<GateCase['oracle']> {
  const folder = `${acceptanceDir}/${safeName(round)}`;
  return isOwed || (await isThere(`${root}/${folder}/run.sh`)) ? folder : null;
}

async function changeOf(project: Project, order: Order): Promise<Pick<GateCase, 'change' | 'isStartGone'>> {
  const trees = await treesOf(project);
  if (trees === null) return { change: 'needs git: what changed is not known without it' };
  const known = await readTrees(project, order.round);
  const begun = await startOf(`${project.own}/sessions`, order.round);
  const change = 'the state at the start of the round is not known';
  if (known === null) return { change, isStartGone: begun !== null };
  const to = known.left ?? (await noteEnd(project, order));
  if (to === null) return { change: 'git cannot say what changed' };
  const isOther = begun?.order === order.id && begun.start !== known.start;
  const isStartGone = begun !== null && (isOther || (await trees.changes(known.start, to)) === null);
  return { change: { trees, from: known.start, to }, isStartGone };
}
