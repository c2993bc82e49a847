/**
 * Waits for the disk, and for nothing else: opening and closing are done at once, because each trip to the thread pool costs
 * more than they do, while a sync may take long and must not hold up everybody else.
 */
import { closeSync, constants, fsync, openSync } from 'node:fs';

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
