/** Looks at what may not be there, and what the system says when it refuses: its codes, and what they mean to a person. */
import { type Stats, statSync } from 'node:fs';

/** How the system says that there is nothing at a path. */
const missing: readonly string[] = ['ENOENT', 'ENOTDIR'];

/**
 * What went wrong with a file, in one plain sentence, and what a person can do about it.
 *
 * @example explain(error) // 'The disk is full: "…/NEXT-ROLE.md" could not be written. Free some space, then …'
 */
export function explain(error: unknown): string {
  const path = error instanceof Error && 'path' in error ? String(error.path) : '';
  const what = path === '' ? 'a file' : `"${path}"`;
  return remedies[errorCode(error)]?.(what) ?? (error instanceof Error ? error.message : String(error));
}

/** The system's code of an error (`ENOENT`), empty when it has none. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Whether an error says that there is nothing at a path; any other says that nobody could look. */
export function isMissing(error: unknown): boolean {
  return missing.includes(errorCode(error));
}

const remedies: Readonly<Record<string, (what: string) => string>> = {
  EACCES: (what) =>
    `No permission to use ${what}. Give this user the right to read and write it, then try again.`,
  EPERM: (what) => `The system forbids this with ${what}. Check its owner and attributes, then try again.`,
  EROFS: (what) => `The file system of ${what} is read-only. Mount it writable, then try again.`,
  ENOSPC: (what) => `The disk is full: ${what} could not be written. Free some space, then try again.`,
  EDQUOT: (what) =>
    `The disk quota is used up: ${what} could not be written. Free some space, then try again.`,
  EFBIG: (what) => `The file size limit does not let ${what} grow. Raise it ("ulimit -f"), then start again.`,
  EMFILE: (what) =>
    `This process may not open more files, such as ${what}. Raise "ulimit -n", then start again.`,
  ENFILE: (what) =>
    `The machine cannot open more files, such as ${what}. Close some programs, then try again.`,
  EIO: (what) => `The disk reported an error with ${what}. Check the disk before you go on.`,
  ENOENT: (what) => `Not found: ${what}. Create it, then try again.`,
  ENOTDIR: (what) => `A part of the path of ${what} is not a folder. Move that file away, then try again.`,
  EISDIR: (what) => `There is a folder in the place of ${what}. Move it away, then try again.`,
  EEXIST: (what) => `Something else is in the place of ${what}. Move it away, then try again.`,
  ELOOP: (what) => `The symbolic links of ${what} lead in a circle. Repair them, then try again.`,
};

/** What a look gives, and null where there is nothing to look at. Other errors are thrown. */
export function unlessMissing<T>(look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** What is at a path; null where nothing can be said of it, for whatever reason. */
export function lookAt(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}
