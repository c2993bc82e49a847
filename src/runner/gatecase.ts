/**
 * What the gates of a session are given: the round's spec and directive, its reports, and what sessions changed since the
 * round began. Gathered anew each time, because files are the truth.
 */
import { acceptanceDir, fill, safeName } from '../protocol/artifact.ts';
import { owedIn, owedPath, owedPaths } from '../domain/gate.ts';
import { mergedText, mergeReviews } from '../domain/gates/mergereviews.ts';
import { opinionsIn } from '../domain/gates/review.ts';
import { readText, writeAtomic } from '../effects/files.ts';
import { findOffered } from '../effects/project.ts';
import { sessionFolder } from '../effects/sessionfolder.ts';
import type { Project } from '../protocol/project.ts';
import type { Order } from '../protocol/session.ts';
import type { GateCase } from './gates.ts';
import { digestsOf, readHandoff } from './handoff.ts';
import type { OpenRound } from './open.ts';
import { noteEnd, readTrees, treesOf } from './roundtrees.ts';

/** The spec whose scope holds for a round, and the reports on it; names of the original method. */
export const specPath = 'coordination/specs/Q-{round}-SPEC.md';
const reportPath = 'coordination/reviews/REVIEWER-REPORT-{round}.md';
const reportsPattern = 'coordination/reviews/REVIEWER-REPORT-{round}-*.md';
/** Ours, made of the others. */
export const mergedReportPath = 'coordination/reviews/REVIEWER-REPORT-{round}-MERGED.md';

/** The case of a session that has just been settled. */
export async function gateCaseOf(
  round: Pick<OpenRound, 'project' | 'policy' | 'state'>,
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
    ...(await opinionsOf(round, order)),
    oracle: await oracleOf(project, order.round),
    change: await changeOf(project, order),
    keep: sessionFolder(`${project.own}/sessions`, order.id),
    mark: safeName(order.id),
    session: {
      root: project.root,
      sessions: `${project.own}/sessions`,
      policy,
      round: order.round,
      order: order.id,
    },
  };
}

/** The reports of this review: of a second opinion beside it only what was written this time. */
async function opinionsOf(
  { project, policy, state }: Pick<OpenRound, 'project' | 'policy' | 'state'>,
  order: Order,
): Promise<Pick<GateCase, 'reports' | 'absent'>> {
  const { companion } = order;
  if (companion === undefined) return { reports: await reportsOf(project, order.round), absent: [] };
  const own = owedPaths(policy, order);
  const second = owedPaths(policy, companion);
  const now = await digestsOf(project, second);
  const before = state.context.round?.baseline ?? {};
  const fresh = second.filter((path) => now[path] !== null && now[path] !== (before[path] ?? null));
  return { reports: [...own, ...fresh], absent: fresh.length === second.length ? [] : [companion.role] };
}

/** Keeps what several opinions came to as a file, for people and for the roles that follow. */
export async function keepMerged(project: Project, order: Order, reports: readonly string[]): Promise<void> {
  if (order.companion === undefined) return;
  const texts = await Promise.all(
    reports.map(async (path) => ({ path, text: (await readText(`${project.root}/${path}`))?.text ?? '' })),
  );
  const opinions = opinionsIn(texts);
  const path = `${project.root}/${fill(mergedReportPath, { round: order.round })}`;
  await writeAtomic(path, mergedText(order.round, opinions, mergeReviews(opinions)));
}

/** The folder of the check that an oracle left for a round; null where there is none. */
export async function oracleOf(project: Pick<Project, 'root'>, round: string): Promise<string | null> {
  const folder = `${acceptanceDir}/${safeName(round)}`;
  return (await readText(`${project.root}/${folder}/run.sh`)) === null ? null : folder;
}

/** The report of a round and the second opinion on it; where there is none, those of several reviewers. */
export async function reportsOf(project: Pick<Project, 'root'>, round: string): Promise<readonly string[]> {
  const [one, several] = await Promise.all(
    [reportPath, reportsPattern].map((pattern) => findOffered(project.root, [fill(pattern, { round })])),
  );
  const merged = fill(mergedReportPath, { round });
  const others = (several ?? []).map(({ path }) => path).filter((path) => path !== merged);
  const main = (one ?? []).map(({ path }) => path);
  return main.length === 0 ? others : [...main, ...others.filter((path) => path.endsWith('-SECOND.md'))];
}

async function changeOf(project: Project, order: Order): Promise<GateCase['change']> {
  const trees = await treesOf(project);
  if (trees === null) return 'needs git: what changed is not known without it';
  const known = await readTrees(project, order.round);
  if (known === null) return 'the state at the start of the round is not known';
  const to = known.left ?? (await noteEnd(project, order));
  return to === null ? 'git cannot say what changed' : { trees, from: known.start, to };
}
