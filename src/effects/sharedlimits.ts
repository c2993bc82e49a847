/**
 * Limits of agents as all projects of this user know them: one small file per agent and account in the user's state
 * folder (XDG_STATE_HOME), replaced as a whole. What cannot be read, or is not of this shape, counts as nothing known:
 * the worst that follows is one more refusal by the provider. A key of a login is part of the file's name as a hash
 * only, never readable.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { KnownLimit } from '../protocol/event.ts';
import { failureClasses } from '../protocol/session.ts';
import { writeAtomic } from './files.ts';

export type SharedLimits = {
  /** The limit in force at this time, epoch ms; null when none is known, or it was lifted. */
  known(key: readonly string[], at: number): Promise<KnownLimit | null>;
  /** Makes a limit known, unless a younger one, or a younger wish to try again, stands there. */
  share(key: readonly string[], limit: KnownLimit): Promise<void>;
  /** Notes that somebody asked to try again. */
  lift(key: readonly string[], at: number): Promise<void>;
  /** Whether somebody asked after this time. */
  isLifted(key: readonly string[], since: number): Promise<boolean>;
};

/** What one file holds. */
type Entry = { readonly limit: KnownLimit | null; readonly liftedAt: number | null };

const nothing: Entry = { limit: null, liftedAt: null };
/** A longer file is none of ours. */
const entryBytesMax = 16 * 1024;
/** Of a provider's words in the file, in UTF-16 units. */
const messageCharsMax = 500;
/** The longest wait there is, and what a wrong clock may write: a limit that ends later is not believed. */
const untilMsMax = 40 * 24 * 3_600_000;
/** Files older than this are removed, and the oldest beyond the count. */
const keptMs = 7 * 24 * 3_600_000;
const filesMax = 100;
/** Names of variables by which agent programs find an account; two accounts have two limits. */
const accountName =
  /^(?:[A-Z]+_)*(?:API_KEY|AUTH_TOKEN|OAUTH_TOKEN|ACCESS_TOKEN|CONFIG_DIR|BASE_URL|CODEX_HOME)$/;

/**
 * The user's state folder for this program.
 *
 * @example stateFolder({ XDG_STATE_HOME: '/home/me/.state' }) // '/home/me/.state/next-role'
 */
export function stateFolder(env: NodeJS.ProcessEnv): string {
  const named = env['XDG_STATE_HOME'] ?? '';
  const base = isAbsolute(named) ? named : join(env['HOME'] ?? homedir(), '.local', 'state');
  return join(base, 'next-role');
}

/**
 * The limits that this user's projects share.
 *
 * @example await sharedLimits().known(['agent', 'claude', 'claude'], Date.now()) // null
 */
export function sharedLimits(env: NodeJS.ProcessEnv = process.env): SharedLimits {
  const folder = join(stateFolder(env), 'limits');
  const pathOf = (key: readonly string[]): string =>
    join(folder, `${nameOf([...key, ...accountOf(env)])}.json`);
  return {
    async known(key, at) {
      const { limit, liftedAt } = await read(pathOf(key));
      if (limit === null || limit.until <= at || limit.until - at > untilMsMax) return null;
      return liftedAt !== null && liftedAt >= limit.seen ? null : limit;
    },
    async share(key, limit) {
      const { limit: before, liftedAt } = await read(pathOf(key));
      if (limit.seen <= Math.max(before?.seen ?? 0, liftedAt ?? 0)) return;
      await save(folder, pathOf(key), { limit: cut(limit), liftedAt });
    },
    async lift(key, at) {
      const { limit } = await read(pathOf(key));
      await save(folder, pathOf(key), { limit, liftedAt: at });
    },
    async isLifted(key, since) {
      const { liftedAt } = await read(pathOf(key));
      return liftedAt !== null && liftedAt > since;
    },
  };
}

async function save(folder: string, path: string, entry: Entry): Promise<void> {
  // Where somebody works, and how much, is nobody else's business.
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeAtomic(path, `${JSON.stringify(entry)}\n`);
  await prune(folder, path);
}

async function read(path: string): Promise<Entry> {
  try {
    if ((await stat(path)).size > entryBytesMax) return nothing;
    return entryOf(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    // Missing, unreadable, or no JSON: nothing is known.
    if (error instanceof SyntaxError || (error instanceof Error && 'code' in error)) return nothing;
    throw error;
  }
}

function entryOf(value: unknown): Entry {
  if (!isObject(value)) return nothing;
  const { limit, liftedAt } = value;
  return { limit: limitOf(limit), liftedAt: typeof liftedAt === 'number' ? liftedAt : null };
}

function limitOf(value: unknown): KnownLimit | null {
  if (!isObject(value)) return null;
  const { class: found, message, since, seen, until, by } = value;
  const kind = failureClasses.find((known) => known === found);
  if (kind === undefined || typeof message !== 'string' || typeof by !== 'string') return null;
  if (typeof since !== 'number' || typeof seen !== 'number' || typeof until !== 'number') return null;
  return { class: kind, message, since, seen, until, by };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function cut(limit: KnownLimit): KnownLimit {
  return { ...limit, message: limit.message.slice(0, messageCharsMax) };
}

function accountOf(env: NodeJS.ProcessEnv): readonly string[] {
  return Object.entries(env)
    .filter(([name]) => accountName.test(name))
    .map(([name, value]) => `${name}=${value ?? ''}`)
    .sort();
}

function nameOf(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

async function prune(folder: string, keep: string): Promise<void> {
  const files = await Promise.all(
    (await readdir(folder)).map(async (name) => {
      const path = join(folder, name);
      return { path, changedAt: await changedAt(path) };
    }),
  );
  const old = files
    .filter(({ path }) => path !== keep)
    .sort((a, b) => b.changedAt - a.changedAt)
    .filter(({ changedAt: at }, place) => place >= filesMax || Date.now() - at > keptMs);
  for (const { path } of old) await rm(path, { force: true });
}

/** Gone meanwhile counts as very old: removing it again does no harm. */
async function changedAt(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return 0;
    throw error;
  }
}
