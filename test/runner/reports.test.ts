import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { owedPath } from '../../src/domain/gate.ts';
import { keepMerged } from '../../src/runner/opinions.ts';
import { specPath } from '../../src/runner/gatecase.ts';
import { mergedReportPath, reportsOf } from '../../src/runner/reports.ts';

const reviews = 'coordination/reviews';
const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});
function projectWith(...names: readonly string[]): { readonly root: string } {
  const root = mkdtempSync(join(tmpdir(), 'next-role-reports-'));
  roots.push(root);
  mkdirSync(join(root, reviews), { recursive: true });
  for (const name of names) writeFileSync(join(root, reviews, name), '# Review\n');
  return { root };
}

describe('reportsOf()', () => {
  it.each(['R07', 'R07 (again)', 'feature/x', '../../R07'])(
    'finds the report of round %s where a role is told to leave it',
    async (round) => {
      const owed = (path: string): string =>
        owedPath({ path, tiers: [], sections: [] }, { round, role: 'reviewer', tier: 'full' });
      const report = owed(`${reviews}/REVIEWER-REPORT-{round}.md`);
      const project = projectWith(report.slice(reviews.length + 1));
      expect(await reportsOf(project, round)).toEqual([report]);
      expect(specPath(round)).toBe(owed('coordination/specs/Q-{round}-SPEC.md'));
      expect(mergedReportPath(round)).toBe(owed(`${reviews}/REVIEWER-REPORT-{round}-MERGED.md`));
    },
  );

  it('takes the second opinion with the first, and those of several reviewers where there is no first', async () => {
    const first = 'REVIEWER-REPORT-R07.md';
    const names = [
      'REVIEWER-REPORT-R07-SECOND.md',
      'REVIEWER-REPORT-R07-anna.md',
      'REVIEWER-REPORT-R07-MERGED.md',
    ];
    expect(await reportsOf(projectWith(first, ...names), 'R07')).toEqual([
      `${reviews}/${first}`,
      `${reviews}/REVIEWER-REPORT-R07-SECOND.md`,
    ]);
    expect(await reportsOf(projectWith(...names), 'R07')).toEqual([
      `${reviews}/REVIEWER-REPORT-R07-SECOND.md`,
      `${reviews}/REVIEWER-REPORT-R07-anna.md`,
    ]);
  });
});

describe('keepMerged()', () => {
  const file = `${reviews}/REVIEWER-REPORT-R07-MERGED.md`;
  const kept = (project: { readonly root: string }) => keepMerged(project, { round: 'R07' }, []);

  it('writes through no link that leaves the project', async () => {
    const project = projectWith();
    const elsewhere = projectWith();
    rmSync(join(project.root, reviews), { recursive: true });
    symlinkSync(join(elsewhere.root, reviews), join(project.root, reviews));
    expect(await kept(project)).toMatchObject([{ severity: 'MINOR', file }]);
    expect(readdirSync(join(elsewhere.root, reviews))).toEqual([]);
  });

  it('tells what is in its way, and holds nothing up', async () => {
    const project = projectWith();
    mkdirSync(join(project.root, file));
    expect(await kept(project)).toMatchObject([{ severity: 'MINOR', file }]);
    rmSync(join(project.root, file), { recursive: true });
    expect(await kept(project)).toEqual([]);
  });
});
