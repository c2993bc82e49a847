/**
 * One session's own folder under .next-role/sessions/: where it is, what must be in it before anything is started, and how
 * it is made to survive a power cut. A file that is there already is replaced as a whole, never cut, because a session of an earlier
 * runner may be reading it. It never looks at what a session writes.
 */
import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Command, Order } from '../protocol/session.ts';
import { syncPath } from './durable.ts';
import { errorCode } from './files.ts';
import { reservedNames } from './shim.ts';
import { foldersIn, namesIn } from './temporary.ts';
import { lookAt } from './trouble.ts';

/** Most file systems end at 255 bytes for a name. */
const nameLengthMax = 120;

/**
 * The folder of an order. Different orders never share one: characters that mean something to a file system are
 * spelled as %XX, and a name too long ends in its hash.
 *
 * @example sessionFolder('/p/.next-role/sessions', 'R07.1-implementer') // '/p/.next-role/sessions/R07.1-implementer'
 */
export function sessionFolder(sessions: string, orderId: string): string {
  const safe = Array.from(Buffer.from(orderId), spellByte).join('').replace(/^\./, '%2E');
  if (safe.length <= nameLengthMax && safe !== '') return join(sessions, safe);
  const hash = createHash('sha256').update(orderId).digest('hex').slice(0, 16);
  return join(sessions, `${safe.slice(0, nameLengthMax)}%${hash}`);
}

/** Makes the folder, if it is not there. */
export function openSessionFolder(folder: string): void {
  // What a session prints may hold what only its user should see.
  mkdirSync(folder, { recursive: true, mode: 0o700 });
}

/**
 * Writes what a session is given and the empty files it writes to. All of it survives our own end; a power cut ends the
 * session as well, so that `keepSession` may follow while it runs. Throws when the disk refuses, and for a file name of the
 * command that would leave the folder or take one of our own names.
 */
export function writeSession(folder: string, order: Order, command: Command): void {
  for (const name of Object.keys(command.files)) {
    if (name !== basename(name) || name.startsWith('.') || reservedNames.includes(name)) {
      throw new Error(`A command's file may not be named "${name}": give it a plain name of its own.`);
    }
  }
  const files = {
    ...command.files,
    'order.json': `${JSON.stringify(order, null, 2)}\n`,
    stdin: command.stdin,
  };
  for (const [name, text] of Object.entries(files)) replaceFile(join(folder, name), text);
  // Appended to by the session; here already so that a reader can hold them open from the start.
  for (const name of ['stdout', 'stderr']) appendFileSync(join(folder, name), '');
}

/** Makes a session's folder survive a power cut as it is: its claim, so that it is not run again, and its records. */
export async function keepSession(folder: string): Promise<void> {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
  // Of an empty file there is only its name, which the folder keeps.
  await syncAll(
    folder,
    names.filter((name) => sizeOf(join(folder, name)) > 0),
  );
}

/** Makes one file of a session's folder survive a power cut. */
export async function keepFile(folder: string, name: string): Promise<void> {
  await syncAll(folder, [name]);
}

/**
 * One after the other, because the next session does not wait for them, and whoever waits for the disk meanwhile wants a
 * thread. All are tried; then the first trouble is thrown.
 */
async function syncAll(folder: string, names: readonly string[]): Promise<void> {
  const troubles: unknown[] = [];
  for (const path of [...names.map((name) => join(folder, name)), folder, dirname(folder)])
    await syncIfThere(path).catch((error: unknown) => troubles.push(error));
  if (troubles.length > 0) throw troubles[0];
}

/**
 * How long an ended session ran, by the times of its files; the runner that knew it better is gone.
 *
 * @example ranForMs('/p/.next-role/sessions/R07.1-implementer') // 81532
 */
export function ranForMs(folder: string): number {
  const begun = changedAt(join(folder, 'claim'));
  const ended = Math.max(...['exit', 'stdout', 'stderr'].map((name) => changedAt(join(folder, name))));
  return begun === 0 ? 0 : Math.max(0, Math.round(ended - begun));
}

/** Bytes of a file; 0 when it is not there. */
export function sizeOf(path: string): number {
  return lookAt(path)?.size ?? 0;
}

/**
 * Whether a file was last saved after another. Both its own times count: one can be set at will, the other moves without a
 * change.
 *
 * @example isYounger('/p/coordination/NEXT-ROLE.md', '/p/.next-role/sessions/R07.1-implementer/exit') // false
 */
export function isYounger(path: string, other: string): boolean {
  const [own, than] = [lookAt(path), lookAt(other)];
  return own !== null && than !== null && Math.min(own.mtimeMs, own.ctimeMs) > than.ctimeMs;
}

/** A session may have removed or locked anything in its folder; that reads as nothing. */
function changedAt(path: string): number {
  return lookAt(path)?.mtimeMs ?? 0;
}

function spellByte(byte: number): string {
  const character = String.fromCharCode(byte);
  return /[A-Za-z0-9._-]/.test(character)
    ? character
    : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

/** Puts a file in place as a whole, without waiting for the disk. */
export function replaceFile(path: string, text: string): void {
  const fresh = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeFileSync(fresh, text, { flag: 'wx' });
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

/**
 * Removes what `replaceFile` left in any session's folder, because its writer was killed or the disk refused even that;
 * for a runner that holds the project and writes nothing at the moment. What a shim is writing has another name.
 */
export function clearHalfReplaced(sessions: string): void {
  for (const folder of foldersIn(sessions).map((name) => join(sessions, name)))
    for (const name of namesIn(folder))
      if (/\.[0-9a-f]{12}\.tmp$/.test(name)) rmSync(join(folder, name), { force: true });
}

/** A session may have removed its files, or closed them to us; what is there is kept. */
async function syncIfThere(path: string): Promise<void> {
  try {
    await syncPath(path);
  } catch (error) {
    if (!['ENOENT', 'EACCES', 'EINVAL', 'ENOTSUP', 'EPERM'].includes(errorCode(error))) throw error;
  }
}
