/**
 * What sessions changed, and what people did: keeps, for the round of a project, snapshots of the working tree at its
 * start, and at the end of each role's last session. What changed while no session ran is a human's and is folded into the
 * start, so that no gate holds it against a role. Kept in a file of the
 * runner's own folder; the machine decides nothing by it.
 */
import { firstReviewer, seatOf, secondReviewer } from '../domain/companion.ts';
import { readText, writeAtomic } from '../effects/files.ts';
import { openTrees, type LineCount, type Trees } from '../effects/trees.ts';
import { safeName } from '../protocol/artifact.ts';
import type { Project } from '../protocol/project.ts';
import type { Order } from '../protocol/session.ts';
import { startOf } from './audit.ts';

/** Names of trees. */
export type RoundTrees = {
  readonly round: string;
  /** The order that was claimed last. */
  readonly order: string;
  readonly role: string;
  /** As the round began, with what humans changed since. */
  readonly start: string;
  /** As the last session ended; null while one runs. */
  readonly left: string | null;
  /** As the last session of each role ended: what it had seen. */
  readonly seen: Readonly<Record<string, string>>;
  /** Of those, as a role began its present stretch of work: an attempt that failed has seen nothing for the next one. */
  readonly since: Readonly<Record<string, string>>;
};

const folderOf = (project: Project): string => `${project.own}/trees`;

/** The snapshots of a project; null outside a git repository. */
export function treesOf(project: Project): Promise<Trees | null> {
  return openTrees(project.root, folderOf(project));
}

function pathOf(project: Project, round: string): string {
  return `${folderOf(project)}/${safeName(round)}.json`;
}

/** What is known of a round; null when nothing is, or when the file was tampered with. */
export async function readTrees(project: Project, round: string): Promise<RoundTrees | null> {
  const file = await readText(pathOf(project, round));
  if (file === null) return null;
  const known = parsed(file.text);
  return known?.round === round ? known : null;
}

function parsed(text: string): RoundTrees | null {
  try {
    const value = JSON.parse(text) as Partial<RoundTrees> | null;
    const words = [value?.round, value?.order, value?.role, value?.start];
    return words.every((word) => typeof word === 'string')
      ? ({ seen: {}, since: {}, ...value } as RoundTrees)
      : null;
  } catch {
    // Half of a file, after a crash of the machine: as if there were none.
    return null;
  }
}

/** Before a session starts. Asked twice for the same order, it keeps what it noted first. */
export async function noteClaim(project: Project, order: Order): Promise<void> {
  const known = await readTrees(project, order.round);
  if (known?.order === order.id) return;
  // A round's start that is gone is not begun anew: what changed before would be nobody's.
  if (known === null && (await startOf(`${project.own}/sessions`, order.round)) !== null) return;
  const trees = await treesOf(project);
  const now = await trees?.snapshot();
  if (trees === null || now === null || now === undefined) return;
  const move = async (tree: string): Promise<string> => {
    if (known?.left === null || known?.left === undefined || known.left === now) return tree;
    return (await trees.fold(tree, { from: known.left, to: now })) ?? tree;
  };
  await write(project, {
    round: order.round,
    order: order.id,
    role: seatOf(order).role,
    start: known === null ? now : await move(known.start),
    left: null,
    seen: known?.seen ?? {},
    since: known === null ? {} : sinceOf(known, order),
  });
}

/** What the roles of an order had seen before, where another role has worked in between. */
function sinceOf(known: RoundTrees, order: Order): RoundTrees['since'] {
  const seat = seatOf(order);
  if (known.role === seat.role) return known.since;
  const roles = seat.role === firstReviewer ? [firstReviewer, secondReviewer] : [seat.role];
  return {
    ...known.since,
    ...Object.fromEntries(Object.entries(known.seen).filter(([role]) => roles.includes(role))),
  };
}

/** What changed since this role last ended its work in this round; null when it had none, or git cannot say. */
export async function changedSince(project: Project, order: Order): Promise<readonly LineCount[] | null> {
  const known = await readTrees(project, order.round);
  const seen = known?.since[order.role];
  if (seen === undefined) return null;
  const trees = await treesOf(project);
  const now = await trees?.snapshot();
  return trees === null || now === null || now === undefined ? null : trees.counts(seen, now);
}

/** After a session has ended. Gives the tree as it stands; null when git cannot say. */
export async function noteEnd(project: Project, order: Order): Promise<string | null> {
  const trees = await treesOf(project);
  const now = (await trees?.snapshot()) ?? null;
  const known = await readTrees(project, order.round);
  if (now !== null && known?.order === order.id) {
    const roles = [order.role, ...(order.companion === undefined ? [] : [order.companion.role])];
    const seen = Object.fromEntries(roles.map((role) => [role, now]));
    await write(project, { ...known, left: now, seen: { ...known.seen, ...seen } });
  }
  return now;
}

async function write(project: Project, trees: RoundTrees): Promise<void> {
  await writeAtomic(pathOf(project, trees.round), `${JSON.stringify(trees, null, 2)}\n`);
}
