/**
 * Opens a project for running: takes the lock, reads the policy, loads the journal's last record. What it finds wrong
 * is told and ends the run before anything is touched.
 */
import { initialState, restore, type MachineState } from '../domain/machine.ts';
import { catalogStamp, readCatalog, type CatalogReading } from '../effects/catalog.ts';
import { digestText, explain } from '../effects/files.ts';
import { ensureIgnored } from '../effects/git.ts';
import { openJournal } from '../effects/journal.ts';
import { acquire, type Acquired } from '../effects/lock.ts';
import { openLog, type Log } from '../effects/log.ts';
import { policyInForce } from '../effects/segments.ts';
import { keepPolicy, policyStamp } from '../effects/policykept.ts';
import { settingsPath } from '../protocol/artifact.ts';
import { isError } from '../protocol/diagnostic.ts';
import { JournalDamaged, type Loaded, type Store } from '../protocol/journal.ts';
import type { Unstamped } from '../protocol/notice.ts';
import type { Policy } from '../protocol/policy.ts';
import type { PriceSheet } from '../protocol/prices.ts';
import { journalPath, type Project } from '../protocol/project.ts';
import { runningLedger, type RunningLedger } from './ledger.ts';
import { clearTemporary } from './repair.ts';
import { missingAgents } from './startable.ts';

/** A project in our hands. `state` moves, and `policy` with its POLICY events; everything else is fixed for this run. */
export type OpenRound = {
  readonly project: Project;
  policy: Policy;
  /** In force now; read again together with the policy's files. */
  prices: PriceSheet;
  readonly policyChanged: boolean;
  /** Whether this run is one conversation: see the policy's key of that name. */
  readonly oneThread: boolean;
  /** Of the files behind the policy, to see that one was edited. */
  stamp: string;
  /** That stamp as a session left it: what the files say then does not count. */
  held: string | null;
  readonly store: Store;
  readonly ledger: RunningLedger;
  readonly log: Log;
  state: MachineState;
  /** Remarks on the handoff that were told already. */
  told: readonly string[];
  close(): Promise<void>;
};

export type Opened =
  | { readonly type: 'open'; readonly round: OpenRound }
  | { readonly type: 'taken'; readonly message: string }
  | { readonly type: 'misconfigured' }
  | { readonly type: 'unusable'; readonly message: string };

type OpenOptions = {
  readonly say: (notice: Unstamped) => void;
  readonly now: () => number;
  readonly oneThread?: boolean;
};

/** The policy of the project's files, as one thread where the run asks for that: then no role works apart. */
export async function readPolicy(project: Project, oneThread: boolean): Promise<CatalogReading> {
  const reading = await readCatalog(project.root);
  if (!oneThread) return reading;
  const digest = digestText(`${reading.policy.digest} one thread`);
  return { ...reading, policy: { ...reading.policy, digest, isolation: 'none', oneThread: true } };
}

export async function openRound(project: Project, options: OpenOptions): Promise<Opened> {
  const lock = await takeLock(project);
  if (lock.type !== 'held') return lock;
  const opened = await orUnusable(() => openHeld(project, options));
  if (opened.type !== 'open') {
    await lock.release();
    return opened;
  }
  const { round, keep } = opened;
  // Not before the first session has been started: nobody waits for it.
  const keeper = setTimeout(keep, keepAfterMs);
  const close = async (): Promise<void> => {
    clearTimeout(keeper);
    keep();
    round.store.close();
    round.log.close();
    try {
      await lock.release();
    } catch (error) {
      // The lock itself is free; what is left of its file is nobody's, and must not hide why the run ended.
      const text = `The lock's file could not be removed: ${explain(error)}`;
      options.say({ type: 'remark', level: 'warning', text });
    }
  };
  return { type: 'open', round: { ...round, close } };
}

const keepAfterMs = 500;

type Unusable = { readonly type: 'unusable'; readonly message: string };

async function takeLock(project: Project): Promise<Acquired | Unusable> {
  return orUnusable(async () => {
    await ensureIgnored(project.root);
    return acquire(project.root);
  });
}

/** A project whose own folder cannot be written to is told in a sentence; nothing was touched yet. */
async function orUnusable<T>(open: () => Promise<T>): Promise<T | Unusable> {
  try {
    return await open();
  } catch (error) {
    return { type: 'unusable', message: explain(error) };
  }
}

/** `keep` puts the policy where those who only look find it. */
type Held = { readonly type: 'open'; readonly round: Omit<OpenRound, 'close'>; readonly keep: () => void };

async function openHeld(
  project: Project,
  { say, oneThread = false }: OpenOptions,
): Promise<Exclude<Opened, { type: 'taken' | 'open' }> | Held> {
  const stamp = catalogStamp(project.root);
  const lookedAt = policyStamp(project.root);
  const { policy: written, prices, problems } = await readPolicy(project, oneThread);
  const keep = (): void => {
    // Who looks knows nothing of a run that was told to work otherwise than its files say.
    if (problems.length === 0 && !oneThread) keepPolicy(project, lookedAt, written);
  };
  for (const { file, diagnostics } of problems) say({ type: 'problem', file, diagnostics });
  if (problems.some(({ diagnostics }) => diagnostics.some(isError))) return { type: 'misconfigured' };
  const missing = await missingAgents(project, written);
  if (missing.length > 0) {
    say({ type: 'problem', file: settingsPath, diagnostics: missing });
    return { type: 'misconfigured' };
  }
  const onTrouble = (text: string): void => say({ type: 'remark', level: 'warning', text });
  const store = openJournal(journalPath(project), { onTrouble });
  const loaded = loadOrDamaged(store);
  if (loaded instanceof JournalDamaged) {
    store.close();
    return { type: 'unusable', message: loaded.message };
  }
  const uncleared = clearTemporary(project);
  if (uncleared !== null) onTrouble(uncleared);
  const state = stateOf(loaded, say);
  const ledger = runningLedger(project, loaded.last === null);
  const log = await openLog(project.root, { onTrouble });
  const before = state.context.policy === written.digest ? null : inForce(project, state);
  // Files that were edited are looked at again, like any edit, once it is known whose edit it was.
  const policy = before ?? written;
  const policyChanged = state.context.policy !== policy.digest;
  const read = { policy, prices, policyChanged, oneThread, stamp: before === null ? stamp : '', held: null };
  return { type: 'open', round: { project, ...read, store, ledger, log, state, told: [] }, keep };
}

/** The policy that the round went by when its last runner ended; null when it had none. */
function inForce(project: Project, { context }: MachineState): Policy | null {
  if (context.policy === null || context.round === null) return null;
  const policy = policyInForce(journalPath(project));
  return policy?.digest === context.policy ? policy : null;
}

function loadOrDamaged(store: Store): Loaded | JournalDamaged {
  try {
    return store.load();
  } catch (error) {
    if (error instanceof JournalDamaged) return error;
    throw error;
  }
}

function stateOf(loaded: Loaded, say: (notice: Unstamped) => void): MachineState {
  if (loaded.torn !== null) {
    const text = `The last journal line was torn (${loaded.torn.bytes} bytes) and is kept in "${loaded.torn.path}"`;
    say({ type: 'remark', level: 'warning', text });
  }
  if (loaded.last === null) return initialState();
  const state = restore(loaded.last.state);
  if (state !== null) return state;
  const text = `The journal was written by version ${loaded.last.state.version} of the machine; the round starts from NEXT-ROLE.md`;
  say({ type: 'remark', level: 'warning', text });
  return initialState();
}
