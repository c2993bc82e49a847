/**
 * One session's own folder under .next-role/sessions/: where it is, and what must be in it, safe on disk, before
 * anything is started. A file that is there already is replaced as a whole, never cut, because a session of an earlier
 * runner may be reading it. It never looks at what a session writes.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { appendFile, open, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Command, Order } from '../protocol/session.ts';
import { reservedNames } from './shim.ts';

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
 * Writes what a session is given and the empty files it writes to, and returns when all of it is durable. Throws when
 * the disk refuses, and for a file name of the command that would leave the folder or take one of our own names.
 */
export async function writeSession(folder: string, order: Order, command: Command): Promise<void> {
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
  // Together, because the file system commits concurrent syncs as one.
  await Promise.all(Object.entries(files).map(([name, text]) => replaceDurably(join(folder, name), text)));
  // Appended to by the session; here already so that a reader can hold them open from the start.
  await Promise.all(['stdout', 'stderr'].map((name) => appendFile(join(folder, name), '')));
  await Promise.all([syncFolder(folder), syncFolder(join(folder, '..'))]);
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

function changedAt(path: string): number {
  return lookAt(path)?.mtimeMs ?? 0;
}

/** A session may have removed or locked anything in its folder; that reads as nothing. */
function lookAt(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

function spellByte(byte: number): string {
  const character = String.fromCharCode(byte);
  return /[A-Za-z0-9._-]/.test(character)
    ? character
    : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

async function replaceDurably(path: string, text: string): Promise<void> {
  const fresh = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeFile(fresh, text, { flag: 'wx', flush: true });
    await rename(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
