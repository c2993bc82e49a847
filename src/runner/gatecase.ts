/**
 * What the gates of a session are given: the round's spec and directive, its reports, and what sessions changed since the
 * round began. Gathered anew each time, because files are the truth.
 */
import { fill, safeName } from '../protocol/artifact.ts';
import { owedIn, owedPath } from '../domain/gate.ts';
import { readText } from '../effects/files.ts';
import { findOffered } from '../effects/project.ts';
import { sessionFolder } from '../effects/sessionfolder.ts';
import type { Project } from '../protocol/project.ts';
import type { Order } from '../protocol/session.ts';
import type { GateCase } from './gates.ts';
import { readHandoff } from './handoff.ts';
import type { OpenRound } from './open.ts';
import { noteEnd, readTrees, treesOf } from './roundtrees.ts';

/** The spec whose scope holds for a round, and the reports on it; names of the original method. */
export const specPath = 'coordination/specs/Q-{round}-SPEC.md';
const reportPath = 'coordination/reviews/REVIEWER-REPORT-{round}.md';
const reportsPattern = 'coordination/reviews/REVIEWER-REPORT-{round}-*.md';

/** The case of a session that has just been settled. */
export async function gateCaseOf(
  round: Pick<OpenRound, 'project' | 'policy'>,
  order: Order,
): Promise<GateCase> {
  const { project, policy } = round;
  const { reading } = await readHandoff(project, policy);
  const spec = await readText(`${project.root}/${fill(specPath, { round: order.round })}`);
  return {
    root: project.root,
    policy,
    tier: order.tier,
    owed: owedIn(policy, order).map((artifact) => ({
      path: owedPath(artifact, order),
      sections: artifact.sections,
    })),
    scopes: [spec?.text ?? '', reading.handoff?.directive ?? ''],
    reports: await reportsOf(project, order.round),
    change: await changeOf(project, order),
    keep: sessionFolder(`${project.own}/sessions`, order.id),
    mark: safeName(order.id),
  };
}

/** The report of a round; where there is none, those of several reviewers. */
export async function reportsOf(project: Pick<Project, 'root'>, round: string): Promise<readonly string[]> {
  const [one, several] = await Promise.all(
    [reportPath, reportsPattern].map((pattern) => findOffered(project.root, [fill(pattern, { round })])),
  );
  const found = one === undefined || one.length === 0 ? several : one;
  return (found ?? []).map(({ path }) => path);
}

async function changeOf(project: Project, order: Order): Promise<GateCase['change']> {
  const trees = await treesOf(project);
  if (trees === null) return 'needs git: what changed is not known without it';
  const known = await readTrees(project, order.round);
  if (known === null) return 'the state at the start of the round is not known';
  const to = known.left ?? (await noteEnd(project, order));
  return to === null ? 'git cannot say what changed' : { trees, from: known.start, to };
}
