/**
 * Two opinions become one by rule: the union of what both reports found, the worse severity where they speak of the
 * same thing, and who said it kept with every finding. No third opinion is asked. Pure; texts are read elsewhere.
 */
import { isAtLeast, severities, type Finding } from '../../protocol/finding.ts';
import { wordsOf } from '../memorial.ts';

/** What one reviewer reported. */
export type Opinion = { readonly by: string; readonly path: string; readonly findings: readonly Finding[] };

/** A finding of the merged report, and which reviewers reported it. */
export type MergedFinding = Finding & { readonly by: readonly string[] };

/** Lines two reports may be apart and still mean the same place. */
const sameLines = 3;
/** Share of the words of the shorter text that must stand in the other. */
const sameWords = 0.5;

/**
 * The union of several opinions, worst first. Of two findings that mean the same the worse severity and the longer text
 * stay, under the id of the first.
 *
 * @example mergeReviews([{ by: 'reviewer', path: 'a.md', findings }, { by: 'second-reviewer', path: 'b.md', findings: [] }])
 */
export function mergeReviews(opinions: readonly Opinion[]): readonly MergedFinding[] {
  const merged: MergedFinding[] = [];
  for (const opinion of opinions) {
    // Two findings of one report are never one: that reviewer told them apart.
    const earlier = merged.length;
    const taken = new Set<number>();
    for (const finding of opinion.findings) {
      const at = merged.findIndex(
        (other, index) => index < earlier && !taken.has(index) && isSame(other, finding),
      );
      const other = merged[at];
      if (other === undefined) merged.push({ ...finding, by: [opinion.by] });
      else {
        taken.add(at);
        merged[at] = join(other, finding, opinion.by);
      }
    }
  }
  return merged
    .map((finding, index) => ({ finding, index }))
    .sort((a, b) => rank(a.finding) - rank(b.finding) || a.index - b.index)
    .map(({ finding }) => finding);
}

function rank(finding: Finding): number {
  return severities.indexOf(finding.severity);
}

function join(one: MergedFinding, other: Finding, by: string): MergedFinding {
  return {
    ...one,
    severity: isAtLeast(one.severity, other.severity) ? one.severity : other.severity,
    line: one.line ?? other.line,
    text: other.text.length > one.text.length ? other.text : one.text,
    by: [...one.by, by],
  };
}

/** The same place within a few lines and a word in common; or the same file, or none, and mostly the same words. */
function isSame(one: Finding, other: Finding): boolean {
  const alike = shared(wordsIn(one), wordsIn(other));
  if (isInReport(one) && isInReport(other)) return alike >= sameWords;
  if (one.file !== other.file) return false;
  if (one.line !== null && other.line !== null) {
    return Math.abs(one.line - other.line) <= sameLines && alike > 0;
  }
  return alike >= sameWords;
}

/** A finding that names no place of the work stands at its own report, whose path says nothing. */
function isInReport({ file }: Finding): boolean {
  return file !== null && /REVIEWER-REPORT-[^/]*\.md$/.test(file);
}

/** Without the path: two findings in one file do not say the same because both name it. */
function wordsIn({ file, text }: Finding): string {
  return file === null ? text : text.replaceAll(file, '');
}

function shared(one: string, other: string): number {
  const a = wordsOf(one);
  const b = wordsOf(other);
  const fewer = Math.min(a.size, b.size);
  return fewer === 0 ? 0 : [...a].filter((word) => b.has(word)).length / fewer;
}

/** The merged report as a file for people and for the roles that follow. */
export function mergedText(
  round: string,
  opinions: readonly Opinion[],
  findings: readonly MergedFinding[],
): string {
  const row = (finding: MergedFinding): string => {
    const place =
      finding.file === null ? '' : ` ${finding.file}${finding.line === null ? '' : `:${finding.line}`}`;
    const [line = ''] = finding.text.split('\n');
    const words = (place === '' ? line : line.replace(place, '')).trim();
    return `- ${finding.severity}${place} ${words} (${finding.by.join(', ')})`;
  };
  return [
    `# Reviews of round ${round}, merged`,
    '',
    'Merged by rule: the union of the reports, the worse severity where two mean the same. Who reported it stands behind each.',
    '',
    ...opinions.map(({ by, path, findings: own }) => `- ${by}: ${path}, ${own.length} findings`),
    '',
    '## Findings',
    '',
    ...(findings.length === 0 ? ['None.'] : findings.map(row)),
    '',
  ].join('\n');
}
