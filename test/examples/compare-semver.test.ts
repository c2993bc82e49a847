/**
 * Plays the demo project without the orchestrator: follows the header from role to role, takes the steps of the scenario
 * in a copy in a temporary folder, and looks at what is left. It relies on the project's own readers for the data
 * files and on `node --test` for the demo's tests; it never writes into examples/.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { fill, matches, staysInside } from '../../src/protocol/artifact.ts';
import type { Escalation } from '../../src/protocol/escalation.ts';
import type { HandoffChange } from '../../src/protocol/handoff.ts';
import { readRole } from '../../src/protocol/rolefile.ts';
import type { RoleFile } from '../../src/protocol/rolefile.ts';
import { agentsOf, readSettings } from '../../src/protocol/settings.ts';
import { parseScenario, stepsFor } from '../../src/protocol/scenario.ts';
import type { Step } from '../../src/protocol/scenario.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const example = join(root, 'examples/compare-semver');
const scripted = join(example, 'scripted');
const round = 'R01';
const sessionsMax = 10;
const runMsMax = 60_000;

type Answer = 'A' | 'B' | null;
type Run = { readonly role: string; readonly command: string; readonly code: number; readonly output: string };
type Writing = { readonly role: string; readonly path: string };
type Round = {
  readonly project: string;
  readonly trail: readonly string[];
  readonly runs: readonly Run[];
  readonly written: readonly Writing[];
  readonly questions: readonly Escalation[];
};
type Table = { trail: string[]; runs: Run[]; written: Writing[]; questions: Escalation[] };

const folders: string[] = [];
const rounds = new Map<Answer, Round>();
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function text(folder: string, path: string): string {
  return readFileSync(join(folder, path), 'utf8');
}

function scenario() {
  const reading = parseScenario(text(scripted, 'scenario.yaml'));
  expect(reading.diagnostics).toEqual([]);
  return reading.scenario!;
}

/** The round with this answer, played once per test file. */
function played(answer: Answer): Round {
  const known = rounds.get(answer);
  if (known !== undefined) return known;
  const project = mkdtempSync(join(tmpdir(), 'compare-semver-'));
  folders.push(project);
  cpSync(example, project, { recursive: true });
  const table: Table = { trail: [], runs: [], written: [], questions: [] };
  const visits = new Map<string, number>();
  let role = 'architect';
  for (let session = 0; session < sessionsMax && role !== 'human'; session += 1) {
    const visit = (visits.get(role) ?? 0) + 1;
    visits.set(role, visit);
    const change = take(stepsFor(scenario(), role, visit)!, { project, answer, role, table });
    table.trail.push(`${role} ${String(change?.['status'])}`);
    role = change?.['next-role'] ?? role;
  }
  expect(role).toBe('human');
  const result = { project, ...table };
  rounds.set(answer, result);
  return result;
}

type Scene = { project: string; answer: Answer; role: string; table: Table };

/**
 * Takes the steps in the project, and gives the last change of the header; an escalation is one to ESCALATE. Without a
 * letter nothing is run: what is built is compared with answer A, whose runs are looked at.
 */
function take(steps: readonly Step[], scene: Scene): HandoffChange | null {
  const { project, role, table } = scene;
  let change: HandoffChange | null = null;
  for (const step of steps) {
    if (step.do === 'write' || step.do === 'append') {
      const path = fill(step.path, { round });
      const content = step.from === null ? fill(step.text ?? '', { round }) : text(scripted, step.from);
      mkdirSync(dirname(join(project, path)), { recursive: true });
      (step.do === 'write' ? writeFileSync : appendFileSync)(join(project, path), content);
      table.written.push({ role, path });
    } else if (step.do === 'run') {
      if (scene.answer === null) continue;
      const run = shell(step.command, project);
      table.runs.push({ role, command: step.command, ...run });
      if (!step.allowFail) expect(run.code, `${step.command}\n${run.output}`).toBe(0);
    } else if (step.do === 'when') {
      if (step.answer === scene.answer) change = take(step.steps, scene) ?? change;
    } else if (step.do === 'handoff') {
      change = step.change;
    } else if (step.do === 'escalate') {
      table.questions.push(step.escalation);
      change = { status: 'ESCALATE' };
    } else if (step.do !== 'say' && step.do !== 'pause') {
      throw new Error(`the demo has no business with the step "${step.do}"`);
    }
  }
  return change;
}

/** Runs with the tests' own node first on PATH, and nothing of the test runner's environment. */
function shell(command: string, cwd: string): { code: number; output: string } {
  const PATH = [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
  const run = spawnSync('/bin/sh', ['-c', command], { cwd, encoding: 'utf8', env: { PATH }, timeout: runMsMax });
  return { code: run.status ?? -1, output: run.stdout + run.stderr };
}

function report(answer: Answer): string {
  return text(played(answer).project, `coordination/reviews/REVIEWER-REPORT-${round}.md`);
}

const answers = ['A', 'B'] as const;

describe('the scenario of the demo', () => {
  it('is what the settings name, and the settings are without fault', () => {
    const known = { roles: ['architect', 'implementer', 'reviewer', 'memorial'], tiers: ['full'] };
    const { settings, diagnostics } = readSettings(text(example, 'coordination/next-role.yaml'), known);
    expect(diagnostics).toEqual([]);
    expect(settings.agent).toBe('scripted');
    expect(existsSync(join(example, agentsOf(settings).get('scripted')!.scenario!))).toBe(true);
  });

  it('is plain YAML in which every path stays in the project and every source exists', () => {
    const raw: unknown = parseYaml(text(scripted, 'scenario.yaml'));
    const files: Record<string, string>[] = [];
    JSON.stringify(raw, (key, value: unknown) => {
      if (key === 'write' || key === 'append') files.push(value as Record<string, string>);
      return value;
    });
    expect(files.length).toBeGreaterThan(10);
    for (const { path, from } of files) {
      expect(staysInside(path!), path).toBe(true);
      if (from === undefined) continue;
      expect(staysInside(from), from).toBe(true);
      expect(text(scripted, from), from).not.toMatch(/\{(round|role|visit|tier)\}/);
    }
  });

  it('pauses often enough to be watched and less than six seconds in all', () => {
    const pauses = Object.values(scenario().roles)
      .flat(2)
      .flatMap((step) => (step.do === 'pause' ? [step.ms] : []));
    expect(pauses.length).toBeGreaterThan(7);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(400);
    expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(6_000);
  });

  it('leaves no file behind that node --test would take for a test before the round has run', () => {
    const fresh = mkdtempSync(join(tmpdir(), 'compare-semver-'));
    folders.push(fresh);
    cpSync(example, fresh, { recursive: true });
    expect(existsSync(join(fresh, 'src')) || existsSync(join(fresh, 'test'))).toBe(false);
    expect(shell('node --test --test-reporter=tap', fresh).output).toMatch(/^# tests 0$/m);
  });
});

describe.each(answers)('the round with answer %s', (answer) => {
  it('goes from role to role with one question on the way', { timeout: 120_000 }, () => {
    expect(played(answer).trail).toEqual([
      'architect READY',
      'implementer ESCALATE',
      'implementer READY',
      'reviewer MERGE-READY',
      'memorial ROUND-COMPLETE',
    ]);
    expect(played(answer).questions).toHaveLength(1);
  });

  it('has tests that fail before there is code and pass afterwards', () => {
    const tests = played(answer).runs.filter((run) => run.command === 'node --test');
    expect(tests.map((run) => [run.role, run.code])).toEqual([
      ['implementer', 1],
      ['implementer', 0],
      ['reviewer', 0],
    ]);
    const { code, output } = shell('node --test --test-reporter=tap', played(answer).project);
    const count = /^# pass (\d+)$/m.exec(output)?.[1];
    expect(code, output).toBe(0);
    expect(report(answer)).toContain(`passes with ${String(count)} tests`);
  });

  it('has built the module that its script holds', () => {
    const source = `implementer/answer-${answer.toLowerCase()}/compare-semver.js`;
    expect(text(played(answer).project, 'src/compare-semver.js')).toBe(text(scripted, source));
  });

  it('ends with a report whose every place holds what it quotes', () => {
    const places = [...report(answer).matchAll(/((?:src|test)\/[\w.-]+):(\d+) `([^`]+)`/g)];
    const named = [...report(answer).matchAll(/(?:src|test)\/[\w.-]+:\d+/g)];
    expect(places).toHaveLength(named.length);
    expect(places.length).toBeGreaterThan(20);
    for (const [place, path, line, quoted] of places) {
      const found = text(played(answer).project, path!).split('\n')[Number(line) - 1];
      expect(found, place).toContain(quoted);
    }
  });

  it('has a row per criterion of the PRD, and at least one MINOR finding', () => {
    const prd = text(example, 'coordination/PRD.md');
    const criteria = [...prd.matchAll(/^- (AC-\d+): Given /gm)].map((match) => match[1]!);
    const spec = text(played(answer).project, `coordination/specs/Q-${round}-SPEC.md`);
    expect(criteria).toHaveLength(8);
    for (const criterion of criteria) {
      expect(report(answer)).toMatch(new RegExp(`^\\| ${criterion} \\| holds \\| src/.+ \\| test/.+ \\|$`, 'm'));
      expect(spec).toContain(`- ${criterion}: Given `);
    }
    expect(report(answer)).toMatch(/^- F-1 MINOR (src|test)\//m);
  });

  it('reports of the right-reasons audit what the audit printed', () => {
    const audit = played(answer).runs.find((run) => run.command.endsWith('right-reasons.js'))!;
    const printed = audit.output.trim().split('\n');
    expect(printed).toHaveLength(4);
    for (const line of printed) {
      const [name, red] = line.split(': ');
      expect(report(answer)).toMatch(new RegExp(`^\\| ${name!} \\| .+ \\| ${red!} \\|$`, 'm'));
    }
  });

  it('quotes the specification by line and word for word in its diagnostic', () => {
    const { project, questions } = played(answer);
    const diagnostic = text(project, fill(questions[0]!.diagnostic!, { round }));
    const quotes = [...diagnostic.matchAll(/line (\d+):\n\n> (.+)$/gm)];
    const spec = text(project, `coordination/specs/Q-${round}-SPEC.md`).split('\n');
    expect(quotes).toHaveLength([...diagnostic.matchAll(/^>/gm)].length);
    expect(quotes.length).toBeGreaterThan(0);
    for (const [, line, quote] of quotes) expect(spec[Number(line) - 1]).toContain(quote);
  });

  it('keeps every role inside its contract and owes nothing', () => {
    for (const role of new Set(played(answer).written.map((writing) => writing.role))) {
      const path = `roles/${role}.md`;
      const reading = readRole({ path, text: text(root, path) }, [
        'solo',
        'audit',
        'full',
        'oracle',
        'coordinator',
      ]);
      if (!reading.ok) throw new Error(JSON.stringify(reading.diagnostics));
      checkContract(reading.role, played(answer));
    }
  });

  it('adds lines to the Memorial that have its five parts', () => {
    const memorial = text(played(answer).project, 'coordination/MEMORIAL.md');
    const before = text(example, 'coordination/MEMORIAL.md');
    expect(memorial.startsWith(before)).toBe(true);
    const lines = memorial.slice(before.length).trim().split('\n');
    expect(lines.filter((line) => line.startsWith('VIOLATION'))).toHaveLength(1);
    for (const line of lines) {
      expect(line).toMatch(/^(CONFIRMATION|VIOLATION) \| [a-z-]+ \| [^|]+ \| R01 \| [a-z]+$/);
    }
  });
});

/** What a role wrote it may write, and what it owes in the full tier is there with its sections. */
function checkContract(role: RoleFile, { project, written }: Round): void {
  for (const writing of written.filter((one) => one.role === role.name)) {
    const allowed = role.writes.some((pattern) => matches(writing.path, fill(pattern, { round })));
    expect(allowed, `${role.name} writes ${writing.path}`).toBe(true);
  }
  for (const owed of role.owes.filter(({ tiers }) => tiers.length === 0 || tiers.includes('full'))) {
    const path = fill(owed.path, { round });
    expect(written).toContainEqual({ role: role.name, path });
    const headings = [...text(project, path).matchAll(/^#+ (.+)$/gm)].map((match) => match[1]!.toLowerCase());
    expect(headings).toEqual(expect.arrayContaining(owed.sections.map((section) => section.toLowerCase())));
  }
}

describe('the question of the demo', () => {
  it('is bounded: two options with a consequence each, one of them recommended', () => {
    const [question] = played('A').questions;
    expect(question!.options.map(({ letter }) => letter)).toEqual(['A', 'B']);
    for (const option of question!.options) expect(Math.min(option.do.length, option.then.length)).toBeGreaterThan(20);
    expect(question!.recommended).toBe('A');
  });

  it('makes code, tests, report and summary differ by its answer', () => {
    for (const path of [
      'src/compare-semver.js',
      'test/invalid-input.test.js',
      `coordination/reviews/REVIEWER-REPORT-${round}.md`,
      `coordination/logs/ROUND-${round}-SUMMARY.md`,
    ]) {
      expect(text(played('A').project, path)).not.toBe(text(played('B').project, path));
    }
  });

  it('falls back on the recommendation where no letter was given', () => {
    const files = ['src', 'test'].flatMap((folder) =>
      readdirSync(join(played(null).project, folder)).map((name) => `${folder}/${name}`),
    );
    expect(files).toHaveLength(3);
    for (const path of files) expect(text(played(null).project, path)).toBe(text(played('A').project, path));
  });
});
