/**
 * Reads the handoff as an event: text, digest, meaning, and the hash of the inputs its role would work on. A file that
 * is still being saved is given a moment to settle; nothing here ever writes.
 */
import { candidate, tierOf } from '../domain/route.ts';
import { digestOf, digestText, errorCode, explain, insideProject, readText } from '../effects/files.ts';
import { findOffered } from '../effects/project.ts';
import { decode } from '../protocol/codec.ts';
import type { Diagnostic } from '../protocol/diagnostic.ts';
import type { Escalation } from '../protocol/escalation.ts';
import type { MachineEvent } from '../protocol/event.ts';
import { decisionsDir, fill, matches, safeName } from '../protocol/artifact.ts';
import type { Handoff, HandoffFacts, Reading } from '../protocol/handoff.ts';
import { knownNames, readsIn, type Policy, type RoleContract } from '../protocol/policy.ts';
import type { Project } from '../protocol/project.ts';
import type { Routing } from '../protocol/routing.ts';
import { routingOf } from './routing.ts';
import { nothingAsked } from './unasked.ts';

/** How long a file that cannot be read may still be half saved, and how often it is looked at again. */
const unsettled = { pauseMs: 60, looksMax: 5 };

/** A reading with its digest; digest null when there is no file. */
export type Read = { readonly digest: string | null; readonly text: string; readonly reading: Reading };

/** Reads and decodes the handoff; waits a moment while an unreadable file still changes. */
export async function readHandoff(project: Project, policy: Policy): Promise<Read> {
  let read = await readOnce(project, policy);
  for (let look = 1; look < unsettled.looksMax && read.reading.handoff === null; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, unsettled.pauseMs));
    const next = await readOnce(project, policy);
    if (next.digest === read.digest && look > 1) return next;
    read = next;
  }
  return read;
}

async function readOnce(project: Project, policy: Policy): Promise<Read> {
  try {
    if (!insideProject(project.root, project.handoffName)) return unreadable(handoffOutside(project));
    if (!insideProject(project.root, decisionsDir)) return unreadable(decisionsOutside);
    const file = await readText(project.handoff);
    if (file === null) return unreadable(missing(project));
    return { digest: file.digest, text: file.text, reading: decodeOnce(file.text, policy) };
  } catch (error) {
    return unreadable({
      code: 'file-unreadable',
      line: 1,
      severity: 'error',
      message: explain(error),
      hint: 'Make the file readable for this user, then save it again',
    });
  }
}

let latest: { readonly text: string; readonly policy: Policy; readonly reading: Reading } | null = null;

/** One role's work asks for the same text several times, and decoding it is pure: the last one is kept. */
function decodeOnce(text: string, policy: Policy): Reading {
  if (latest?.text === text && latest.policy === policy) return latest.reading;
  latest = { text, policy, reading: decode(text, knownNames(policy)) };
  return latest.reading;
}

function missing(project: Project): Diagnostic {
  return {
    code: 'file-missing',
    line: 1,
    severity: 'error',
    message: `There is no "${project.handoffName}"`,
    hint: 'next-role init',
  };
}

/** A link may lead to another place in the project, as some keep their files; what it leaves is not ours to write to. */
function outside(name: string, hint: string): Diagnostic {
  return {
    code: 'file-unreadable',
    line: 1,
    severity: 'error',
    message: `"${name}" is a link that leaves the project, or lies in a folder that is one`,
    hint,
  };
}

function handoffOutside({ handoffName }: Project): Diagnostic {
  const hint = 'Put the file itself in its place: cp --remove-destination "$(readlink -f <file>)" <file>';
  return outside(handoffName, hint);
}

/** Said before any session, not when somebody's answer is to be kept there. */
const decisionsOutside = outside(
  decisionsDir,
  `Put a folder in its place: rm ${decisionsDir} && mkdir ${decisionsDir}`,
);

function unreadable(problem: Diagnostic): Read {
  return { digest: null, text: '', reading: { handoff: null, diagnostics: [problem] } };
}

/** The READ event of a reading. */
export async function readEvent(
  project: Project,
  policy: Policy,
  at: number,
): Promise<Extract<MachineEvent, { type: 'READ' }>> {
  const { digest, reading } = await readHandoff(project, policy);
  const { handoff } = reading;
  const routing = handoff === null ? null : await routingOf(project, policy, handoff);
  const unasked = handoff?.status === 'READY' ? await nothingAsked(project, handoff) : null;
  return {
    type: 'READ',
    at,
    digest,
    handoff: handoff === null ? null : factsOf(handoff),
    problems: unasked === null ? reading.diagnostics : [...reading.diagnostics, unasked],
    dispatchId: handoff === null ? null : await inputsHash(project, policy, { handoff, routing }),
    question: handoff === null ? null : fingerprint(handoff.escalation),
    words: wordsDigest(handoff?.operatorDecision ?? null),
    routing,
  };
}

/** Longest text of a human kept in a journal record, in characters. */
const wordsCharsMax = 8_192;

/** What decisions need and the journal keeps. */
export function factsOf(handoff: Handoff): HandoffFacts {
  const { directive: _directive, others: _others, ...facts } = handoff;
  return { ...facts, operatorDecision: facts.operatorDecision?.slice(0, wordsCharsMax) ?? null };
}

/** Tells one question from another: its words and its options, not its spelling in the file. */
export function fingerprint(escalation: Escalation | null): string | null {
  if (escalation === null) return null;
  const { question, options } = escalation;
  return digestText(
    JSON.stringify([question, options.map(({ letter, do: what, then }) => [letter, what, then])]),
  ).slice(0, 16);
}

/** A handoff with what the router says of it. */
type Routed = { readonly handoff: Handoff; readonly routing: Routing | null };

/** Inputs that cannot be read give no id; the decision then says so instead of guessing. */
async function inputsHash(project: Project, policy: Policy, read: Routed): Promise<string | null> {
  try {
    return await dispatchIdOf(project, policy, read);
  } catch {
    // Whatever it was (no permission, a file beyond all bounds): `doctor` names it, and the run waits for a change.
    return null;
  }
}

/** Tells new words of the operator's section from old ones. */
export function wordsDigest(words: string | null): string | null {
  return words === null ? null : digestText(words).slice(0, 16);
}

/** Hash of (round, role, inputs): the contract's files under coordination/, the inputs named, the directive, the answers. */
async function dispatchIdOf(
  project: Project,
  policy: Policy,
  { handoff, routing }: Routed,
): Promise<string | null> {
  const role = candidate(policy, handoff, routing);
  const contract = role === null ? undefined : policy.roles[role];
  if (role === null || contract === undefined) return null;
  const round = handoff.round ?? '';
  const tier = tierOf(policy, handoff.tier)?.name ?? policy.defaultTier;
  const inputs = await inputsOf(project, contract, handoff, { round, tier });
  const decisions = await findOffered(project.root, [`${decisionsDir}/`]);
  const parts = [
    round,
    role,
    handoff.tier ?? '',
    handoff.directive ?? '',
    ...inputs,
    ...decisions.map((d) => d.sha256),
  ];
  return digestText(JSON.stringify(parts)).slice(0, 24);
}

/** What the role itself owes or writes is no input: its own half-done work must not look like new work. */
async function inputsOf(
  project: Project,
  contract: RoleContract,
  handoff: Handoff,
  { round, tier }: { readonly round: string; readonly tier: string },
): Promise<readonly string[]> {
  const names = { round: safeName(round), role: contract.name, tier };
  const own = contract.owes.map((artifact) => fill(artifact.path, names));
  const patterns = [...readsIn(contract, tier).map((pattern) => fill(pattern, names)), ...handoff.inputs];
  const offered = await findOffered(project.root, patterns);
  return offered
    .filter(({ path }) => path !== project.handoffName && !own.some((pattern) => matches(path, pattern)))
    .map(({ path, sha256 }) => `${path}=${sha256}`);
}

/** Digests of files before a session, to tell later whether they changed; null for a file that is not there. */
export async function digestsOf(
  project: Project,
  paths: readonly string[],
): Promise<Readonly<Record<string, string | null>>> {
  const pairs = await Promise.all(
    paths.map(async (path) => [path, await digestOrNone(`${project.root}/${path}`)] as const),
  );
  return Object.fromEntries(pairs);
}

/** A folder or a file beyond all bounds where an owed file should be is no such file; the role is told so. */
async function digestOrNone(path: string): Promise<string | null> {
  try {
    return await digestOf(path);
  } catch (error) {
    if (errorCode(error) !== '') throw error;
    return null;
  }
}
