/**
 * One journey for each gate through the real runner: a session that breaks what the gate holds, which the round does not
 * go on with; and, after a human's answer, one that mends it, with which it does. A tier of one role keeps it cheap.
 */
import { writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { edit } from '../../src/protocol/codec.ts';
import type { GateResult } from '../../src/protocol/finding.ts';
import type { GateName } from '../../src/protocol/gateplan.ts';
import { line } from '../cli/shell.ts';
import { handoff, handoffText, makeProject, play, type Journey, type Step } from './journey.ts';

/** What a session writes and runs; everything else of a good one stands below. */
type Work = { readonly files?: Readonly<Record<string, string>>; readonly run?: string };

type GateJourney = {
  readonly role: 'implementer' | 'reviewer';
  readonly git?: boolean;
  readonly breaks: Work;
  readonly mends: Work;
  /** What is found, as `status --json` has it. */
  readonly found: { readonly id: string; readonly file: string | null; readonly line: number | null };
};

const report = 'coordination/reviews/REVIEWER-REPORT-R01.md';
const grilled = [
  '- CRITICAL if it is wrong: the first line of the work.',
  '- Will surprise the next role: nothing that was looked for.',
  '- Could have been caught earlier: nothing that was found.',
].join('\n');
function review({ findings = 'None.', last = 'Right-reasons audit', grilling = grilled } = {}): Work {
  const sections = ['Acceptance criteria', last].map((title) => `## ${title}\n\nWords.\n`);
  return {
    files: {
      [report]: `# Review\n\n## Findings\n\n${findings}\n\n${sections.join('\n')}\n## Grilling\n\n${grilling}\n`,
    },
  };
}

const source = 'src/add.js';
const adds = '// adds\nexport const add = (a, b) => a + b;\n';
const tested = "it('adds', () => {\n  expect(add(1, 2)).toBe(3);\n});\n";
const files = {
  [source]: '// adds\n',
  'test/add.test.js': tested,
  'lib/old.js': 'old\n',
  'coordination/logs/IMPLEMENTER-R01.log': 'I was not sure.\n',
  'coordination/specs/Q-R01-SPEC.md': '# Spec\n\n## Allowed paths\n\n- `src/`\n- `test/`\n',
  // The project's tests see only whether there is a sum; the hidden check sees which.
  'check.sh': 'grep -q "=> a + [ab];" src/add.js || { echo "no sum"; exit 1; }\n',
  'hidden/run.sh': 'grep -q "a + b" src/add.js || { echo "1 + 2 is not 3"; exit 1; }\n',
  'coordination/state/tiers.yaml': [
    'build: { about: one who builds, roles: [implementer] }',
    'look: { about: one who looks, roles: [reviewer] }',
    '',
  ].join('\n'),
};
const built: Work = { files: { [source]: adds } };
const builtWith = (more: Readonly<Record<string, string>>): Work => ({ files: { [source]: adds, ...more } });

/** Without a row for a new gate this does not compile. */
export const gateJourneys: Readonly<Record<GateName, GateJourney>> = {
  'artifact-contract': {
    role: 'reviewer',
    breaks: review({ last: 'Something else' }),
    mends: review(),
    found: { id: `artifact-contract:${report.toLowerCase()}:right-reasons-audit`, file: report, line: null },
  },
  'hidden-read': {
    role: 'reviewer',
    breaks: { ...review(), run: 'cd coordination && cat logs/IMPLEMENTER-R01.log' },
    mends: review(),
    found: {
      id: 'hidden-read:coordination/logs/IMPLEMENTER-R01.log',
      file: 'coordination/logs/IMPLEMENTER-R01.log',
      line: null,
    },
  },
  'write-policy': {
    role: 'implementer',
    breaks: { ...built, run: 'echo "# Weaker" > coordination/PRD.md' },
    mends: { run: 'echo "# PRD" > coordination/PRD.md' },
    found: { id: 'write-policy:coordination/PRD.md', file: 'coordination/PRD.md', line: null },
  },
  grilling: {
    role: 'reviewer',
    breaks: review({ grilling: 'Done.' }),
    mends: review(),
    found: { id: `grilling:${report.toLowerCase()}`, file: report, line: 15 },
  },
  citations: {
    role: 'reviewer',
    breaks: review({ findings: 'src/add.js:1 `subtracts`' }),
    mends: review({ findings: 'src/add.js:1 `// adds`' }),
    found: { id: `citations:${report.toLowerCase()}:src/add.js-subtracts`, file: report, line: 5 },
  },
  review: {
    role: 'reviewer',
    breaks: review({ findings: '- F-1 CRITICAL src/add.js:1 loses the sign' }),
    mends: review({ findings: '- F-1 CRITICAL src/add.js:1 loses the sign (fixed)' }),
    found: { id: 'review:f-1:src/add.js', file: source, line: 1 },
  },
  'anti-scope': {
    role: 'implementer',
    git: true,
    breaks: builtWith({ 'lib/old.js': 'new\n' }),
    mends: { files: { 'lib/old.js': 'old\n' } },
    found: { id: 'anti-scope:lib/old.js:outside', file: 'lib/old.js', line: null },
  },
  'weakened-tests': {
    role: 'implementer',
    git: true,
    breaks: builtWith({ 'test/add.test.js': tested.replace('it(', 'it.skip(') }),
    mends: { files: { 'test/add.test.js': tested } },
    found: {
      id: "weakened-tests:test/add.test.js:off-it.skip('adds',-()-=>-{",
      file: 'test/add.test.js',
      line: 1,
    },
  },
  tests: {
    role: 'implementer',
    breaks: { files: { [source]: '// adds\n' } },
    mends: built,
    found: { id: 'tests:red', file: null, line: null },
  },
  acceptance: {
    role: 'implementer',
    breaks: { files: { [source]: adds.replace('a + b', 'a + a') } },
    mends: built,
    found: { id: 'acceptance:red', file: null, line: null },
  },
  'self-confirming-tests': {
    role: 'implementer',
    git: true,
    breaks: { files: { [source]: `${adds}export const isBig = (n) => n >= 100;\n` } },
    mends: built,
    found: {
      id: 'self-confirming-tests:src/add.js:export-const-isbig-=-(n)-=>-n->=-100;',
      file: source,
      line: 3,
    },
  },
};

function stepsOf({ files: written = {}, run }: Work, role: GateJourney['role']): readonly Step[] {
  return [
    ...Object.entries(written).map(([path, text]) => ({ write: { path, text } })),
    ...(run === undefined ? [] : [{ run }]),
    {
      handoff:
        role === 'reviewer'
          ? { 'next-role': 'human', status: 'MERGE-READY' }
          : { 'next-role': 'human', status: 'ROUND-COMPLETE' },
    },
  ];
}

const redsOf = (gates: readonly GateResult[]): readonly string[] =>
  gates.filter(({ pass }) => !pass).map(({ gate }) => gate);

function gatedOf(journey: Journey): readonly (readonly GateResult[])[] {
  return journey.notices.flatMap((notice) =>
    notice.type === 'decided' && notice.event.type === 'GATED' ? [notice.event.gates] : [],
  );
}

/** Plays the journey of a gate and expects all of it. */
export async function playGate(gate: GateName): Promise<void> {
  const { role, breaks, mends, found, git = false } = gateJourneys[gate];
  const project = await makeProject({
    git,
    files,
    handoff: handoff({ tier: role === 'reviewer' ? 'look' : 'build', 'next-role': role }),
    settings: {
      commit: false,
      caps: { perDispatch: 1 },
      gates: { tests: { command: 'sh check.sh' }, acceptance: { folder: 'hidden' } },
    },
    scenario: { [role]: [stepsOf(breaks, role), stepsOf(mends, role)] },
  });
  const stopped = await play(project, ({ rest }) => rest !== null);
  expect(stopped.ended).toMatchObject({ type: 'rest', situation: { rest: 2, state: 'parked' } });
  expect(gatedOf(stopped).map(redsOf)).toEqual([[gate]]);
  const [status] = JSON.parse((await line(project.root, ['status', '--json'])).out) as [
    { findings: readonly unknown[] },
  ];
  expect(status.findings).toContainEqual(expect.objectContaining({ gate, ...found }));
  const place = found.file === null ? '' : ` in ${found.file}${found.line === null ? '' : `:${found.line}`}`;
  const why = (await line(project.root, ['why'], 400)).out;
  expect(why).toContain(`${gate}${place}: `);
  expect(why).toContain(`[${found.id}]`);

  const answered = edit(handoffText(project), { answer: 'A' });
  if (!answered.ok) throw new Error(JSON.stringify(answered.problems));
  writeFileSync(project.handoff, answered.text);
  const mended = await play(project, ({ rest }) => rest !== null);
  expect(gatedOf(mended).map(redsOf)).toEqual([[]]);
  const own = gatedOf(mended)[0]?.find((each) => each.gate === gate);
  // It had something to look at: a gate that checks nothing lets everything through.
  expect(own?.note ?? '').not.toMatch(/nothing|no command|no check|needs git|not run|no report|not known/);
  expect(handoffText(project)).toContain('status: ROUND-COMPLETE');
}
