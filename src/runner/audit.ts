/**
 * The audit of sessions: takes down what stands on disk before and after each, and gathers the facts that domain/audit.ts
 * judges, from the session's own folder. So the gate, a restarted runner and `next-role audit` see the same.
 *
 * What a role did outside its brief stays found while it stands: a session that follows in the same role, to mend or to
 * try again, is audited together with those before it, up to the last session of another role.
 */
import { agentOf } from '../agents/index.ts';
import { touchesIn } from '../agents/touch.ts';
import { audit, gather } from '../domain/audit.ts';
import { firstReviewer, secondReviewer } from '../domain/companion.ts';
import { isThere } from '../effects/copies.ts';
import { digestText } from '../effects/files.ts';
import { sessionFolder } from '../effects/sessionfolder.ts';
import {
  dropRecord,
  eachLine,
  keepRecord,
  realTarget,
  restoreRecords,
  sessionNames,
  sessionText,
} from '../effects/sessionrecord.ts';
import { changesBetween, digests, lookAtTree, type Tree, type TreeMemory } from '../effects/tree.ts';
import { isHidden } from '../protocol/access.ts';
import { isConfiguration } from '../protocol/artifact.ts';
import { noFacts } from '../protocol/agentfacts.ts';
import type { Finding } from '../protocol/finding.ts';
import type { AgentKind, Policy } from '../protocol/policy.ts';
import type { Brief } from '../protocol/session.ts';
import {
  beforeFile,
  changesFile,
  manifestFile,
  readChanges,
  readManifest,
  readTree,
  type Changes,
  type SealedManifest,
  type TreeRecord,
} from '../protocol/sessionrecord.ts';
import type { FileChange, Touch, TouchMark } from '../protocol/touch.ts';

/** Hidden files that a manifest names; more are covered by the patterns alone. */
const hiddenFilesMax = 2_000;
/** Sessions of one role in a row that are looked at together: the caps allow fewer. */
const chainMax = 50;

/** The records of a session that is about to start, by file name: its sealed manifest, and the tree as it is now. */
export async function recordsBefore(
  { root, copy, start }: { readonly root: string; readonly copy: string | null; readonly start?: string },
  brief: Brief,
  memory: TreeMemory,
): Promise<Readonly<Record<string, string>>> {
  const whole = await lookAtTree(root, memory);
  const tree = copy === null ? whole : await lookAtTree(copy, memory);
  const sealed: SealedManifest = {
    ...brief.manifest,
    systemSha256: digestText(brief.system),
    promptSha256: digestText(brief.prompt),
    hiddenFiles: Object.keys(whole.files)
      .filter((path) => isHidden(brief.manifest, path))
      .slice(0, hiddenFilesMax),
    isolated: copy,
    start,
    ...(copy === null ? {} : { configuration: configurationIn(whole) }),
  };
  return { [manifestFile]: `${JSON.stringify(sealed, null, 2)}\n`, [beforeFile]: JSON.stringify(tree) };
}

/** Puts the records of a session that has ended back as they were when it began; gives the names of those it changed. */
export function sealRecords(
  folder: string,
  records: Readonly<Record<string, string>> | undefined,
): Promise<readonly string[]> {
  // One that another runner started is on record as it is found.
  return records === undefined ? Promise.resolve([]) : restoreRecords(folder, records, changesFile);
}

/**
 * Clears away what a session put in the place of the record of its changes, so that ours can be written: whatever is there
 * when its end was seen here, and later what is no such record.
 */
export async function clearForged(
  folder: string,
  { isReplay }: { readonly isReplay: boolean },
): Promise<void> {
  if (isReplay && readChanges(await sessionText(folder, changesFile)) !== null) return;
  await dropRecord(folder, changesFile);
}

/**
 * Takes down what a session that has ended changed. Done twice is done once. `unread` is what could not be read when what
 * it left was brought back: a later look that can read it does not make up for that. `rewritten` are records it changed.
 */
export async function recordAfter(
  root: string,
  folder: string,
  memory: TreeMemory,
  known: { readonly unread?: readonly string[]; readonly rewritten?: readonly string[] } = {},
): Promise<void> {
  if ((await sessionText(folder, changesFile)) !== null) return;
  const before = readTree(await sessionText(folder, beforeFile));
  if (before === null) return;
  const manifest = readManifest(await sessionText(folder, manifestFile));
  const at = manifest?.isolated ?? root;
  // A copy that is gone tells nothing of what was changed in it.
  const after: Tree = isThere(at) ? await lookAtTree(at, memory) : { ...before, whole: false };
  const unread = [
    ...new Set([...(before.unread ?? []), ...(after.unread ?? []), ...(known.unread ?? [])]),
  ].sort();
  const { rewritten = [] } = known;
  const configured = manifest?.configuration;
  const project = configured === undefined ? [] : await changedConfiguration(root, configured, memory);
  const record: Changes = {
    files: changesBetween(before, after),
    whole: before.whole && after.whole,
    ...(unread.length === 0 ? {} : { unread }),
    ...(rewritten.length === 0 ? {} : { rewritten }),
    ...(project.length === 0 ? {} : { project }),
  };
  await keepRecord(folder, changesFile, `${JSON.stringify(record)}\n`);
}

function configurationIn({ files }: Tree): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(files).filter(([path]) => isConfiguration(path)));
}

/** What differs in what a project is configured by. */
async function changedConfiguration(
  root: string,
  before: Readonly<Record<string, string>>,
  memory: TreeMemory,
): Promise<readonly FileChange[]> {
  const now = configurationIn(await lookAtTree(root, memory));
  return changesBetween({ files: before, whole: true }, { files: now, whole: true });
}

/** One session with everything that is known of it. */
export type Audited = {
  /** Name of its folder. */
  readonly session: string;
  readonly manifest: SealedManifest;
  readonly touches: readonly Touch[];
  /** Null when the session has not ended, or was run before changes were taken down. */
  readonly changes: Changes | null;
  readonly findings: readonly Finding[];
  /** What it changed where it worked, together with the sessions of its role before it. */
  readonly left: readonly FileChange[];
  /** The same of the project's configuration, for one that worked in a copy. */
  readonly past: readonly FileChange[];
  /** Whether the stream was short enough to be read to its end. */
  readonly isWhole: boolean;
};

type Seen = Omit<Audited, 'findings' | 'left' | 'past'> & { readonly before: TreeRecord | null };

/** Everything the sessions of a round touched, in their order, each with what is found against it. */
export async function auditRound(place: AuditPlace, round: string): Promise<readonly Audited[]> {
  const seen: Seen[] = [];
  // One after the other: streams may be large.
  for (const each of await sessionsOf(place, round)) seen.push(await seenOf(place, each));
  return seen.map((session, at) => audited(place, session, chainBefore(seen, at)));
}

function audited(place: AuditPlace, session: Seen, earlier: readonly Seen[]): Audited {
  const { before: _before, ...known } = session;
  const left = changedBy(session, earlier, {
    of: ({ changes }) => changes?.files ?? [],
    before: session.before,
  });
  const past = changedBy(session, earlier, {
    of: ({ changes }) => changes?.project ?? [],
    before: { files: session.manifest.configuration ?? {}, whole: true },
  });
  return { ...known, left, past, findings: findingsOf(place, session, { earlier, left, past }) };
}

/** The audit of one session; null when it has no manifest. */
export async function auditOrder(place: AuditPlace, round: string, order: string): Promise<Audited | null> {
  const listed = await sessionsOf(place, round);
  const at = listed.findIndex(({ manifest }) => manifest.order === order);
  const found = listed[at];
  if (found === undefined) return null;
  const own = await seenOf(place, found);
  return audited(place, own, await Promise.all(chainBefore(listed, at).map((each) => seenOf(place, each))));
}

/** The order of the last session of a role in a round; null when it had none. */
export async function lastOrderOf(
  place: AuditPlace & { readonly round: string },
  role: string,
): Promise<string | null> {
  const listed = await sessionsOf(place, place.round);
  return listed.findLast(({ manifest }) => manifest.role === role)?.manifest.order ?? null;
}

/** The tree that the last session of a round which was given one is compared with, and its order; null without one. */
export async function startOf(
  sessions: string,
  round: string,
): Promise<{ readonly order: string; readonly start: string } | null> {
  const last = (await sessionsOf({ sessions }, round)).findLast(
    ({ manifest }) => manifest.start !== undefined,
  );
  const start = last?.manifest.start;
  return last === undefined || start === undefined ? null : { order: last.manifest.order, start };
}

/** Where sessions are, and what agents the project has. */
export type AuditPlace = {
  readonly root: string;
  readonly sessions: string;
  readonly policy: Pick<Policy, 'agents'>;
};

type Listed = { readonly session: string; readonly manifest: SealedManifest };

/** The sessions of a round that have a manifest, in their order. */
async function sessionsOf(place: Pick<AuditPlace, 'sessions'>, round: string): Promise<readonly Listed[]> {
  const start = sessionFolder(place.sessions, `${round}.`).slice(place.sessions.length + 1);
  const names = (await sessionNames(place.sessions)).filter((name) => name.startsWith(start));
  const manifests = await Promise.all(
    names.map(async (session) => ({
      session,
      manifest: readManifest(await sessionText(`${place.sessions}/${session}`, manifestFile)),
    })),
  );
  return manifests
    .flatMap(({ session, manifest }) => (manifest?.round === round ? [{ session, manifest }] : []))
    .sort((a, b) => nthOf(a.manifest) - nthOf(b.manifest) || (a.session < b.session ? -1 : 1));
}

/** `<round>.<n>-<role>-<time>`: the n. */
function nthOf({ order, round }: SealedManifest): number {
  return Number.parseInt(order.slice(round.length + 1), 10) || 0;
}

async function seenOf(place: AuditPlace, { session, manifest }: Listed): Promise<Seen> {
  const folder = `${place.sessions}/${session}`;
  const agent = agentOf(kindOf(place, manifest));
  const facts = place.policy.agents[manifest.agent]?.facts ?? noFacts;
  const marks: TouchMark[] = [];
  const isWhole = await eachLine(folder, (line) => void marks.push(...touchesIn(agent, line, facts)));
  const root = manifest.isolated ?? place.root;
  const touches = await Promise.all(
    gather(marks).map(async (touch) =>
      touch.target === null || touch.verb === 'run' || touch.verb === 'other'
        ? touch
        : { ...touch, target: await realTarget(root, touch.target) },
    ),
  );
  const changes = readChanges(await sessionText(folder, changesFile));
  const before = readTree(await sessionText(folder, beforeFile));
  return { session, manifest, touches, changes, isWhole, before };
}

function kindOf(place: AuditPlace, manifest: SealedManifest): AgentKind {
  return place.policy.agents[manifest.agent]?.kind ?? 'command';
}

/** Work at one review: neither parts the sessions of the other. */
const together: readonly string[] = [firstReviewer, secondReviewer];

/** The sessions of the same role directly before one, newest first. */
function chainBefore<Session extends Listed>(seen: readonly Session[], at: number): readonly Session[] {
  const role = seen[at]?.manifest.role ?? '';
  const isBeside = (other: string): boolean => together.includes(role) && together.includes(other);
  const chain: Session[] = [];
  for (const session of seen.slice(0, at).reverse()) {
    const other = session.manifest.role;
    if (chain.length >= chainMax || (other !== role && !isBeside(other))) break;
    if (other === role) chain.push(session);
  }
  return chain;
}

/** What a session and those of its role before it changed together; `before` is how it found that. */
function changedBy(
  session: Seen,
  earlier: readonly Seen[],
  look: {
    readonly of: (each: Seen) => readonly FileChange[];
    readonly before: TreeRecord | null;
  },
): readonly FileChange[] {
  // What an earlier session left, and somebody else changed before this one began, is not its doing any more.
  const stillStood = ({ path, after }: FileChange): boolean =>
    look.before === null || digests(look.before)(path) === after;
  const own = look.of(session);
  const before = netChanges(earlier.map(look.of));
  return netChanges([
    own,
    before.filter((change) => own.some(({ path }) => path === change.path) || stillStood(change)),
  ]);
}

function findingsOf(
  place: AuditPlace,
  session: Seen,
  { earlier, left, past }: Pick<Audited, 'left' | 'past'> & { readonly earlier: readonly Seen[] },
): readonly Finding[] {
  const { manifest } = session;
  return audit({
    access: manifest,
    given: earlier.at(-1)?.manifest ?? manifest,
    hiddenFiles: manifest.hiddenFiles,
    roots: manifest.isolated === null ? [place.root] : [manifest.isolated, place.root],
    touches: [...session.touches, ...earlier.flatMap(({ touches }) => touches.map(asWrite))],
    changes: left,
    past,
    rewritten: (session.changes?.rewritten ?? []).map((name) => recordPath(place, session.session, name)),
    observed: kindOf(place, manifest) !== 'command',
    isolated: manifest.isolated !== null,
  });
}

/** Where a record of a session is, for people. */
export function recordPath(place: AuditPlace, session: string, name: string): string {
  return `${place.sessions.slice(place.root.length + 1)}/${session}/${name}`;
}

/** Of an earlier session only what it may have written counts: what it opened, the one after it has not. */
function asWrite(touch: Touch): Touch {
  return touch.verb === 'write'
    ? touch
    : { ...touch, verb: touch.verb === 'run' ? 'other' : touch.verb, target: null };
}

/**
 * What several sessions in a row, newest first, changed together: a file that was put back is not changed, and one that
 * somebody else wrote between two of them counts from there.
 *
 * @example netChanges([[{ path: 'a', before: 'y', after: 'x' }], [{ path: 'a', before: 'x', after: 'y' }]]) // []
 */
export function netChanges(newestFirst: readonly (readonly FileChange[])[]): readonly FileChange[] {
  const net = new Map<string, FileChange>();
  for (const change of newestFirst.flat()) {
    const later = net.get(change.path);
    if (later === undefined) net.set(change.path, change);
    else if (later.before === change.after) net.set(change.path, { ...later, before: change.before });
  }
  return [...net.values()].filter(({ before, after }) => before !== after);
}
