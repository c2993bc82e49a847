/**
 * Gathers what a brief is composed of: the files the role's contract offers, the directive, and the answers of the
 * round. Also assembles the brief of a role on demand, for `next-role prompt`.
 */
import { compose } from '../domain/brief.ts';
import type { BriefFiles, FoundFile } from '../domain/brief.ts';
import { namelessRound } from '../domain/decide.ts';
import type { MachineState } from '../domain/machine.ts';
import { newRound } from '../domain/round.ts';
import { orderFor, tierOf } from '../domain/route.ts';
import { readText, type ReadText } from '../effects/files.ts';
import { findOffered } from '../effects/project.ts';
import { fill, safeName } from '../protocol/artifact.ts';
import { byteLength } from '../protocol/bytes.ts';
import { headerLines } from '../protocol/codec.ts';
import { readsIn, type Policy } from '../protocol/policy.ts';
import type { Project } from '../protocol/project.ts';
import type { Brief, OfferedPath, Order } from '../protocol/session.ts';
import { readHandoff } from './handoff.ts';
import { reinforcementsFor } from './memorial.ts';
import { changedSince } from './roundtrees.ts';

/** What a brief needs to know of the round. */
export type Setting = { readonly project: Project; readonly policy: Policy; readonly state: MachineState };

export async function filesForBrief(setting: Setting, order: Order): Promise<BriefFiles> {
  const { project, policy, state } = setting;
  const { reading, text } = await readHandoff(project, policy);
  const names = { round: safeName(order.round), tier: order.tier, role: order.role };
  const patterns = readsIn(policy.roles[order.role], order.tier).map((pattern) => fill(pattern, names));
  const found = await findOffered(project.root, [...patterns, ...(reading.handoff?.inputs ?? [])]);
  const offered = await Promise.all(found.map((file) => withText(project, policy.brief.inlineBytes, file)));
  const directive = withoutComments(reading.handoff?.directive ?? '');
  const about = [directive ?? '', ...offered.map(({ path }) => path)].join('\n');
  const reinforcements = await reinforcementsFor(project, policy, { role: order.role, about });
  const decisions = await Promise.all(
    (state.context.round?.decisions ?? []).map(async ({ role, path }) => {
      const file = await readText(`${project.root}/${path}`);
      return { role, path, text: file?.text ?? '' };
    }),
  );
  return {
    offered,
    reinforcements: reinforcements.map(({ line }) => line),
    directive,
    decisions,
    changed: order.visit > 1 ? await changedSince(project, order) : null,
    handoff: project.handoffName,
    headerLines: headerLines(text),
    dialect: reading.handoff?.dialect ?? 'front-matter',
  };
}

/** A small file with its text. What is recorded is what was read, should it have changed since it was found. */
async function withText(project: Project, bytesMax: number, file: OfferedPath): Promise<FoundFile> {
  if (file.bytes > bytesMax) return { ...file, text: null };
  const read = await textOrNone(`${project.root}/${file.path}`);
  // A text with replacement characters is not the file word for word.
  if (read === null || read.text.includes('\uFFFD')) return { ...file, text: null };
  return { path: file.path, sha256: read.digest, bytes: byteLength(read.text), text: read.text };
}

/** What cannot be read as a text is no text of a brief; the role is still offered its path. */
async function textOrNone(path: string): Promise<ReadText | null> {
  try {
    return await readText(path);
  } catch {
    // A folder, a pipe, no permission, far too large: whatever it is, the role finds out when it opens it.
    return null;
  }
}

/** Comments teach the person who fills the section in; a section of nothing else is no directive. */
function withoutComments(text: string): string | null {
  const words = text.replace(/<!--[\s\S]*?-->/g, '').trim();
  return words === '' ? null : words;
}

/** The brief a role would get now; null when the policy has no such role. */
export async function briefFor(
  setting: Setting,
  role: string,
  at: number,
): Promise<{ order: Order; brief: Brief } | null> {
  const { policy, state, project } = setting;
  if (policy.roles[role] === undefined) return null;
  const { reading } = await readHandoff(project, policy);
  const tier = tierOf(policy, reading.handoff?.tier ?? null)?.name ?? policy.defaultTier;
  const round = state.context.round ?? newRound(reading.handoff?.round ?? namelessRound, tier);
  const order = orderFor(policy, round, {
    role,
    dispatchId: 'preview',
    at,
    kind: 'work',
    feedback: [],
    because: 'asked for with next-role prompt',
  });
  return { order, brief: compose(policy, order, await filesForBrief(setting, order)) };
}
