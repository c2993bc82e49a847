/**
 * Says "look again" when one of a few files may have changed, and nothing more: no content, no promise that anything
 * did change. Chokidar's events are only the fast path: they get lost when two writes come close together, when a folder
 * is swapped, when watches run out. What never fails is a `stat` of each file twice a second, and a hint every two
 * seconds whatever the `stat` says, so that a caller who reads at each hint ends with the content that is there. While
 * events come, files at rest are looked at more and more rarely, down to every 8 and 16 seconds: see `paced`. It never
 * reads a file, and never goes silent: when events stop, it goes on by polling and says why.
 */
import { type BigIntStats, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { FSWatcher } from 'chokidar';
import { errorCode, explain } from './files.ts';
import { networkReason } from './mount.ts';
import type { Pacing } from './settle.ts';
import { createSettler } from './settle.ts';

export type WatchMode = 'events' | 'polling';

/** How patiently and how often to look; all in milliseconds. */
export type WatchOptions = Partial<Pacing> & {
  /** Between two looks at inode, size and times of each file and its folder; see `paced`. */
  readonly statEveryMs?: number;
  /** Between two hints that are given without any sign of a change; see `paced`. */
  readonly rereadEveryMs?: number;
  /** Whether the caller looks at more than these files at a hint, so that hints must not become rarer just now. */
  readonly isAlert?: () => boolean;
  /** Whether it begins at rest; see `Watch.rest`. */
  readonly resting?: boolean;
  /** Called when events stop and polling takes over. */
  readonly onModeChange?: (mode: WatchMode, reason: string | null) => void;
};

/** `mode` and `reason` say how it stands now; `close()` leaves no handle and no timer behind. */
export type Watch = {
  readonly mode: WatchMode;
  readonly reason: string | null;
  /**
   * While somebody of ours writes to the files, events are not wanted: each costs a look through the whole folder. The
   * `stat` twice a second goes on. Asked for twice is asked for once.
   */
  rest(isResting: boolean): void;
  close(): Promise<void>;
};

const defaults = { settleMs: 30, secondLookMs: 90, statEveryMs: 500, rereadEveryMs: 2000 };
/** Chokidar is not waited for longer: without free watches it may never become ready. */
const readyMs = 2000;
/** Looks become rarer with the time that nothing has happened: their period is at most this part of it. */
const quietPart = 1 / 4;
/** How often each period is doubled at most. */
const doublings = { stat: 4, reread: 3 };

/**
 * The time until the next look at files that nothing has happened to for `quietMs` although events come: the period, doubled
 * while it stays a quarter of that time. So a lost event of a project in use is found as quickly as ever, and one of
 * a project that rests within a quarter of its rest. Doubled, so that a thousand projects share a few timers.
 *
 * @example paced(500, { quietMs: 10_000, doublingsMax: 4 }) // 2000
 */
export function paced(
  everyMs: number,
  { quietMs, doublingsMax }: { readonly quietMs: number; readonly doublingsMax: number },
): number {
  let period = everyMs;
  for (let done = 0; done < doublingsMax && 2 * period <= quietMs * quietPart; done += 1) period *= 2;
  return period;
}

/**
 * Calls `onHint(path)`, with the path as it was given, whenever that file may have changed. Files and folders may be
 * missing at first, and may be replaced in any way. Resolves when the watching has begun.
 *
 * @example
 * const watch = await watchFiles([handoff], () => void read(handoff));
 * watch.mode; // 'events', or 'polling' with a reason
 * await watch.close();
 */
export async function watchFiles(
  paths: readonly string[],
  onHint: (path: string) => void,
  options: WatchOptions = {},
): Promise<Watch> {
  const { statEveryMs, rereadEveryMs, settleMs, secondLookMs } = { ...defaults, ...options };
  const settler = createSettler({ settleMs, secondLookMs }, onHint);
  const folders = groupByFolder(paths);
  let reason = await networkReason(folders.map(({ path }) => path));
  const isRemote = reason !== null;
  let closed = false;
  let resting = options.resting ?? false;
  let quietSince = performance.now();
  let ticker: NodeJS.Timeout | undefined;
  let rereader: NodeJS.Timeout | undefined;

  /** How long to wait for the next look: longer at rest, as long as events can tell of its end. */
  const pause = (everyMs: number, doublingsMax: number): number => {
    const isCovered =
      reason === null && !resting && folders.every(({ watcher, stale }) => watcher !== null && !stale);
    if (!isCovered || options.isAlert?.() === true) return everyMs;
    return paced(everyMs, { quietMs: performance.now() - quietSince, doublingsMax });
  };
  const events: Events = {
    touch: (path) => {
      if (closed) return;
      stir();
      settler.touch(path);
    },
    stir,
    fail: (why) => {
      if (reason !== null || closed) return;
      reason = why;
      stir();
      options.onModeChange?.('polling', why);
    },
  };
  const look = async (): Promise<void> => {
    for (const folder of folders) {
      for (const path of await whatChanged(folder, isRemote)) events.touch(path);
      if (closed || !(await tune(folder, reason === null && !resting, events))) continue;
      // What was saved while the events were being opened came too early for them.
      for (const path of await whatChanged(folder, isRemote)) events.touch(path);
    }
  };

  // What is there now is the caller's to read; only what differs from it later is worth a hint.
  for (const folder of folders) await whatChanged(folder, isRemote);
  await look();
  let looking = Promise.resolve();
  ticker = setTimeout(tick, statEveryMs);
  rereader = setTimeout(reread, rereadEveryMs);
  /** One look at a time, and the next one a while after it. */
  function tick(): void {
    clearTimeout(ticker);
    looking = looking.then(look).then(() => {
      clearTimeout(ticker);
      if (!closed) ticker = setTimeout(tick, pause(statEveryMs, doublings.stat));
    });
  }
  function reread(): void {
    rereader = setTimeout(reread, pause(rereadEveryMs, doublings.reread));
    for (const path of paths) onHint(path);
  }
  /** Something happens: the clocks run as fast as they can, also those that were set during a long rest. */
  function stir(): void {
    const quietMs = performance.now() - quietSince;
    quietSince += quietMs;
    const shortestMs = Math.min(statEveryMs, rereadEveryMs);
    if (closed || ticker === undefined || paced(shortestMs, { quietMs, doublingsMax: 1 }) === shortestMs)
      return;
    clearTimeout(ticker);
    ticker = setTimeout(tick, statEveryMs);
    clearTimeout(rereader);
    rereader = setTimeout(reread, rereadEveryMs);
  }

  return {
    get mode() {
      return reason === null ? 'events' : 'polling';
    },
    get reason() {
      return reason;
    },
    rest(isResting) {
      if (resting === isResting || closed) return;
      resting = isResting;
      stir();
      tick();
    },
    async close() {
      closed = true;
      clearTimeout(ticker);
      clearTimeout(rereader);
      await looking;
      settler.close();
      await Promise.all(folders.map(closeEvents));
    },
  };
}

type Events = {
  readonly touch: (path: string) => void;
  /** Something happened that is no change of a file. */
  readonly stir: () => void;
  readonly fail: (why: string) => void;
};

type Folder = {
  readonly path: string;
  /** By file name: the path as the caller gave it. */
  readonly files: ReadonlyMap<string, string>;
  /** By file name: what `stat` said last. */
  readonly signatures: Map<string, string>;
  identity: string | null;
  /** Whether the events, if any, come from a folder that is no longer the right one, or that was moved. */
  stale: boolean;
  watcher: FSWatcher | null;
};

function groupByFolder(paths: readonly string[]): readonly Folder[] {
  const folders = new Map<string, Map<string, string>>();
  for (const path of paths) {
    const folder = dirname(resolve(path));
    folders.set(folder, (folders.get(folder) ?? new Map<string, string>()).set(basename(path), path));
  }
  return [...folders].map(([path, files]) => ({
    path,
    files,
    signatures: new Map<string, string>(),
    identity: null,
    stale: true,
    watcher: null,
  }));
}

/** The paths whose file is another one than at the last look. */
async function whatChanged(folder: Folder, isRemote: boolean): Promise<readonly string[]> {
  const identity = isRemote
    ? await farSignature(folder.path, 'identity')
    : signature(folder.path, 'identity');
  if (identity !== folder.identity) folder.stale = true;
  folder.identity = identity;
  const changed: string[] = [];
  for (const [name, path] of folder.files) {
    const file = resolve(folder.path, name);
    const now = isRemote ? await farSignature(file, 'content') : signature(file, 'content');
    if (now === folder.signatures.get(name)) continue;
    folder.signatures.set(name, now);
    changed.push(path);
  }
  return changed;
}

type Of = 'identity' | 'content';

/**
 * Nanosecond times, because two saves within a millisecond can have the same size. An error is a state like another.
 * Synchronous, because a thousand projects are looked at.
 */
function signature(path: string, of: Of): string {
  try {
    return signed(statSync(path, { bigint: true }), of);
  } catch (error) {
    return errorCode(error);
  }
}

/** A server that does not answer must hold up nobody else. */
async function farSignature(path: string, of: Of): Promise<string> {
  try {
    return signed(await stat(path, { bigint: true }), of);
  } catch (error) {
    return errorCode(error);
  }
}

function signed({ dev, ino, size, mtimeNs, ctimeNs, birthtimeNs }: BigIntStats, of: Of): string {
  // Removed and made again, a folder often gets the same inode number; its birth tells the two apart.
  return of === 'identity' ? `${dev}:${ino}:${birthtimeNs}` : `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
}

/**
 * Brings the events of a folder in line with the world: open while wanted and possible, and on the right folder. Returns
 * whether it opened them.
 */
async function tune(folder: Folder, wanted: boolean, events: Events): Promise<boolean> {
  if (wanted ? !folder.stale : folder.watcher === null) return false;
  // Whoever wants events again gets fresh ones.
  folder.stale = !wanted;
  await closeEvents(folder);
  if (!wanted || folder.identity?.includes(':') !== true) return false;
  try {
    await openEvents(folder, events);
    return true;
  } catch (error) {
    events.fail(lostEvents(error));
    return false;
  }
}

async function openEvents(folder: Folder, events: Events): Promise<void> {
  const { watch } = await import('chokidar');
  const ignored = (path: string): boolean => path !== folder.path && !folder.files.has(basename(path));
  const watcher = watch(folder.path, {
    depth: 0,
    ignoreInitial: true,
    atomic: false,
    persistent: true,
    ignored,
  });
  folder.watcher = watcher;
  const announce = (name: string | null): void => {
    // An event about the folder itself: moved away, perhaps already back. Chokidar 5.0.0 can be deaf from then on.
    if (name === basename(folder.path)) {
      folder.stale = true;
      events.stir();
    }
    for (const [each, path] of folder.files) {
      if (name === null || name === each) events.touch(path);
    }
  };
  // `all` drops the second of two quick changes (chokidar 5.0.0), `raw` may come without a name: both are only hints.
  watcher.on('all', (_event, path) => announce(basename(path)));
  watcher.on('raw', (_event, path: unknown) => announce(typeof path === 'string' ? basename(path) : null));
  await new Promise<void>((resolveReady) => {
    const timer = setTimeout(resolveReady, readyMs);
    const proceed = (): void => {
      clearTimeout(timer);
      resolveReady();
    };
    watcher.on('ready', proceed);
    watcher.on('error', (error) => {
      // Gone between two calls: the next look finds out.
      if (!['ENOENT', 'ENOTDIR'].includes(errorCode(error))) events.fail(lostEvents(error));
      proceed();
    });
  });
}

async function closeEvents(folder: Folder): Promise<void> {
  const watcher = folder.watcher;
  folder.watcher = null;
  await watcher?.close();
}

function lostEvents(error: unknown): string {
  const code = errorCode(error);
  if (code === 'ENOSPC')
    return 'the system has no file watches left; raise "fs.inotify.max_user_watches" to get them back';
  if (code === 'EMFILE')
    return 'too many programs watch files; raise "fs.inotify.max_user_instances" to get events back';
  return `file events are not to be had: ${explain(error)}`;
}
