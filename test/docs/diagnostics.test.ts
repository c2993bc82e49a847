/**
 * Holds the table of diagnostics in docs/SPEC.md to the code: each code is provoked, by files and answers as people
 * would leave them, in every severity the table says.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { initialState, step } from '../../src/domain/machine.ts';
import { readCatalog } from '../../src/effects/catalog.ts';
import { projectAt } from '../../src/effects/project.ts';
import { settingsPath } from '../../src/protocol/artifact.ts';
import { decode, edit } from '../../src/protocol/codec.ts';
import type { Diagnostic, DiagnosticCode } from '../../src/protocol/diagnostic.ts';
import { headerCharsMax } from '../../src/protocol/handoff.ts';
import type { HandoffChange } from '../../src/protocol/handoff.ts';
import { readEvent } from '../../src/runner/handoff.ts';
import { facts, question, read } from '../rig/facts.ts';
import { testPolicy } from '../rig/policy.ts';
import { section, subject, table, textOf } from './page.ts';

const rules = testPolicy();
const known = { roles: Object.keys(rules.roles), tiers: Object.keys(rules.tiers), presets: ['fast'] };
const rows = table('code ', section('Diagnostics'));

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** What a runner says of a project with these files; a null file is a folder. */
async function problemsOf(files: Readonly<Record<string, string | null>>): Promise<readonly Diagnostic[]> {
  const root = mkdtempSync(join(tmpdir(), 'next-role-spec-'));
  folders.push(root);
  mkdirSync(join(root, 'coordination/state'), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    if (text === null) mkdirSync(join(root, name));
    else writeFileSync(join(root, name), text);
  }
  const project = await projectAt(root);
  if (project === null) throw new Error('the project was not found');
  const { problems } = await readCatalog(root, { path: '' });
  const event = await readEvent(project, rules, 1);
  return [...event.problems, ...problems.flatMap(({ diagnostics }) => diagnostics)];
}

const reading = (text: string): readonly Diagnostic[] => decode(text, known).diagnostics;

/** What a parked question says of an answer. */
function answering(answer: string, fingerprint: string): readonly Diagnostic[] {
  const asked = step(rules, initialState(), read(facts({ status: 'ESCALATE', escalation: question })));
  const edited = read(facts({ status: 'ESCALATE', escalation: question, answer }), {
    digest: 'd2',
    question: fingerprint,
  });
  const { verdict } = step(rules, asked.state, edited).state.context;
  return verdict.type === 'park' ? verdict.problems : [];
}

const asking =
  '---\nround: R1\nnext-role: human\nstatus: ESCALATE\nescalation: { question: Which?, options: { A: { do: x } } }\n';
const bare = (keys: string): string => `CURRENT-ROUND: R01\n${keys}`;
const settings = (text: string): Promise<readonly Diagnostic[]> =>
  problemsOf({ 'coordination/NEXT-ROLE.md': bare('STATUS: PAUSED\n'), [settingsPath]: text });

type Provocation = () => readonly Diagnostic[] | Promise<readonly Diagnostic[]>;

/** What provokes each diagnostic, once for every severity it has. */
const provoked: Readonly<Record<DiagnosticCode, readonly Provocation[]>> = {
  'file-missing': [() => problemsOf({})],
  'file-empty': [() => reading(' \n')],
  'file-unreadable': [
    () =>
      problemsOf({
        'coordination/NEXT-ROLE.md': null,
        'NEXT-ROLE.md': null,
        'coordination/state/tiers.yaml': null,
      }),
  ],
  'header-missing': [() => reading('Hello.\n')],
  'header-executable': [() => reading('---js\n---\n')],
  'header-yaml': [() => reading('---\na: b: c\n---\n')],
  'header-unclosed': [() => reading('---\nstatus: READY\n')],
  'header-not-a-map': [() => reading('---\n{ status: READY }\n---\n')],
  'header-too-large': [
    () => reading(`---\n${'#\n'.repeat(2_001)}---\n`),
    () => reading(bare(`NOTE: ${'x'.repeat(headerCharsMax)}`)),
  ],
  'key-duplicate': [() => reading('ROUND: 1\nCURRENT-ROUND: 1\n')],
  'key-unknown': [
    () => problemsOfEdit('STATUS: READY\n', { 'two words': 'x' }),
    () => reading(bare('STATUS: PAUSED\nANWSER: A\n')),
  ],
  'value-not-text': [() => reading('---\nstatus: [READY]\n---\n')],
  'status-missing': [() => reading(bare('STATUS:\n'))],
  'status-unknown': [() => reading(bare('NEXT-ROLE: human\nSTATUS: DONE\n'))],
  'role-missing': [() => reading(bare('STATUS: READY\n'))],
  'role-unknown': [
    () => reading(bare('NEXT-ROLE: tester\nSTATUS: READY\n')),
    () => reading(bare('NEXT-ROLE: tester\nSTATUS: PAUSED\n')),
  ],
  'round-missing': [() => reading('STATUS: PAUSED\n')],
  'tier-unknown': [() => reading(bare('STATUS: PAUSED\nTIER: turbo\n'))],
  'preset-unknown': [() => reading(bare('STATUS: PAUSED\nPRESET: cheapo\n'))],
  'model-unknown': [() => reading(bare('STATUS: PAUSED\nMODELS: opus\n'))],
  'directive-missing': [
    () =>
      problemsOf({
        'coordination/NEXT-ROLE.md': bare('NEXT-ROLE: architect\nSTATUS: READY\n'),
        'coordination/PRD.md': textOf('templates/PRD.md'),
      }),
  ],
  'input-outside': [() => reading(bare('STATUS: PAUSED\nInputs: ../a.md\n'))],
  'escalation-invalid': [() => reading(bare('NEXT-ROLE: human\nSTATUS: ESCALATE\n'))],
  'escalation-no-options': [() => reading('---\nround: R1\nstatus: PAUSED\nescalation: Which?\n---\n')],
  'answer-unknown': [() => answering('Z', 'q1'), () => reading(`${asking}answer: Z\n---\n`)],
  'answer-in-body': [() => reading(`${asking}---\n\nanswer: A\n`)],
  'answer-stale': [() => answering('A', 'q2')],
  'data-yaml': [() => settings('tier: [')],
  'data-invalid': [
    () => settings('tier: turbo'),
    () =>
      problemsOf({
        'coordination/NEXT-ROLE.md': bare('STATUS: PAUSED\n'),
        'coordination/state/tier.yaml': '',
      }),
  ],
  'data-missing': [() => settings('agents: { mine: { kind: command } }')],
};

function problemsOfEdit(text: string, change: HandoffChange): readonly Diagnostic[] {
  const edited = edit(text, change);
  return edited.ok ? [] : edited.problems;
}

describe('the diagnostics of docs/SPEC.md', () => {
  const codes = Object.keys(provoked) as readonly DiagnosticCode[];

  it('are those of the code, in its order', () => {
    const declared = [...textOf('src/protocol/diagnostic.ts').matchAll(/^ {2}\| '([a-z-]+)'/gm)].map(
      ([, code]) => code,
    );
    expect(codes).toEqual(declared);
    expect(rows.map(subject)).toEqual(declared);
  });

  it.each(codes)('%s has the severities that provoking it shows', async (code) => {
    const found = new Set<string>();
    for (const provoke of provoked[code]) {
      const all = (await provoke()).filter((one) => one.code === code);
      expect(all).not.toEqual([]);
      for (const { severity } of all) found.add(severity);
    }
    expect(found.size).toBeGreaterThan(0);
    expect(rows.find((row) => subject(row) === code)?.[1]).toBe([...found].sort().join(', '));
  });
});
