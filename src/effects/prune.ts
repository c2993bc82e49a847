/**
 * Removes the session folders of rounds long past: streams, prompts and manifests, never anything that a session made in
 * the project. Relies on what stands in order.json; a folder whose session still runs is left alone.
 */
import { readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from './files.ts';
import { isRunning } from './processes.ts';
import { readClaim } from './shim.ts';

/** Rounds whose sessions are kept; receipts and the journal tell of older ones. */
export const roundsKept = 50;
/** Every folder is looked at only once so many rounds are more than that: a look costs a tenth of a small round. */
const roundsAtOnce = 10;

type Folder = { readonly name: string; readonly round: string; readonly changedAt: number };

/**
 * Removes the session folders of all but the newest rounds, some rounds at a time, and says how many there were.
 *
 * @example await pruneSessions('/p/.next-role/sessions') // 0
 */
export async function pruneSessions(
  sessions: string,
  keep: number = roundsKept,
  atOnce: number = roundsAtOnce,
): Promise<number> {
  const names = await namesIn(sessions);
  // Names tell enough to see that there are few; which rounds are the newest only a look at each can say.
  if (new Set(names.map(roundByName)).size < keep + atOnce) return 0;
  const folders = await Promise.all(names.map((name) => lookAt(sessions, name)));
  const newest = new Map<string, number>();
  for (const { round, changedAt } of folders) {
    newest.set(round, Math.max(changedAt, newest.get(round) ?? 0));
  }
  const kept = new Set(
    [...newest]
      .sort(([, a], [, b]) => b - a)
      .slice(0, keep)
      .map(([round]) => round),
  );
  const old = folders.filter(({ name, round }) => !kept.has(round) && !runs(join(sessions, name)));
  for (const { name } of old) await rm(join(sessions, name), { recursive: true, force: true });
  return old.length;
}

async function namesIn(sessions: string): Promise<readonly string[]> {
  try {
    return await readdir(sessions);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function lookAt(sessions: string, name: string): Promise<Folder> {
  const folder = join(sessions, name);
  return { name, round: await roundIn(folder, name), changedAt: (await stat(folder)).mtimeMs };
}

/** From the order itself, as a name is shortened; from the name where a session did not come as far as its order. */
async function roundIn(folder: string, name: string): Promise<string> {
  const byName = roundByName(name);
  try {
    const order: unknown = JSON.parse(await readFile(join(folder, 'order.json'), 'utf8'));
    const round = typeof order === 'object' && order !== null && 'round' in order ? order.round : null;
    return typeof round === 'string' ? round : byName;
  } catch {
    // Not there, or not whole after a power cut; the name says the same.
    return byName;
  }
}

function roundByName(name: string): string {
  return name.replace(/\.\d+-[^.]*$/, '');
}

function runs(folder: string): boolean {
  const claim = readClaim(folder);
  return claim !== null && claim !== 'half' && isRunning(claim, true);
}
