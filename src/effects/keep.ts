/**
 * Writes a text that may have to be taken back: what stood at the path before is given to the caller, and comes back on
 * request. Relies on the atomic writes of files.ts; it never loses the earlier text.
 */
import { rm } from 'node:fs/promises';
import { readText, writeAtomic } from './files.ts';

/**
 * Puts a text into a file, below what stands there already; a text that is there already is not written twice. Gives
 * the earlier content, `null` when there was no file.
 *
 * @example await keepText('coordination/decisions/D-R07-1.md', '# Decision\n') // null
 */
export async function keepText(path: string, text: string): Promise<string | null> {
  const earlier = (await readText(path))?.text ?? null;
  if (earlier?.includes(text) === true) return earlier;
  await writeAtomic(path, earlier === null ? text : `${earlier}\n${text}`);
  return earlier;
}

/** Brings back what `keepText` found. */
export async function takeBack(path: string, earlier: string | null): Promise<void> {
  const now = (await readText(path))?.text ?? null;
  if (now === earlier) return;
  if (earlier === null) await rm(path, { force: true });
  else await writeAtomic(path, earlier);
}
