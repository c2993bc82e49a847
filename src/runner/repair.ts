/**
 * What a crash left lying about in a project, and clearing it away: a lock nobody holds, a torn journal line, processes
 * of sessions that are over, temporary files. Works only while nobody runs the project, takes its lock for the moment of
 * the repair, and never touches a session that still lives, nor anything that a person or an agent wrote.
 */
import { explain } from '../effects/files.ts';
import { openJournal, tornBytes } from '../effects/journal.ts';
import { acquire, leftOwner, ownerOf, type Owner } from '../effects/lock.ts';
import { findMarked, isRunning, reap, type MarkedProcess } from '../effects/processes.ts';
import { copyFor, removeCopy } from '../effects/copies.ts';
import { clearHalfReplaced, sessionFolder } from '../effects/sessionfolder.ts';
import { readClaim, readExit } from '../effects/shim.ts';
import { findAbandoned, removeAbandoned } from '../effects/temporary.ts';
import { coordinationDir, runnerDir } from '../protocol/artifact.ts';
import { journalPath, type Project } from '../protocol/project.ts';
import { firstOf, firstPaths } from '../protocol/remark.ts';
import { emptiedCopies } from './bringback.ts';

export type Leftover = {
  readonly kind: 'lock' | 'journal' | 'processes' | 'files' | 'copies';
  /** What there is, with its numbers. */
  readonly words: string;
  /** What was done about it; null when nothing was. */
  readonly repaired: string | null;
};

/** Between asking a leftover process to end and killing it. */
const graceMs = 1_000;
/** What was found, before anything is done about it. */
type Found = {
  readonly owner: Owner | null;
  readonly tornBytes: number;
  readonly processes: readonly MarkedProcess[];
  /** Relative to the project. */
  readonly files: readonly string[];
  /** Folders of copies whose sessions are over, with nothing in them that is not in the project. */
  readonly copies: readonly string[];
};

/**
 * Finds what a crash left, and clears it away if `mend` says so and nobody runs the project. Throws JournalDamaged like
 * every reader of the journal; nothing was touched then.
 *
 * @example await repair(project, { mend: true }) // []
 */
export async function repair(
  project: Project,
  { mend }: { readonly mend: boolean },
): Promise<readonly Leftover[]> {
  const found = await survey(project);
  const lists = [found.processes, found.files, found.copies];
  const nothing = found.owner === null && found.tornBytes === 0 && lists.every((list) => list.length === 0);
  if (nothing) return [];
  if (!mend || (await ownerOf(project.root)) !== null) return told(found, null);
  const lock = await acquire(project.root);
  if (lock.type === 'taken') return told(found, null);
  try {
    return told(found, await cleared(project, found));
  } finally {
    await lock.release();
  }
}

async function survey(project: Project): Promise<Found> {
  const owner = await leftOwner(project.root);
  const marked = findMarked(project.root);
  const processes = marked.filter(({ order }) => isOver(project, order));
  // A session may have lost its folder and still be at work.
  const atWork = new Set(
    marked.filter((each) => !processes.includes(each)).map(({ order }) => copyFor(project.root, order)),
  );
  return {
    owner,
    tornBytes: tornBytes(journalPath(project)),
    processes,
    files: temporaryIn(project),
    copies: (await emptiedCopies(project, { isIdle: true })).filter((copy) => !atWork.has(copy)),
  };
}

/** A session that has ended, or whose shim is gone: nothing of it is awaited any more. */
function isOver(project: Project, order: string): boolean {
  const folder = sessionFolder(`${project.own}/sessions`, order);
  if (readExit(folder) !== null) return true;
  const claim = readClaim(folder);
  return claim !== null && claim !== 'half' && !isRunning(claim, true);
}

/** The temporary files in all places where we write by them: beside the handoff, in what is the coordination's and ours. */
function temporaryIn(project: Project): readonly string[] {
  const beside = project.handoffName.split('/').slice(0, -1).join('/');
  return findAbandoned(project.root, [beside, coordinationDir, runnerDir]);
}

/** Removes the temporary files that a killed writer left; for whoever holds the lock. Gives the trouble with it, or null. */
export function clearTemporary(project: Project): string | null {
  try {
    removeAbandoned(project.root, temporaryIn(project));
    clearHalfReplaced(`${project.own}/sessions`);
    return null;
  } catch (error) {
    return `Temporary files of a killed run are left: ${explain(error)}`;
  }
}

/** What was done, by kind. */
type Done = Readonly<Partial<Record<Leftover['kind'], string>>>;

async function cleared(project: Project, found: Found): Promise<Done> {
  const journal = openJournal(journalPath(project));
  const { torn } = journal.load();
  journal.close();
  const orders = [...new Set(found.processes.map(({ order }) => order))];
  const ended = await Promise.all(
    orders.map((order) =>
      reap({ mark: { order, project: project.root }, sinceTicks: 0, group: null }, graceMs),
    ),
  );
  removeAbandoned(project.root, found.files);
  for (const copy of found.copies) await removeCopy(copy);
  return {
    // Taking the lock has put ours in its place, and giving it back removes that.
    lock: 'It was removed.',
    ...(torn === null ? {} : { journal: `It was set aside as "${torn.path}".` }),
    processes: `${ended.flat().length} ended.`,
    files: 'Removed.',
    copies: 'Removed.',
  };
}

function told(found: Found, done: Done | null): readonly Leftover[] {
  const all: Leftover[] = [];
  const tell = (kind: Leftover['kind'], words: string): void =>
    void all.push({ kind, words, repaired: done?.[kind] ?? null });
  const { owner, processes, files, copies } = found;
  if (owner !== null)
    tell(
      'lock',
      `The lock of process ${owner.pid}, which ended without giving it back (since ${owner.since}).`,
    );
  if (found.tornBytes > 0)
    tell('journal', `A last journal line that a crash tore, ${found.tornBytes} bytes long.`);
  if (processes.length > 0)
    tell(
      'processes',
      `Left of sessions that are over: process ${firstOf(processes.map(({ pid }) => String(pid)))}.`,
    );
  if (files.length > 0) tell('files', `Left by a writer that was killed: ${firstPaths(files)}.`);
  if (copies.length > 0) tell('copies', `Copies of isolated sessions that are over: ${firstPaths(copies)}.`);
  return all;
}
