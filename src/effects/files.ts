/**
 * Reads and replaces text files so that a reader never sees half of one and a full disk never costs the old content.
 * Relies on rename within one folder being atomic, and checks every byte count itself: a write that runs into a full
 * disk half-way reports a count, not an error. It never changes a file whose content is not the one expected, and
 * never leaves a temporary file behind a failure.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { removeOnFailure, syncFolder, writeBeside } from './durable.ts';
import { errorCode, explain, isMissing, unlessMissing } from './trouble.ts';

export { errorCode, explain, isMissing };

/** The largest file that is held as text; a handoff of one megabyte is already unusual. */
export const textBytesMax = 16 * 1024 * 1024;
/** The largest file that is hashed; it is read in chunks, so this bounds time and not memory. */
export const digestBytesMax = 1024 * 1024 * 1024;

const chunkBytes = 64 * 1024;
const chunkBytesMin = 1024;
/** As many symbolic links as the Linux kernel follows in one path. */
const linksMax = 40;

export type ReadText = { readonly text: string; readonly digest: string };

export type Replaced =
  | { readonly type: 'written'; readonly digest: string }
  /** The file is no longer the one expected, and was left alone; `digest` is what it is now, null when it is gone. */
  | { readonly type: 'lost'; readonly digest: string | null }
  | { readonly type: 'failed'; readonly message: string };

/**
 * The text of a file and the SHA-256 (hex) of its bytes, or `null` when there is none. A byte order mark stays in the
 * text. Throws, with a sentence for a person, on a file over `textBytesMax` and on anything that is not a file.
 *
 * @example await readText('coordination/NEXT-ROLE.md') // { text: '---\nround: R01\n…', digest: '9f2c…' }
 */
export async function readText(path: string): Promise<ReadText | null> {
  const chunks: Buffer[] = [];
  if (!(await readChunks(path, textBytesMax, (chunk) => chunks.push(Buffer.from(chunk))))) return null;
  const bytes = Buffer.concat(chunks);
  return { text: bytes.toString('utf8'), digest: digestBytes(bytes) };
}

/**
 * The SHA-256 (hex) of a file's bytes, `null` when there is no such file. Throws like `readText`, over `digestBytesMax`.
 *
 * @example await digestOf('coordination/specs/Q-R01-SPEC.md') // 'e3b0c442…'
 */
export async function digestOf(path: string): Promise<string | null> {
  const hash = createHash('sha256');
  const found = await readChunks(path, digestBytesMax, (chunk) => hash.update(chunk));
  return found ? hash.digest('hex') : null;
}

/**
 * The SHA-256 (hex) of a text as UTF-8: what `digestOf` says once the text is a file.
 *
 * @example digestText('') // 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
 */
export function digestText(text: string): string {
  return digestBytes(Buffer.from(text, 'utf8'));
}

/**
 * Replaces a file, or creates it and the folders above it. Readers see the old content or the new one. Mode and owner
 * stay; a symbolic link stays a link and its target is replaced; other hard links keep the old content. A file that is
 * read-only for this user is refused. When it throws, the old file is intact and no temporary file is left; except that
 * a failed sync of the folder, after the rename, leaves the new content, which may then not survive a power cut.
 *
 * @example await writeAtomic('coordination/decisions/D-R07-1.md', '# Decision\n')
 */
export async function writeAtomic(path: string, text: string): Promise<void> {
  const target = followLinks(path);
  mkdirSync(dirname(target), { recursive: true });
  const temporary = await writeBeside(target, Buffer.from(text, 'utf8'));
  await removeOnFailure(temporary, target, () => renameSync(temporary, target));
  await syncFolder(dirname(target));
}

/**
 * Replaces a file only while its digest is the expected one (`null`: while there is no file; `next` then gets an empty
 * text). The digest is compared before the work and once more directly before the rename, with nothing awaited between
 * the two, so that a hand edit can be overwritten only within the few microseconds of that one rename. `next` answers
 * `null` when it has nothing to write. Trouble with the disk is a value; only `next` itself can make this throw.
 *
 * @example await replaceIf(path, digest, (text) => text.replace('READY', 'WORKING')) // { type: 'written', digest: '77ab…' }
 */
export async function replaceIf(
  path: string,
  expectDigest: string | null,
  next: (text: string) => string | null,
): Promise<Replaced> {
  const before = await attempt(() => readText(path));
  if (!before.ok) return before.failed;
  if ((before.value?.digest ?? null) !== expectDigest) {
    return { type: 'lost', digest: before.value?.digest ?? null };
  }
  const old = before.value?.text ?? '';
  if (before.value !== null && digestText(old) !== expectDigest) {
    return failed(
      `"${path}" is not valid UTF-8, so it cannot be edited without changing other bytes. Save it as UTF-8.`,
    );
  }
  const text = next(old);
  if (text === null) return failed(`There is nothing to write to "${path}".`);
  if (before.value !== null && text === old) return { type: 'written', digest: before.value.digest };
  const done = await attempt(() => exchange(path, expectDigest, text));
  return done.ok ? done.value : done.failed;
}

/**
 * Whether a path, once all symbolic links are followed, lies inside the project folder. The path need not exist yet.
 * Anything with a `..` segment, and a link that cannot be followed, is outside.
 *
 * @example insideProject('/home/ada/shop', 'coordination/specs/Q-R01-SPEC.md') // true
 */
export function insideProject(project: string, path: string): boolean {
  if (path.includes('\0') || path.split(/[\\/]/).includes('..')) return false;
  try {
    const root = realpathSync.native(project);
    const way = relative(root, followLinks(resolve(root, path)));
    return way === '' || (way !== '..' && !way.startsWith(`..${sep}`));
  } catch (error) {
    if (isMissing(error) || ['ELOOP', 'EACCES'].includes(errorCode(error))) return false;
    throw error;
  }
}

function digestBytes(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function failed(message: string): Extract<Replaced, { type: 'failed' }> {
  return { type: 'failed', message };
}

type Attempt<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failed: Extract<Replaced, { type: 'failed' }> };

async function attempt<T>(work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, failed: failed(explain(error)) };
  }
}

/** Writes the new text beside the old one and moves it over if the old one still is what was expected. */
async function exchange(path: string, expectDigest: string | null, text: string): Promise<Replaced> {
  const target = followLinks(path);
  if (expectDigest === null) mkdirSync(dirname(target), { recursive: true });
  const bytes = Buffer.from(text, 'utf8');
  const temporary = await writeBeside(target, bytes);
  const found = await removeOnFailure(temporary, target, () => {
    const now = digestNow(target);
    if (now === expectDigest) renameSync(temporary, target);
    return now;
  });
  if (found !== expectDigest) {
    rmSync(temporary, { force: true });
    return { type: 'lost', digest: found };
  }
  await syncFolder(dirname(target));
  return { type: 'written', digest: digestBytes(bytes) };
}

/** Synchronous on purpose: nothing of ours may run between this and the rename that follows it. */
function digestNow(path: string): string | null {
  try {
    return digestBytes(readFileSync(path));
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Hands over a file piece by piece; false when there is none. The piece is reused, so it must be consumed at once. */
async function readChunks(path: string, bytesMax: number, use: (chunk: Buffer) => void): Promise<boolean> {
  // Without waiting: a named pipe in the place of the file would otherwise hold the opening for ever.
  // Synchronous, because almost all files here are small: four trips to the thread pool cost ten times the reading.
  const fd = unlessMissing(() => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
  if (fd === null) return false;
  try {
    const info = fstatSync(fd);
    if (!info.isFile()) throw new Error(`"${path}" is not a regular file. Move it away, then try again.`);
    const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, Math.max(chunkBytesMin, info.size + 1)));
    for (let total = 0; total <= bytesMax;) {
      const count = readSync(fd, chunk, 0, chunk.length, total);
      if (count === 0) return true;
      total += count;
      use(chunk.subarray(0, count));
      // A large one must not hold up everybody else.
      if (count === chunkBytes) await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    closeSync(fd);
  }
  throw new Error(
    `"${path}" is larger than ${bytesMax / 1024 / 1024} MiB, the most that is read. Make it smaller.`,
  );
}

/** The path that a write really lands on, also for a link whose target, or a file whose folder, is not there yet. */
function followLinks(path: string): string {
  let at = resolve(path);
  for (let links = 0; links <= linksMax; links += 1) {
    const found = unlessMissing(() => realpathSync.native(at));
    if (found !== null) return found;
    const folder = dirname(at) === at ? at : followLinks(dirname(at));
    const here = join(folder, basename(at));
    const info = unlessMissing(() => lstatSync(here));
    if (info?.isSymbolicLink() !== true) return here;
    at = resolve(folder, readlinkSync(here));
  }
  throw Object.assign(new Error(`Too many symbolic links at "${path}".`), { code: 'ELOOP', path });
}
