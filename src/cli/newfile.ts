/**
 * Makes files that were not there. What is there already is never touched, whoever makes it at the same moment.
 */
import { access, mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from '../effects/files.ts';

/**
 * Makes a file, and the folders above it. Gives whether it did; false when one was there.
 *
 * @example await createFile('coordination/PRD.md', '# Product requirements\n') // true, and false the second time
 */
export async function createFile(path: string, text: string): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Whether anything is at a path. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return false;
    throw error;
  }
}
