/**
 * The memorial of a project on disk: reads the lines and the ledger, counts a finished round into it, shares it with
 * the user's other projects, and says what a session is to be reminded of. A ledger that cannot be read is reported
 * and never written over; counting a round twice changes nothing.
 */
import { countRound, type GateSight } from '../domain/memorial.ts';
import { reinforce, type Reinforcement, type SharedRule } from '../domain/reinforce.ts';
import { archived, contribute, sharedWith, withoutRetired } from '../domain/sharing.ts';
import { digestText, explain, readText, replaceIf } from '../effects/files.ts';
import { userFolder } from '../effects/userfolder.ts';
import type { Diagnostic } from '../protocol/diagnostic.ts';
import {
  emptyLedger,
  memorialPath,
  readLedger,
  readMemorial,
  retiredPath,
  rulesPath,
  writeLedger,
  type Rule,
  type RuleLedger,
} from '../protocol/memorial.ts';
import type { Policy } from '../protocol/policy.ts';
import type { Project } from '../protocol/project.ts';
import { readShared, writeShared, type SharedRules } from '../protocol/sharedrules.ts';

type FileOf<T> = { readonly path: string; readonly digest: string | null; readonly value: T };
type Problem = { readonly file: string; readonly diagnostics: readonly Diagnostic[] };

/** Everything the memorial knows of a project. A broken file reads as empty, and its problems are named. */
export type Memorial = {
  readonly ledger: RuleLedger;
  /** Retired rules that were pruned out of the ledger. */
  readonly retired: readonly Rule[];
  readonly shared: readonly SharedRule[];
  readonly problems: readonly Problem[];
};

/** Reads a project's memorial; starts and writes nothing. */
export async function readProjectMemorial(project: Project): Promise<Memorial> {
  const [ledger, archive, shared] = await Promise.all([
    ledgerFile(`${project.root}/${rulesPath}`),
    ledgerFile(`${project.root}/${retiredPath}`),
    sharedFile(),
  ]);
  const problems = [ledger, archive, shared].flatMap((file) => (file.ok ? [] : [file.problem]));
  return {
    ledger: ledger.ok ? ledger.file.value : emptyLedger,
    retired: archive.ok ? archive.file.value.rules : [],
    shared: shared.ok ? sharedWith(shared.file.value, nameOf(project)) : [],
    problems,
  };
}

/** What a session of a role is reminded of, for work that is about these words. */
export async function reinforcementsFor(
  project: Project,
  policy: Policy,
  request: { readonly role: string; readonly about: string },
): Promise<readonly Reinforcement[]> {
  const { ledger, shared } = await readProjectMemorial(project);
  return reinforce(ledger.rules, shared, request, policy.memorial);
}

/**
 * Counts a finished round: the lines the memorial role wrote for it, and what the gates showed. Gives what a person
 * should be told when something could not be counted; null when all is well or the round was counted before.
 */
export async function countIntoMemorial(
  project: Project,
  policy: Policy,
  round: string,
  gates: readonly GateSight[],
): Promise<string | null> {
  const file = await ledgerFile(`${project.root}/${rulesPath}`);
  if (!file.ok) return `The round was not counted: ${wordsOf(file.problem)}`;
  const text = (await readText(`${project.root}/${memorialPath}`))?.text ?? '';
  const next = countRound(file.file.value, round, { lines: readMemorial(text), gates }, policy.memorial);
  if (next !== file.file.value) {
    const trouble = await replace(file.file, writeLedger(next));
    if (trouble !== null) return trouble;
  }
  return shareRules(project, next);
}

async function shareRules(project: Project, ledger: RuleLedger): Promise<string | null> {
  const file = await sharedFile();
  if (!file.ok) return `The rules were not shared with your other projects: ${wordsOf(file.problem)}`;
  const next = writeShared(contribute(file.file.value, nameOf(project), ledger));
  return next === writeShared(file.file.value) ? null : replace(file.file, next);
}

/** Moves the retired rules out of the ledger into the archive beside the histories; gives them, or the trouble. */
export async function pruneMemorial(
  project: Project,
): Promise<{ readonly pruned: readonly Rule[]; readonly trouble: string | null }> {
  const file = await ledgerFile(`${project.root}/${rulesPath}`);
  const archive = await ledgerFile(`${project.root}/${retiredPath}`);
  if (!file.ok) return { pruned: [], trouble: wordsOf(file.problem) };
  if (!archive.ok) return { pruned: [], trouble: wordsOf(archive.problem) };
  const { kept, retired } = withoutRetired(file.file.value);
  if (retired.length === 0) return { pruned: [], trouble: null };
  // The archive first: a crash between the two leaves a rule in both, and the next prune puts that right.
  const trouble =
    (await replace(archive.file, writeLedger(archived(archive.file.value, retired)))) ??
    (await replace(file.file, writeLedger(kept)));
  return { pruned: trouble === null ? retired : [], trouble };
}

type Reading<T> =
  { readonly ok: true; readonly file: FileOf<T> } | { readonly ok: false; readonly problem: Problem };

async function ledgerFile(path: string): Promise<Reading<RuleLedger>> {
  const file = await readText(path);
  const reading = readLedger(file?.text ?? '');
  return reading.ok
    ? { ok: true, file: { path, digest: file?.digest ?? null, value: reading.ledger } }
    : { ok: false, problem: { file: path, diagnostics: reading.diagnostics } };
}

async function sharedFile(): Promise<Reading<SharedRules>> {
  const path = `${userFolder('config')}/memorial.json`;
  const file = await readText(path);
  const reading = readShared(file?.text ?? '');
  return reading.ok
    ? { ok: true, file: { path, digest: file?.digest ?? null, value: reading.shared } }
    : { ok: false, problem: { file: path, diagnostics: reading.diagnostics } };
}

/** Null when it stands; words when it does not. Another runner that wrote first is asked again by its next round. */
async function replace(file: FileOf<unknown>, text: string): Promise<string | null> {
  try {
    const replaced = await replaceIf(file.path, file.digest, () => text);
    if (replaced.type === 'written') return null;
    return replaced.type === 'failed'
      ? replaced.message
      : `"${file.path}" was changed meanwhile and was left alone`;
  } catch (error) {
    return explain(error);
  }
}

function nameOf(project: Project): string {
  return `${project.root.split('/').at(-1) ?? ''}-${digestText(project.root).slice(0, 12)}`;
}

function wordsOf(problem: Problem): string {
  const [first] = problem.diagnostics;
  return first === undefined
    ? problem.file
    : `${problem.file} line ${first.line}: ${first.message} ${first.hint}`;
}
