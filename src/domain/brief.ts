/**
 * What one session is given: one prompt, one short system text that is the same for every role, and the manifest that
 * records both. Built only from the role's contract, the directive, the answers of the round, a few lines of the
 * memorial and the feedback of the last attempt. What the contract hides never enters; a small file stands in the
 * prompt, which saves the turn in which it would be opened, and every other one is offered by its path.
 */
import { fill, safeName } from '../protocol/artifact.ts';
import { isHidden, mayWrite } from '../protocol/access.ts';
import { byteLength } from '../protocol/bytes.ts';
import { memorialPath } from '../protocol/memorial.ts';
import type { BriefBounds, Policy, RoleContract } from '../protocol/policy.ts';
import type { Access, Brief, BriefPart, Manifest, Offer, OfferedPath, Order } from '../protocol/session.ts';
import { firstReviewer } from './companion.ts';
import { owedPaths } from './gate.ts';
import { roleAfter, tierOf } from './route.ts';
import { toolsOf } from './thread.ts';

/** A file that may be offered; `text` only where it is small enough to stand in a prompt. */
export type FoundFile = OfferedPath & { readonly text: string | null };

/** Files a hand found and read for a brief. */
export type BriefFiles = {
  /** Existing files that match the role's `reads`, with hash and size, in the contract's order. */
  readonly offered: readonly FoundFile[];
  /** Rules of the memorial for this role and this work, the most urgent first, within the memorial's own bounds. */
  readonly reinforcements: readonly string[];
  readonly directive: string | null;
  /** Decision files of this round, word for word, oldest first. */
  readonly decisions: readonly { readonly role: string; readonly path: string; readonly text: string }[];
  /** What changed since the role's last session in this round; null for its first, and where that is not known. */
  readonly changed: readonly ChangedFile[] | null;
  /** The handoff's own path, relative to the project. */
  readonly handoff: string;
  /** How many lines its header has, so that nobody opens the rest; null when it cannot be read. */
  readonly headerLines: number | null;
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
  const access = accessOf(policy, order, files.handoff);
  const found = offers(access, policy.brief, files.offered);
  const sections: readonly (readonly [string, string])[] = [
    ['head', head(order)],
    ['role', fill(role.body, names).trim()],
    ['files', filesSection(found, access)],
    ['texts', textsSection(found)],
    ['directive', directiveSection(files.directive)],
    ['answers', answersSection(role, order, access, files.decisions)],
    ['changed', changedSection(order, files, access)],
    ['reinforcements', reinforcementsSection(access, files.reinforcements)],
    ['feedback', feedbackSection(order)],
    ['ending', endingSection(policy, order, files)],
  ];
  const tools = toolsOf(policy, order.role, tierOf(policy, order.tier)?.roles ?? []);
  const parts = sections.filter(([, text]) => text !== '');
  const prompt = `${parts.map(([, text]) => text).join('\n\n')}\n`;
  return {
    system: systemText,
    prompt,
    tools,
    limits: role.limits,
    manifest: manifestOf(order, tools, access, { found, parts }),
  };
}

/** What an order's session may open and write: its role's contract, with round and role filled in. */
export function accessOf(policy: Policy, order: Order, handoff: string): Access {
  const role = policy.roles[order.role];
  const names = { round: safeName(order.round), tier: order.tier, role: order.role };
  const filled = (patterns: readonly string[] = []): readonly string[] =>
    patterns.map((pattern) => fill(pattern, names));
  return {
    hidden: filled(role?.hides),
    writable: filled(role?.writes),
    protected: filled(role?.protects),
    owed: owedPaths(policy, order),
    handoff: order.kind === 'opinion' ? '' : handoff,
    ...besideOf(policy, order, handoff),
  };
}

/** What the other session of a review with two opinions writes. */
function besideOf(policy: Policy, order: Order, handoff: string): Pick<Access, 'beside'> {
  if (order.companion !== undefined) return { beside: owedPaths(policy, order.companion) };
  return order.kind === 'opinion'
    ? { beside: [handoff, ...owedPaths(policy, { ...order, role: firstReviewer })] }
    : {};
}

type Found = Offer & { readonly text: string | null };

/** Which files stand in the prompt: small ones, in order, up to the bound. What a role edits it must open anyway. */
function offers(access: Access, bounds: BriefBounds, files: readonly FoundFile[]): readonly Found[] {
  let left = bounds.inlineTotalBytes;
  return files
    .filter((file) => !isHidden(access, file.path))
    .map(({ text, ...file }): Found => {
      const fits = text !== null && file.bytes <= bounds.inlineBytes && file.bytes <= left;
      if (!fits || mayWrite(access, file.path)) return { ...file, as: 'path', text: null };
      left -= file.bytes;
      return { ...file, as: 'text', text };
    });
}

function head(order: Order): string {
  const kind = order.kind === 'repair' ? ' · repair' : '';
  return `${firstLine}\n\nRole: ${order.role} · Round: ${order.round} · Tier: ${order.tier} · Session: ${order.visit}${kind}`;
}

function filesSection(found: readonly Found[], access: Access): string {
  const list = (title: string, paths: readonly string[]): string[] =>
    paths.length === 0 ? [] : [`${title}:`, ...paths.map((path) => `- ${path}`)];
  // A check outside the project is kept from the session without telling it where that is.
  const inProject = (paths: readonly string[]): readonly string[] =>
    paths.filter((path) => !path.startsWith('/'));
  return [
    '## Files',
    '',
    ...list(
      'Read, in this order',
      found.map(({ path, as }) =>
        as === 'text' ? `${path} (below, word for word; do not open it again)` : path,
      ),
    ),
    ...list('Never open', inProject(access.hidden)),
    ...list('You may write', access.writable),
    ...list('Never write', inProject(access.protected)),
    ...list('You owe', access.owed),
  ].join('\n');
}

/** Fenced by more back-quotes than the text itself has in a row, so that nothing in it ends the fence. */
function textsSection(found: readonly Found[]): string {
  const texts = found.flatMap(({ path, text }) => {
    if (text === null) return [];
    const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
    const fence = '`'.repeat(longest + 1);
    return [`### ${path}\n\n${fence}\n${text.replace(/\n$/, '')}\n${fence}`];
  });
  return texts.length === 0 ? '' : ['## Files, word for word', ...texts].join('\n\n');
}

function directiveSection(directive: string | null): string {
  return directive === null ? '' : `## The directive of this round\n\n${directive.trim()}`;
}

/** An answer reaches the role that asked, and every role whose contract says so. */
function answersSection(
  role: RoleContract,
  order: Order,
  access: Access,
  decisions: BriefFiles['decisions'],
): string {
  const seen = decisions.filter(
    (decision) => (role.seesAnswers || decision.role === order.role) && !isHidden(access, decision.path),
  );
  if (seen.length === 0) return '';
  const texts = seen.map((decision) => `### ${decision.path}\n\n${decision.text.trim()}`);
  return ['## What the human decided (implement it to the letter, or ask again)', '', ...texts].join('\n');
}

/** A role that comes again starts cold, but need not look for what is new. Nothing hidden is named here either. */
function changedSection(order: Order, files: BriefFiles, access: Access): string {
  const seen = (files.changed ?? []).filter(({ path }) => path !== files.handoff && !isHidden(access, path));
  if (seen.length === 0 || order.resumeOf !== undefined) return '';
  const lines = seen.slice(0, changedMax).map(({ path, added, removed }) => {
    const much = added === null || removed === null ? 'no text' : `+${added} -${removed}`;
    return `- ${path} (${much})`;
  });
  const more = seen.length > changedMax ? [`- and ${seen.length - changedMax} more`] : [];
  return ['## What changed since your last session in this round', '', ...lines, ...more].join('\n');
}

/** Shown in their order; a role that may not open the memorial is shown none. */
function reinforcementsSection(access: Access, lines: readonly string[]): string {
  if (lines.length === 0 || isHidden(access, memorialPath)) return '';
  return ['## What earlier rounds paid for', '', ...lines.map((line) => `- ${line}`)].join('\n');
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
  const count = files.headerLines;
  const lines = count === null ? '' : ` (its first ${count} lines; open no more of it)`;
  return [
    '## How to end',
    '',
    `Edit the header of ${files.handoff}${lines}: set \`${keys[0] ?? ''}: ${to}\` and \`${keys[1] ?? ''}: ${status}\`, and nothing else of it.`,
    `Statuses you may leave: ${ends.join(', ')}.`,
  ].join('\n');
}

function manifestOf(
  order: Order,
  tools: readonly string[],
  access: Access,
  given: { readonly found: readonly Found[]; readonly parts: readonly (readonly [string, string])[] },
): Manifest {
  const parts: BriefPart[] = given.parts.map(([name, text]) => ({ name, bytes: byteLength(text) }));
  const { id, round, tier, agent, model } = order;
  return {
    order: id,
    role: order.role,
    round,
    tier,
    agent,
    model,
    offered: given.found.map(({ text: _text, ...offer }) => offer),
    ...access,
    tools,
    parts: [{ name: 'system', bytes: byteLength(systemText) }, ...parts],
  };
}
