/**
 * Brings back what an isolated session left in its copy: the files that its role may write, each as a whole and only
 * while the project's is the one that was copied, then the header. Done again after a crash, it finds what is done. A
 * file that somebody else edited meanwhile is never overwritten: both texts are kept, and the human is asked.
 */
import { isThere, listCopies, removeCopy } from '../effects/copies.ts';
import { explain, readText } from '../effects/files.ts';
import { isYounger, keepFile } from '../effects/sessionfolder.ts';
import { sessionText } from '../effects/sessionrecord.ts';
import { readClaim } from '../effects/shim.ts';
import { keepAside, swapText, takeOver } from '../effects/takeover.ts';
import { changesBetween, lookAtTree, type TreeMemory } from '../effects/tree.ts';
import { mayWrite } from '../protocol/access.ts';
import { decode, edit } from '../protocol/codec.ts';
import type { Escalation } from '../protocol/escalation.ts';
import type { HandoffChange } from '../protocol/handoff.ts';
import type { Project } from '../protocol/project.ts';
import { firstPaths } from '../protocol/remark.ts';
import type { Order } from '../protocol/session.ts';
import {
  beforeFile,
  changesFile,
  manifestFile,
  readChanges,
  readManifest,
  readTree,
} from '../protocol/sessionrecord.ts';
import { unread, type FileChange } from '../protocol/touch.ts';
import { clearForged, recordAfter } from './audit.ts';

/** The session's own texts of files that could not be brought back, below its folder. */
const keptDir = 'kept';

/** The copy that a session works in, as its manifest says; null for one that works in the project. */
async function copyOf(folder: string): Promise<string | null> {
  return readManifest(await sessionText(folder, manifestFile))?.isolated ?? null;
}

/** What is on record of a session that ended: nothing is brought back twice. */
async function isRecorded(folder: string): Promise<boolean> {
  return (await sessionText(folder, changesFile)) !== null;
}

/**
 * Brings back what a session left, takes down what it changed, and clears its copy away, in this order. `isReplay`: it had
 * ended while nobody followed it. Gives whether a person is then known to have saved the handoff since.
 */
export async function takeIn(
  project: Project,
  session: {
    readonly folder: string;
    readonly order: Order;
    readonly memory: TreeMemory;
    /** Names of records that the session changed. */
    readonly rewritten: readonly string[];
    readonly isReplay: boolean;
  },
  tell: (text: string) => void,
): Promise<boolean> {
  const { folder, order, memory, rewritten, isReplay } = session;
  await clearForged(folder, { isReplay });
  const since = await savedSince(project, folder);
  const back = await bringBack(project, folder, order, memory);
  for (const text of back.told) tell(text);
  await recordAfter(project.root, folder, memory, { unread: back.unread, rewritten });
  try {
    await clearCopy(folder);
  } catch (error) {
    tell(`The copy that ${order.role} worked in could not be removed: ${explain(error)}`);
  }
  return isReplay && (back.isAnswered ?? since);
}

/**
 * Whether somebody has saved the handoff since a session ended, as far as its folder tells. What an isolated one left was put
 * there by an earlier runner, and then the changes were taken down.
 */
async function savedSince({ handoff }: Project, folder: string): Promise<boolean> {
  return isYounger(handoff, `${folder}/${(await copyOf(folder)) === null ? 'exit' : changesFile}`);
}

/** Whether all that a session left could be read, and stands on record. */
async function isTakenIn(folder: string): Promise<boolean> {
  const text = await sessionText(folder, changesFile);
  return text !== null && (readChanges(text)?.unread ?? []).length === 0;
}

/** Clears a session's copy away, once what it left is in the project and on record, so that a power cut leaves one of them. */
export async function clearCopy(folder: string): Promise<void> {
  const copy = await copyOf(folder);
  if (copy === null || !(await isTakenIn(folder))) return;
  await keepFile(folder, changesFile);
  await removeCopy(copy);
}

/**
 * Folders of copies that hold nothing the project lacks: what their sessions left is on record as brought back; while
 * nobody runs the project also those in which no session began, and those whose session is not on disk any more: nothing
 * tells what in them is new. Others are left for a person to look at.
 */
export async function emptiedCopies(
  project: Project,
  { isIdle }: { readonly isIdle: boolean },
): Promise<readonly string[]> {
  const copies = await listCopies(project.root);
  const empty = await Promise.all(
    copies.map(async ({ session }) => {
      const folder = `${project.own}/sessions/${session}`;
      return (await isTakenIn(folder)) || (isIdle && (!isThere(folder) || readClaim(folder) === null));
    }),
  );
  return copies.filter((_, at) => empty[at]).map(({ folder }) => folder);
}

/** What became of what a session left. */
export type Back = {
  /** What a person should know, as sentences. */
  readonly told: readonly string[];
  /** Files and folders of the copy that could not be read: they are still there, and there alone. */
  readonly unread: readonly string[];
  /** Whether an answer that is none of the session's stood there already beside a question; null where that is not known. */
  readonly isAnswered: boolean | null;
};

/** Brings back what a session left. */
export async function bringBack(
  project: Project,
  folder: string,
  order: Order,
  memory: TreeMemory,
): Promise<Back> {
  const manifest = readManifest(await sessionText(folder, manifestFile));
  const before = readTree(await sessionText(folder, beforeFile));
  if (manifest === null || manifest.isolated === null || before === null) return nothing;
  if (await isRecorded(folder)) return nothing;
  const copy = manifest.isolated;
  if (!isThere(copy))
    return {
      ...nothing,
      told: [`The copy "${copy}" that ${order.role} worked in is gone, with what it left there.`],
    };
  const isAnswered = await hasOtherAnswer(project, copy);
  const after = await lookAtTree(copy, memory);
  const closed = after.unread ?? [];
  const changes = changesBetween(before, after).filter((change) => change.after !== unread);
  const own = changes.filter(({ path }) => path !== manifest.handoff && mayWrite(manifest, path));
  const edited: string[] = [];
  const told: string[] = closed.length === 0 ? [] : [untold(order, copy, closed)];
  for (const change of own) {
    const became = await takeOver(project.root, copy, change);
    if (became === 'taken') continue;
    await keepAside(copy, `${folder}/${keptDir}`, change.path);
    if (became === 'edited') edited.push(change.path);
    const why =
      became === 'edited' ? `was edited while ${order.role} worked` : 'is no text file of the project';
    told.push(`"${change.path}" ${why}: what the session left is kept in "${folder}/${keptDir}/".`);
  }
  const header = changes.find(({ path }) => path === manifest.handoff) ?? null;
  const question =
    edited.length === 0 || order.kind === 'opinion' ? null : questionOf(project, folder, order, edited);
  if (question !== null) told.push(...(await askInstead(project, order, question)));
  else if (header !== null) told.push(...(await handBack({ project, copy, folder, order }, header)));
  return { told, unread: closed, isAnswered };
}

const nothing: Back = { told: [], unread: [], isAnswered: null };

function untold({ role }: Order, copy: string, closed: readonly string[]): string {
  return `${firstPaths(closed)} could not be read in the copy "${copy}" that ${role} worked in. Nothing of it was brought back, and the copy is kept: let this user read it, take what you want from it, and remove the copy.`;
}

/** Whether a question that an earlier runner brought here has an answer that is not in the copy: a person's. */
async function hasOtherAnswer({ handoff, handoffName }: Project, copy: string): Promise<boolean> {
  const [here, there] = await Promise.all([readText(handoff), readText(`${copy}/${handoffName}`)]);
  const now = here === null ? null : decode(here.text).handoff;
  if (now === null || now.status !== 'ESCALATE' || now.answer === null) return false;
  return now.answer !== (there === null ? null : (decode(there.text).handoff?.answer ?? null));
}

function questionOf(project: Project, folder: string, order: Order, kept: readonly string[]): Escalation {
  const names = kept.map((path) => `"${path}"`).join(', ');
  const place = `${folder.slice(project.root.length + 1)}/${keptDir}/`;
  return {
    id: null,
    question: `Somebody edited ${names} while ${order.role} worked in its copy. Which text shall it go on from?`,
    options: [
      { letter: 'A', do: 'The text that stands there now', then: `${order.role} works again, on top of it` },
      {
        letter: 'B',
        do: `I put both together first; the session's text is in ${place}`,
        then: `${order.role} works again, on top of what I saved`,
      },
    ],
    recommended: 'A',
    default: null,
    deadline: null,
    diagnostic: null,
  };
}

type Place = {
  readonly project: Project;
  readonly copy: string;
  readonly folder: string;
  readonly order: Order;
};

/** The handoff as the session left it; where a person has edited it meanwhile, what the session proposes in that text. */
async function handBack(
  { project, copy, folder, order }: Place,
  change: FileChange,
): Promise<readonly string[]> {
  const left = change.after === null ? null : await readText(`${copy}/${project.handoffName}`);
  const now = await readText(project.handoff);
  if (left === null || now === null || now.digest === left.digest) return [];
  if (now.digest === change.before && (await swapText(project.handoff, now.digest, left.text))) return [];
  const proposed = decode(left.text).handoff;
  const wanted = proposed && { 'next-role': proposed.roleText, status: proposed.statusText };
  if (wanted !== null && (await put(project, order, wanted, proposed?.escalation ?? null))) return [];
  await keepAside(copy, `${folder}/${keptDir}`, project.handoffName);
  return [
    `"${project.handoffName}" was edited while ${order.role} worked, and that edit counts; what the session left of it is kept in "${folder}/${keptDir}/".`,
  ];
}

/** What the session proposed would be about a text that is not there: the human is asked, in its place. */
async function askInstead(project: Project, order: Order, question: Escalation): Promise<readonly string[]> {
  const change = { 'next-role': order.role, status: 'ESCALATE' };
  if (await put(project, order, change, question)) return [];
  return [`"${project.handoffName}" was edited while ${order.role} worked, and that edit counts.`];
}

/** Changes keys of the handoff while it is this order's; once a person has written another status, that person decides. */
async function put(
  project: Project,
  order: Order,
  change: HandoffChange,
  escalation: Escalation | null,
): Promise<boolean> {
  const now = await readText(project.handoff);
  const current = now === null ? null : decode(now.text).handoff;
  if (now === null || current === null) return false;
  if (escalation !== null && current.escalation?.question === escalation.question) return true;
  if (current.status !== 'WORKING' || current.dispatch !== order.id) return false;
  const edited = edit(now.text, change, escalation);
  return edited.ok && (await swapText(project.handoff, now.digest, edited.text));
}
