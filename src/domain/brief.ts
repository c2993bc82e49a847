/**
 * What one session is given: one prompt, one short system text that is the same for every role, and the manifest that
 * records both. Built only from the role's contract, the directive, the answers of the round and the feedback of the
 * last attempt; what the contract hides never enters, and files are offered by path, not by content.
 */
import { fill, matches, safeName } from '../protocol/artifact.ts';
import type { Policy, RoleContract } from '../protocol/policy.ts';
import type { Brief, BriefPart, Manifest, OfferedPath, Order } from '../protocol/session.ts';
import { owedPaths } from './gate.ts';
import { roleAfter, tierOf } from './route.ts';

/** Files a hand found and read for a brief. */
export type BriefFiles = {
  /** Existing files that match the role's `reads`, with hash and size, in the contract's order. */
  readonly offered: readonly OfferedPath[];
  readonly directive: string | null;
  /** Decision files of this round, word for word, oldest first. */
  readonly decisions: readonly { readonly role: string; readonly path: string; readonly text: string }[];
  /** What changed since the role's last session in this round; null for its first, and where that is not known. */
  readonly changed: readonly ChangedFile[] | null;
  /** The handoff's own path, relative to the project. */
  readonly handoff: string;
  readonly dialect: 'front-matter' | 'bare-header';
};

/** How much of a file changed, in lines; null where it is no text. */
export type ChangedFile = {
  readonly path: string;
  readonly added: number | null;
  readonly removed: number | null;
};

/** Changed files named in a brief; a larger change is told by its number. */
const changedMax = 100;

/** The same bytes for every role and round, so that prompt caches are shared between sessions of one model. */
export const systemText = [
  'You are one session of a round that is run by next-role. Other roles work before and after you in sessions of their own;',
  'you share nothing with them but the files of the project. Do only the work of your role. Nobody reads what you say: what',
  'counts is the files you leave. Read only what your brief offers, write only what it allows. When a choice is not yours to',
  'make, end with a bounded question instead of a guess.',
].join('\n');

/** Every prompt begins with these bytes: some agents key their cache on the first characters of the first message. */
export const firstLine = '# Your brief for this next-role session';

/** Composes the brief of an order. */
export function compose(policy: Policy, order: Order, files: BriefFiles): Brief {
  const role = policy.roles[order.role];
  if (role === undefined) throw new Error(`No contract for the role "${order.role}"`);
  const names = { round: safeName(order.round), tier: order.tier, role: order.role };
  const hidden = role.hides.map((pattern) => fill(pattern, names));
  const writable = role.writes.map((pattern) => fill(pattern, names));
  const offered = files.offered.filter((file) => !hidden.some((pattern) => matches(file.path, pattern)));
  const sections: readonly (readonly [string, string])[] = [
    ['head', head(order)],
    ['role', fill(role.body, names).trim()],
    ['files', filesSection(offered, hidden, writable, owedPaths(policy, order))],
    ['directive', directiveSection(files.directive)],
    ['answers', answersSection(role, order, files.decisions)],
    ['changed', changedSection(order, files, hidden)],
    ['feedback', feedbackSection(order)],
    ['ending', endingSection(policy, order, files)],
  ];
  const parts = sections.filter(([, text]) => text !== '');
  const prompt = `${parts.map(([, text]) => text).join('\n\n')}\n`;
  return {
    system: systemText,
    prompt,
    tools: role.tools,
    limits: role.limits,
    manifest: manifestOf(order, role, { offered, hidden, writable, parts }),
  };
}

/** UTF-8 bytes of a text, without `node:`. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

function head(order: Order): string {
  const kind = order.kind === 'repair' ? ' · repair' : '';
  return `${firstLine}\n\nRole: ${order.role} · Round: ${order.round} · Tier: ${order.tier} · Session: ${order.visit}${kind}`;
}

function filesSection(
  offered: readonly OfferedPath[],
  hidden: readonly string[],
  writable: readonly string[],
  owed: readonly string[],
): string {
  const list = (title: string, paths: readonly string[]): string[] =>
    paths.length === 0 ? [] : [`${title}:`, ...paths.map((path) => `- ${path}`)];
  return [
    '## Files',
    '',
    ...list(
      'Read, in this order',
      offered.map((file) => file.path),
    ),
    ...list('Never open', hidden),
    ...list('You may write', writable),
    ...list('You owe', owed),
  ].join('\n');
}

function directiveSection(directive: string | null): string {
  return directive === null ? '' : `## The directive of this round\n\n${directive.trim()}`;
}

/** An answer reaches the role that asked, and every role whose contract says so. */
function answersSection(role: RoleContract, order: Order, decisions: BriefFiles['decisions']): string {
  const seen = decisions.filter((decision) => role.seesAnswers || decision.role === order.role);
  if (seen.length === 0) return '';
  const texts = seen.map((decision) => `### ${decision.path}\n\n${decision.text.trim()}`);
  return ['## What the human decided (implement it to the letter, or ask again)', '', ...texts].join('\n');
}

/** A role that comes again starts cold, but need not look for what is new. Nothing hidden is named here either. */
function changedSection(order: Order, files: BriefFiles, hidden: readonly string[]): string {
  const seen = (files.changed ?? []).filter(
    ({ path }) => path !== files.handoff && !hidden.some((pattern) => matches(path, pattern)),
  );
  if (seen.length === 0 || order.resumeOf !== undefined) return '';
  const lines = seen.slice(0, changedMax).map(({ path, added, removed }) => {
    const much = added === null || removed === null ? 'no text' : `+${added} -${removed}`;
    return `- ${path} (${much})`;
  });
  const more = seen.length > changedMax ? [`- and ${seen.length - changedMax} more`] : [];
  return ['## What changed since your last session in this round', '', ...lines, ...more].join('\n');
}

function feedbackSection(order: Order): string {
  if (order.feedback.length === 0) return '';
  const lines = order.feedback.map((line) => `- ${line}`);
  const title =
    order.kind === 'repair'
      ? '## Mend only this; the rest of your work stands'
      : '## The last attempt did not finish; files it left may be half done';
  return [title, '', ...lines].join('\n');
}

function endingSection(policy: Policy, order: Order, files: BriefFiles): string {
  if (order.kind === 'opinion') {
    return `## How to end\n\nWhen your report is written, stop. Do not touch ${files.handoff}.`;
  }
  const tier = tierOf(policy, order.tier);
  const next = tier === null ? null : roleAfter(tier, order.role);
  const keys = files.dialect === 'front-matter' ? ['next-role', 'status'] : ['NEXT-ROLE', 'STATUS'];
  const ends = policy.roles[order.role]?.ends ?? ['READY'];
  const to = next ?? 'human';
  const status =
    next === null
      ? (tier?.ends ?? 'ROUND-COMPLETE')
      : (ends.find((word) => word === 'READY' || word === 'MERGE-READY') ?? 'READY');
  return [
    '## How to end',
    '',
    `Edit the header of ${files.handoff}: set \`${keys[0] ?? ''}: ${to}\` and \`${keys[1] ?? ''}: ${status}\`, and nothing else of it.`,
    `Statuses you may leave: ${ends.join(', ')}.`,
  ].join('\n');
}

function manifestOf(
  order: Order,
  role: RoleContract,
  given: {
    readonly offered: readonly OfferedPath[];
    readonly hidden: readonly string[];
    readonly writable: readonly string[];
    readonly parts: readonly (readonly [string, string])[];
  },
): Manifest {
  const parts: BriefPart[] = given.parts.map(([name, text]) => ({ name, bytes: byteLength(text) }));
  return {
    order: order.id,
    role: order.role,
    offered: given.offered,
    hidden: given.hidden,
    writable: given.writable,
    tools: role.tools,
    parts: [{ name: 'system', bytes: byteLength(systemText) }, ...parts],
  };
}
