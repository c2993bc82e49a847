/** Where the reports on a round are, by the names of the original method, and which of them there are. */
import { fill } from '../protocol/artifact.ts';
import { findOffered } from '../effects/project.ts';
import type { Project } from '../protocol/project.ts';

const reportPath = 'coordination/reviews/REVIEWER-REPORT-{round}.md';
const reportsPattern = 'coordination/reviews/REVIEWER-REPORT-{round}-*.md';
/** Ours, made of the others. */
export const mergedReportPath = 'coordination/reviews/REVIEWER-REPORT-{round}-MERGED.md';

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
