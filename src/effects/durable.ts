/**
 * Writes what survives a power cut. Only the disk is waited for: opening, writing and closing are done at once, because each
 * trip to the thread pool costs more than they do, while a sync may take long and must not hold up everybody else.
 */
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import type { Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { sweepAbandoned, temporaryName } from './temporary.ts';
import { errorCode, unlessMissing } from './trouble.ts';

/** Makes what an open file holds survive a power cut. Rejects with the system's error. */
export function syncOpen(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fsync(fd, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}

/**
 * Makes a file, or the names in a folder, survive a power cut. Rejects with the system's error.
 *
 * @example await syncPath('/p/coordination') // a file that was renamed there keeps its name
 */
export async function syncPath(path: string): Promise<void> {
  // Without waiting: a named pipe in the place of a file would otherwise hold the opening for ever.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    await syncOpen(fd);
  } finally {
    closeSync(fd);
  }
}

/** A complete, synced copy of the new content in the target's folder, with the target's mode and owner; gives its path. */
export async function writeBeside(target: string, bytes: Buffer): Promise<string> {
  const old = unlessMissing(() => statSync(target));
  if (old !== null) accessSync(target, constants.W_OK);
  sweepAbandoned(target);
  const temporary = join(dirname(target), temporaryName(basename(target)));
  await removeOnFailure(temporary, target, async () => {
    // Closed to others until the old mode is known to be set: the old file may be a private one.
    const fd = openSync(temporary, 'wx', old === null ? 0o666 : 0o600);
    try {
      writeWhole(fd, bytes);
      if (old !== null) keepOwnerAndMode(fd, old);
      await syncOpen(fd);
    } finally {
      closeSync(fd);
    }
  });
  return temporary;
}

function writeWhole(fd: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) {
    const count = writeSync(fd, bytes, done, bytes.length - done, done);
    if (count === 0) throw Object.assign(new Error('Nothing was written.'), { code: 'ENOSPC' });
    done += count;
  }
  const { size } = fstatSync(fd);
  if (size !== bytes.length)
    throw new Error(`${size} of ${bytes.length} bytes were written. Check the disk.`);
}

/** Owner before mode: changing the owner clears mode bits. A user who may not give files away keeps their own. */
function keepOwnerAndMode(fd: number, old: Stats): void {
  const now = fstatSync(fd);
  if (now.uid !== old.uid || now.gid !== old.gid) {
    try {
      fchownSync(fd, old.uid, old.gid);
    } catch (error) {
      if (errorCode(error) !== 'EPERM') throw error;
    }
  }
  fchmodSync(fd, old.mode & 0o7777);
}

/** Removes the temporary file when the work fails; the error that goes on names the file a person knows. */
export async function removeOnFailure<T>(
  temporary: string,
  target: string,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    removeIfPossible(temporary);
    throw error instanceof Error ? Object.assign(error, { path: target }) : error;
  }
}

/** What made the work fail can make this fail too, and is the one to be told; the next write sweeps it away. */
function removeIfPossible(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    if (errorCode(error) === '') throw error;
  }
}

/** Makes a new name survive a power cut. Some file systems cannot sync a folder and say so; that is not a failure. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    await syncPath(folder);
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP', 'EPERM', 'EACCES', 'EISDIR'].includes(errorCode(error))) throw error;
  }
}
