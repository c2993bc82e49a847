/**
 * Gathers the facts that gates judge, and times them. Everything that reads a file or starts a program for a gate is
 * called from here; what the facts mean is decided in domain/gates, and what follows from a red gate in the machine.
 */
import { hiddenRead, writePolicy } from '../domain/gates/audit.ts';
import { antiScope } from '../domain/gates/antiscope.ts';
import { artifactContract, type OwedFile } from '../domain/gates/artifactcontract.ts';
import { citationsGate, citationsIn, sourcesOf } from '../domain/gates/citations.ts';
import { acceptanceGate, missingCheck, testsGate } from '../domain/gates/command.ts';
import { resultOf, type Judged } from '../domain/gates/gate.ts';
import { grilling } from '../domain/gates/grilling.ts';
import { review } from '../domain/gates/review.ts';
import { scopeOf } from '../domain/gates/scope.ts';
import { selfConfirming } from '../domain/gates/selfconfirming.ts';
import { isManifest, isTestFile, weakenedTests, type TestFile } from '../domain/gates/weakenedtests.ts';
import { errorCode, readText } from '../effects/files.ts';
import type { Change, Trees } from '../effects/trees.ts';
import { staysInside } from '../protocol/artifact.ts';
import type { Finding, GateResult } from '../protocol/finding.ts';
import type { GateName } from '../protocol/gateplan.ts';
import type { Policy } from '../protocol/policy.ts';
import { judgeAudit, type AuditedSession } from './auditgates.ts';
import { runAcceptance, runTests } from './checks.ts';
import { tryMutants } from './mutants.ts';

/** A file that is owed here, with its headings. */
export type OwedHere = Pick<OwedFile, 'path' | 'sections'>;

/** What is checked: one role's work in one round, or whatever stands in a folder. */
export type GateCase = {
  readonly root: string;
  readonly policy: Policy;
  readonly tier: string;
  readonly owed: readonly OwedHere[];
  /** The specs whose scope counts, as texts. */
  readonly scopes: readonly string[];
  /** Paths of reports of this round, relative to the project. */
  readonly reports: readonly string[];
  /** Where the oracle of this round leaves its check, relative to the project; null where none wrote or owes one. */
  readonly oracle: string | null;
  /** What is found against an opinion that therefore is not among the reports. */
  readonly against: readonly Finding[];
  /** What the work is compared with, and what it is now; a text says why that is not known. */
  readonly change: { readonly trees: Trees; readonly from: string; readonly to: string } | string;
  /** A session of the round was compared with a start that is not there any more: what it changed cannot be told. */
  readonly isStartGone?: boolean;
  /** Outputs of commands are kept in this folder. */
  readonly keep: string;
  /** Marks the processes of commands. */
  readonly mark: string;
  /** The session that did the work; null where a folder is checked as it stands. */
  readonly session: AuditedSession | null;
};

/** How the facts of each gate are gathered and judged; `earlier` holds the gates that ran before it. */
export type Collectors = Readonly<
  Record<GateName, (given: GateCase, earlier: readonly GateResult[]) => Promise<Judged>>
>;

/** One row per gate, so that a new gate breaks the build until its facts are gathered. */
export const collectors: Collectors = {
  'artifact-contract': async (given) => ({
    findings: artifactContract.judge(await owedFiles(given)),
    note: noteOf(given),
  }),
  grilling: async (given) => ({ findings: grilling.judge(await owedFiles(given)), note: noteOf(given) }),
  citations: cited,
  review: async ({ root, reports, against }) => {
    const texts = await Promise.all(
      reports.map(async (path) => ({ path, text: (await textOf(`${root}/${path}`)) ?? '' })),
    );
    return {
      findings: [...review.judge(texts), ...against],
      note: reports.length === 0 ? 'there is no report' : null,
    };
  },
  'anti-scope': async (given) => {
    const changed = await changesOf(given);
    if (typeof changed === 'string') return { findings: [], note: changed };
    const scope = scopeOf(given.scopes);
    const guarded = given.policy.gates.options['anti-scope'].protected;
    const facts = { changed: changed.map(({ path }) => path), scope, protected: guarded };
    const note = scope.allowed === null ? 'the spec names no allowed paths' : null;
    return { findings: antiScope.judge(facts), note };
  },
  'weakened-tests': async (given) => {
    const changed = await changesOf(given);
    if (typeof changed === 'string' || typeof given.change === 'string') {
      return { findings: [], note: typeof changed === 'string' ? changed : null };
    }
    const { trees, from, to } = given.change;
    const textsOf = (isWanted: (path: string) => boolean): Promise<readonly TestFile[]> =>
      Promise.all(
        changed
          .filter(({ path }) => isWanted(path))
          .map(async ({ path, how }) => ({
            path,
            before: how === 'added' ? null : await trees.text(from, path),
            after: how === 'deleted' ? null : await trees.text(to, path),
          })),
      );
    const [files, manifests] = [await textsOf(isTestFile), await textsOf(isManifest)];
    const { removed } = scopeOf(given.scopes);
    return { findings: weakenedTests.judge({ files, manifests, removed, asked: given.scopes }) };
  },
  tests: async (given) => {
    const ran = await runTests(given);
    return typeof ran === 'string'
      ? { findings: [], note: ran }
      : { findings: testsGate.judge(ran.end), note: ran.note };
  },
  acceptance: async (given, earlier) => {
    if (earlier.some(({ gate, pass }) => gate === 'tests' && !pass)) {
      return { findings: [], note: 'not run: the tests are red' };
    }
    const ran = await runAcceptance(given);
    if (typeof ran === 'string') return { findings: [], note: ran };
    if ('missing' in ran) return { findings: [missingCheck(ran.missing, ran.way)] };
    return { findings: acceptanceGate.judge(ran.end), note: ran.note };
  },
  'hidden-read': async (given) => judgeAudit(hiddenRead, given.session),
  'write-policy': async (given) => judgeAudit(writePolicy, given.session),
  'self-confirming-tests': async (given, earlier) => {
    if (earlier.some(({ gate, pass }) => gate === 'tests' && !pass)) {
      return { findings: [], note: 'not run: the tests are red' };
    }
    const tried = await tryMutants(given);
    return typeof tried === 'string'
      ? { findings: [], note: tried }
      : { findings: selfConfirming.judge(tried.tried), note: tried.note };
  },
};

/** Runs gates one after the other, cheap ones first. */
export async function runGates(
  given: GateCase,
  names: readonly GateName[],
  table: Collectors = collectors,
): Promise<readonly GateResult[]> {
  const results: GateResult[] = [];
  for (const name of names) {
    const startedAt = performance.now();
    const isBlind = given.isStartGone === true && comparing.includes(name);
    const judged = isBlind ? { findings: [startGone(name)] } : await table[name](given, results);
    const ms = Math.round(performance.now() - startedAt);
    results.push(resultOf(name, given.policy.gates.options[name], judged, ms));
  }
  return results;
}

/** The gates that compare the work with the start of the round. */
const comparing: readonly GateName[] = ['anti-scope', 'weakened-tests', 'self-confirming-tests'];

function startGone(gate: GateName): Finding {
  const text =
    'The snapshot of the start of the round was there when a session began, and is gone or another: what changed cannot ' +
    'be told. Only a human can go on: with a new round, or with this gate turned off';
  return { id: `${gate}:start-gone`, gate, severity: 'CRITICAL', file: null, line: null, text };
}

function noteOf({ owed }: GateCase): string | null {
  return owed.length === 0 ? 'nothing is owed here' : null;
}

function owedFiles({ root, owed }: GateCase): Promise<readonly OwedFile[]> {
  return Promise.all(owed.map(async (each) => ({ ...each, text: await textOf(`${root}/${each.path}`) })));
}

async function changesOf({ change }: GateCase): Promise<readonly Change[] | string> {
  if (typeof change === 'string') return change;
  const { trees, from, to } = change;
  return (await trees.changes(from, to)) ?? 'the state at the start of the round can no longer be read';
}

/** Texts that are looked through for citations: what the role owes. */
async function cited(given: GateCase): Promise<Judged> {
  const texts = (await owedFiles(given)).flatMap(({ path, text }) => (text === null ? [] : [{ path, text }]));
  const byText = texts.map(({ path, text }) => ({ path, citations: citationsIn(path, text) }));
  const citations = byText.flatMap((each) => each.citations);
  const sources = await Promise.all(
    sourcesOf(citations).map(async ({ file, commit }) => ({
      file,
      commit,
      text: await sourceText(given, file, commit),
    })),
  );
  const note = noteOf(given);
  const { required } = given.policy.gates.options.citations;
  const silent = byText.filter(
    (each) => required && each.citations.length === 0 && /SPEC\.md$/.test(each.path),
  );
  return {
    findings: citationsGate.judge({ citations, sources, silent: silent.map(({ path }) => path) }),
    note,
  };
}

async function sourceText(
  { root, change }: GateCase,
  file: string,
  commit: string | null,
): Promise<string | null> {
  if (!staysInside(file)) return null;
  if (commit === null) return textOf(`${root}/${file}`);
  return typeof change === 'string' ? null : change.trees.text(commit, file);
}

/** What cannot be read as a text (a folder, a file far too large) is no such file. */
export async function textOf(path: string): Promise<string | null> {
  try {
    return (await readText(path))?.text ?? null;
  } catch (error) {
    if (errorCode(error) !== '') throw error;
    return null;
  }
}
