/** Where the reports on a round are, by the names of the original method, and which of them there are. */
import { fill, safeName } from '../protocol/artifact.ts';
import { findOffered } from '../effects/project.ts';
import type { Project } from '../protocol/project.ts';

const reportPath = 'coordination/reviews/REVIEWER-REPORT-{round}.md';
const reportsPattern = 'coordination/reviews/REVIEWER-REPORT-{round}-*.md';
const mergedPattern = 'coordination/reviews/REVIEWER-REPORT-{round}-MERGED.md';

/** Ours, made of the others. */
export function mergedReportPath(round: string): string {
  return fill(mergedPattern, { round: safeName(round) });
}

/** The report of a round and the second opinion on it; where there is none, those of several reviewers. */
export async function reportsOf(project: Pick<Project, 'root'>, round: string): Promise<readonly string[]> {
  // As roles are told to name them, whatever a round is called.
  const names = { round: safeName(round) };
  const [one, several] = await Promise.all(
    [reportPath, reportsPattern].map((pattern) => findOffered(project.root, [fill(pattern, names)])),
  );
  const merged = mergedReportPath(round);
  const others = (several ?? []).map(({ path }) => path).filter((path) => path !== merged);
  const main = (one ?? []).map(({ path }) => path);
  return main.length === 0 ? others : [...main, ...others.filter((path) => path.endsWith('-SECOND.md'))];
}
