/**
 * Session folders as an audit needs them: which there are of a round, in their order, and the texts in them. Reads only,
 * but for the record of what a session changed, and for those that it rewrote. A folder or file that is not there is no trouble.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { errorCode, readText } from './files.ts';
import { replaceFile } from './sessionfolder.ts';
import { openTail } from './tail.ts';

/** Of a longer stream only the beginning is audited, and the audit says so. */
export const streamBytesMax = 256 * 1024 * 1024;

/** Names of all session folders, unsorted. */
export async function sessionNames(sessions: string): Promise<readonly string[]> {
  try {
    return await readdir(sessions);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return [];
  }
}

/** The text of one file of a session; null when there is none that can be read. */
export async function sessionText(folder: string, name: string): Promise<string | null> {
  try {
    return (await readText(join(folder, name)))?.text ?? null;
  } catch {
    // A session may have put anything in the place of its files; whatever it is, it is no record of ours.
    return null;
  }
}

/**
 * Keeps a record, unless there is one: the first look after a session is the one that counts. Whole or not at all; it
 * survives a power cut with the rest of the folder (`keepSession`).
 */
export async function keepRecord(folder: string, name: string, text: string): Promise<void> {
  if ((await sessionText(folder, name)) === null) replaceFile(join(folder, name), text);
}

/** Removes a record, or whatever a session put in its place. */
export async function dropRecord(folder: string, name: string): Promise<void> {
  await rm(join(folder, name), { recursive: true, force: true });
}

/**
 * Puts records back as they were when the session began; none of the name `later` can be there before it has ended. Gives
 * the names of those that the session had its hands on.
 */
export async function restoreRecords(
  folder: string,
  records: Readonly<Record<string, string>>,
  later: string,
): Promise<readonly string[]> {
  const rewritten: string[] = [];
  for (const [name, text] of Object.entries(records)) {
    if ((await sessionText(folder, name)) === text) continue;
    rewritten.push(name);
    await mkdir(folder, { recursive: true });
    await dropRecord(folder, name);
    replaceFile(join(folder, name), text);
  }
  if (existsSync(join(folder, later))) {
    rewritten.push(later);
    await dropRecord(folder, later);
  }
  return rewritten;
}

/**
 * Hands over each line of a session's output. Whether all of it was read.
 *
 * @example await eachLine('/p/.next-role/sessions/R07.1-implementer', (line) => lines.push(line)) // true
 */
export async function eachLine(folder: string, onLine: (line: string) => void): Promise<boolean> {
  const tail = openTail(join(folder, 'stdout'), onLine);
  try {
    const isMore = await tail.read(streamBytesMax);
    if (!isMore) await tail.finish();
    return !isMore;
  } finally {
    tail.close();
  }
}

/** Where a path of a stream really leads, relative to the folder the session worked in; as it is when it leads nowhere. */
export async function realTarget(root: string, target: string): Promise<string> {
  const path = isAbsolute(target) ? target : join(root, target);
  try {
    const real = relative(root, await realpath(path));
    return real.startsWith(`..${sep}`) || isAbsolute(real) ? target : real.split(sep).join('/');
  } catch (error) {
    if (errorCode(error) === '') throw error;
    return target;
  }
}
