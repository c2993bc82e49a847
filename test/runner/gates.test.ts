/**
 * Every gate on a real repository: a round that is well done passes all of them, each kind of violation is found by its
 * own gate and by no other, and a gate that has gone blind is noticed by exactly these cases.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openTrees } from '../../src/effects/trees.ts';
import { readCatalog } from '../../src/effects/catalog.ts';
import { gateNames, mergePlan, type GateName } from '../../src/protocol/gateplan.ts';
import { noFacts } from '../../src/protocol/agentfacts.ts';
import type { AgentSettings } from '../../src/protocol/policy.ts';
import type { FileChange } from '../../src/protocol/touch.ts';
import { collectors, runGates, type Collectors, type GateCase } from '../../src/runner/gates.ts';
import { sealedManifest } from '../rig/manifest.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

type Files = Readonly<Record<string, string | null>>;
const spec = 'coordination/specs/Q-R01-SPEC.md';
const report = 'coordination/reviews/REVIEWER-REPORT-R01.md';
const test = "it('adds', () => {\n  expect(add(1, 2)).toBe(3);\n});\n";
const grilled =
  '## Grilling\n\n- The sign is CRITICAL.\n- A long list will surprise.\n- The PRD could have said it.\n';

const session = '.next-role/sessions/R01.1-reviewer-x';
const changes = (files: readonly FileChange[]): string => JSON.stringify({ files, whole: true });
const scripted: AgentSettings = {
  name: 'scripted',
  kind: 'scripted',
  run: null,
  scenario: null,
  args: [],
  env: [],
  facts: noFacts,
};
const manifest = sealedManifest({
  order: 'R01.1-reviewer-x',
  role: 'reviewer',
  hidden: ['coordination/logs/'],
  writable: ['coordination/reviews/'],
});

/** The project before the round. */
const before: Files = {
  'src/add.js': '// adds\n',
  'test/add.test.js': test,
  'lib/old.js': 'old\n',
  'check.sh': 'grep -q "=> a + [ab];" src/add.js\n',
};
/** What a good round leaves. */
const done: Files = {
  '.next-role/.gitignore': '*\n',
  [`${session}/manifest.json`]: JSON.stringify(manifest),
  [`${session}/before.json`]: JSON.stringify({ files: {}, whole: true }),
  [`${session}/changes.json`]: changes([{ path: report, before: null, after: 'a' }]),
  [`${session}/stdout`]: '{"type":"tool","tool":"Read","target":"src/add.js"}\n',
  [spec]: '# Spec\n\n## Allowed paths\n- `src/`\n- `test/`\n\n## Anti-scope\n- `lib/` stays.\n',
  [report]: `# Review\n\n## Findings\n\n- F-1 MINOR src/add.js:1 a name\n\nsrc/add.js:2 \`add = (a, b)\`\n\n${grilled}`,
  'src/add.js': '// adds\nconst add = (a, b) => a + b;\n',
  'test/add.test.js': `${test}it('more', () => {\n  expect(add(2, 2)).toBe(4);\n});\n`,
};

/** One real violation for each gate; without a row for a new gate this does not compile. */
const violations: Readonly<Record<GateName, Files>> = {
  // What the session's own records say of it, in its folder.
  'hidden-read': {
    [`${session}/stdout`]: '{"type":"tool","tool":"Read","target":"coordination/logs/a.log"}\n',
  },
  'write-policy': {
    [`${session}/changes.json`]: changes([{ path: 'lib/old.js', before: 'a', after: 'b' }]),
    [`${session}/stdout`]: '{"type":"tool","tool":"Write","target":"lib/old.js"}\n',
  },
  'artifact-contract': { [report]: `# Review\n\n${grilled}` },
  grilling: { [report]: '# Review\n\n## Findings\n\n## Grilling\n\nDone.\n' },
  citations: { [report]: `# Review\n\n## Findings\n\nsrc/add.js:2 \`subtract(a, b)\`\n\n${grilled}` },
  review: { [report]: `# Review\n\n## Findings\n\n- F-1 CRITICAL src/add.js:2 loses the sign\n\n${grilled}` },
  'anti-scope': { 'lib/old.js': 'new\n' },
  'weakened-tests': { 'test/add.test.js': test.replace('it(', 'it.skip(') },
  tests: { 'check.sh': 'echo "1 of 2 failed"; exit 1\n' },
  acceptance: { 'src/add.js': '// adds\nconst add = (a, b) => a + a;\n' },
  // check.sh looks at the line of add, and at nothing of the new one.
  'self-confirming-tests': {
    'src/add.js': '// adds\nconst add = (a, b) => a + b;\nconst isBig = (n) => n >= 100;\n',
  },
};

async function caseOf(violation: Files): Promise<GateCase> {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'next-role-gates-')));
  folders.push(base);
  const root = join(base, 'project');
  const save = (files: Files): void => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text ?? '');
    }
  };
  save(before);
  mkdirSync(join(base, 'hidden'));
  writeFileSync(
    join(base, 'hidden/run.sh'),
    'grep -q "a + b" src/add.js || { echo "1 + 2 is not 3"; exit 1; }\n',
  );
  execFileSync('git', ['init', '-q'], { cwd: root });
  const trees = await openTrees(root, join(base, 'own'));
  const from = await trees?.snapshot();
  save(done);
  save(violation);
  const to = await trees?.snapshot();
  if (trees === null || typeof from !== 'string' || typeof to !== 'string') throw new Error('no snapshot');
  const { policy } = await readCatalog(root, { path: '' });
  const gates = mergePlan(policy.gates, {
    gates: { tests: { command: 'sh check.sh' }, acceptance: { folder: '../hidden' } },
  });
  return {
    root,
    policy: { ...policy, gates },
    tier: 'full',
    owed: [{ path: report, sections: ['Findings', 'Grilling'] }],
    scopes: [readFileSync(join(root, spec), 'utf8')],
    reports: [report],
    against: [],
    oracle: null,
    change: { trees, from, to },
    keep: join(base, 'kept'),
    mark: 'R01.1-implementer',
    session: {
      root,
      sessions: join(root, '.next-role/sessions'),
      policy: { agents: { scripted } },
      round: 'R01',
      order: manifest.order,
    },
  };
}

async function redOf(given: GateCase, table: Collectors = collectors): Promise<readonly string[]> {
  const results = await runGates(given, gateNames, table);
  return results.filter(({ pass }) => !pass).map(({ gate }) => gate);
}

/** A check.sh that is not among the allowed paths is anti-scope's to find as well. */
const also: Readonly<Partial<Record<GateName, readonly string[]>>> = { tests: ['anti-scope', 'tests'] };

describe('runGates()', () => {
  it('passes a round that is well done', async () => {
    const results = await runGates(await caseOf({}), gateNames);
    expect(results.filter(({ pass }) => !pass)).toEqual([]);
    expect(results.find(({ gate }) => gate === 'review')?.findings).toMatchObject([
      { severity: 'MINOR', file: 'src/add.js' },
    ]);
    expect(results.find(({ gate }) => gate === 'self-confirming-tests')?.note).toBe(
      '1 of 1 breaks noticed, of 1 possible',
    );
  });

  it.each(gateNames)(
    'has %s find its own violation, and no other gate; and nothing would, if it were blind',
    async (gate) => {
      const given = await caseOf(violations[gate]);
      expect(await redOf(given)).toEqual(also[gate] ?? [gate]);
      const nothing = () => Promise.resolve({ findings: [] });
      // The slow one had its say above, and has it in its own row.
      const blind = { ...collectors, 'self-confirming-tests': nothing, [gate]: nothing };
      expect(await redOf(given, blind)).toEqual((also[gate] ?? []).filter((name) => name !== gate));
    },
  );

  it('says where a line is that no test holds, and how it was broken; bounded, and never in the project', async () => {
    const given = await caseOf(violations['self-confirming-tests']);
    const [result] = await runGates(given, ['self-confirming-tests']);
    expect(result?.findings).toMatchObject([{ severity: 'MAJOR', file: 'src/add.js', line: 3 }]);
    expect(result?.findings[0]?.text).toContain('const isBig = (n) => n < 100;');
    expect(result?.note).toBe('1 of 3 breaks noticed, of 3 possible');
    expect(readFileSync(join(given.root, 'src/add.js'), 'utf8')).toBe(
      violations['self-confirming-tests']['src/add.js'],
    );
    const bounded = mergePlan(given.policy.gates, { gates: { 'self-confirming-tests': { mutantsMax: 1 } } });
    const [once] = await runGates({ ...given, policy: { ...given.policy, gates: bounded } }, [
      'self-confirming-tests',
    ]);
    expect(once).toMatchObject({ pass: true, note: '1 of 1 breaks noticed, of 3 possible' });
    const late = mergePlan(given.policy.gates, { gates: { 'self-confirming-tests': { minutes: 0.000001 } } });
    const [none] = await runGates({ ...given, policy: { ...given.policy, gates: late } }, [
      'self-confirming-tests',
    ]);
    expect(none).toMatchObject({
      pass: true,
      note: 'not run: the tests are not green in time on a copy of the project',
    });
  });

  it('feeds back the real output, and keeps all of it', async () => {
    const given = await caseOf(violations.acceptance);
    const [result] = await runGates(given, ['acceptance']);
    expect(result?.findings[0]?.text).toContain('1 + 2 is not 3');
    expect(readFileSync(join(given.keep, 'gate-acceptance.txt'), 'utf8')).toBe('1 + 2 is not 3\n');
  });

  it('runs the acceptance check on a copy: the project cannot be changed by it, and is not told where it is', async () => {
    const given = await caseOf({});
    writeFileSync(
      join(given.root, '../hidden/run.sh'),
      'pwd; echo "$NEXT_ROLE_ACCEPTANCE"; echo spoilt > src/add.js; exit 1\n',
    );
    const [result] = await runGates(given, ['acceptance']);
    expect(readFileSync(join(given.root, 'src/add.js'), 'utf8')).toBe(done['src/add.js']);
    expect(result?.findings[0]?.text).toMatch(/Its output:\n\.\n<acceptance>$/);
  });

  it('says what it could not check without git', async () => {
    const given = await caseOf(violations['anti-scope']);
    const results = await runGates({ ...given, change: 'needs git' }, ['anti-scope', 'weakened-tests']);
    expect(results).toMatchObject([
      { pass: true, note: 'needs git' },
      { pass: true, note: 'needs git' },
    ]);
  });
});
