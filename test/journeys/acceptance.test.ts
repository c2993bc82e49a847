/**
 * A whole round on the example, with a bug planted that the builder's own tests do not see: numbers are compared as
 * doubles. The hidden acceptance check sees it, its real output goes back to the builder, and the mended work passes.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { GateResult } from '../../src/protocol/finding.ts';
import { emptyFolder, removeFolders } from '../rig/project.ts';
import { handoff, handoffText, makeProject, play, removeProjects } from '../rig/journey.ts';

afterAll(() => {
  removeProjects();
  removeFolders();
});

const example = (name: string): string => readFileSync(join('examples/compare-semver', name), 'utf8');
const built = example('scripted/implementer/answer-a/compare-semver.js');
const planted = built.replace(
  'if (a.length !== b.length) return a.length < b.length ? -1 : 1;\n  return compareTexts(a, b);',
  'return Math.sign(Number(a) - Number(b));',
);
const ownTests = [
  "import { test } from 'node:test';",
  "import assert from 'node:assert';",
  "import { compareSemver } from '../src/compare-semver.js';",
  "test('numbers decide as numbers', () => {",
  "  assert.equal(compareSemver('1.9.0', '1.10.0'), -1);",
  "  assert.equal(compareSemver('2.0.0', '2.0.0'), 0);",
  '});',
  '',
].join('\n');
/** What the oracle asks; the builder never sees it. */
const hidden = [
  'cat > oracle.mjs <<END',
  "import { compareSemver } from './src/compare-semver.js';",
  "const order = compareSemver('1.0.9007199254740992', '1.0.9007199254740993');",
  "if (order !== -1) { console.error('AC-6: 2^53 and its neighbour compare as ' + order); process.exit(1); }",
  'END',
  'node oracle.mjs',
  '',
].join('\n');
const write = (path: string, text: string) => ({ write: { path, text } });
const on = (role: string, status = 'READY') => ({ handoff: { 'next-role': role, status } });

describe('a bug that the builder’s own tests pass', () => {
  it('is caught by the hidden acceptance check, sent back with its output, and fixed', async () => {
    const check = emptyFolder();
    writeFileSync(join(check, 'run.sh'), hidden);
    const project = await makeProject({
      git: true,
      handoff: handoff({ tier: 'full' }),
      files: { 'package.json': example('package.json'), 'coordination/MEMORIAL.md': '# Memorial\n' },
      // The builder's tests are the point: they let a bug pass, and so would let breaks of its lines pass.
      settings: {
        gates: {
          tests: { command: 'node --test' },
          acceptance: { folder: check },
          'self-confirming-tests': { off: true },
        },
      },
      scenario: {
        architect: [
          [
            write('coordination/specs/Q-{round}-SPEC.md', example('scripted/architect/spec.md')),
            write('coordination/specs/Q-{round}-SPEC-AUDIT.md', example('scripted/architect/spec-audit.md')),
            on('implementer'),
          ],
        ],
        implementer: [
          [
            write('src/compare-semver.js', planted),
            write('test/compare-semver.test.js', ownTests),
            { say: 'My tests are green.' },
            on('reviewer'),
          ],
          [
            write('src/compare-semver.js', built),
            write('test/compare-semver.test.js', example('scripted/implementer/tests.js')),
            write('test/invalid-input.test.js', example('scripted/implementer/answer-a/invalid-input.js')),
            on('reviewer'),
          ],
        ],
        reviewer: [
          [
            write(
              'coordination/reviews/REVIEWER-REPORT-{round}.md',
              example('scripted/reviewer/report-a.md'),
            ),
            on('memorial', 'MERGE-READY'),
          ],
        ],
        memorial: [
          [
            { append: { path: 'coordination/MEMORIAL.md', text: 'A line.\n' } },
            write('coordination/logs/ROUND-{round}-SUMMARY.md', example('scripted/memorial/summary-a.md')),
            on('human', 'ROUND-COMPLETE'),
          ],
        ],
      },
    });
    const journey = await play(project);
    expect(handoffText(project)).toContain('status: ROUND-COMPLETE');
    expect(journey.sessions()).toEqual(['architect', 'implementer', 'implementer', 'reviewer', 'memorial']);

    const gated = journey.notices.flatMap((notice) =>
      notice.type === 'decided' && notice.event.type === 'GATED' ? [notice.event.gates] : [],
    );
    const gate = (gates: readonly GateResult[] | undefined, name: string): GateResult | undefined =>
      gates?.find((each) => each.gate === name);
    // The builder's own tests were green, the hidden check was red; then both were green, and so was all the rest.
    expect(gate(gated[1], 'tests')).toMatchObject({ pass: true });
    expect(gate(gated[1], 'acceptance')?.findings[0]?.text).toContain(
      'AC-6: 2^53 and its neighbour compare as 0',
    );
    for (const [at, gates] of gated.entries())
      if (at !== 1) expect(gates.filter(({ pass }) => !pass)).toEqual([]);

    const sessions = readdirSync(join(project.own, 'sessions')).sort();
    const prompt = (n: number): string =>
      readFileSync(join(project.own, 'sessions', sessions[n] ?? '', 'stdin'), 'utf8');
    expect(prompt(2)).toContain('AC-6: 2^53 and its neighbour compare as 0');
    // No session was told where the check is.
    for (let n = 0; n < sessions.length; n += 1) expect(prompt(n)).not.toContain(check);
    expect(readFileSync(join(project.root, 'src/compare-semver.js'), 'utf8')).toBe(built);
  });
});
