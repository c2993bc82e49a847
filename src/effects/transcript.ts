/**
 * Finds and reads the record that an agent keeps of a session in a folder of its own. It only reads, follows patterns
 * that the adapter gives, and is bounded in files and bytes; what is not there or cannot be read is left out, since a
 * record is a second witness and never worth failing a session for.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { matches } from '../protocol/artifact.ts';
import type { Transcript, TranscriptFile } from '../protocol/transcript.ts';

/** Files of one session; each subagent has one. */
const filesMax = 200;
/** Bytes of all files of one session together; they hold every tool result. */
const bytesMax = 256 * 1024 * 1024;
/** Entries of one folder that are looked at; there is one per project or day. */
const entriesMax = 20_000;

/**
 * The record of a session, in the order of the patterns. `given` is what the session's environment has beside our own.
 *
 * @example await readTranscript(claude.transcript, 'c3239f23-…', {}) // [{ path: 'projects/-home-me-app/c3239f23-….jsonl', text }]
 */
export async function readTranscript(
  transcript: Pick<Transcript, 'home' | 'paths'>,
  sessionId: string,
  given: Readonly<Record<string, string | undefined>>,
): Promise<readonly TranscriptFile[]> {
  const env = { ...process.env, ...given };
  const { variable, folder } = transcript.home;
  const named = env[variable] ?? '';
  const home = named === '' ? join(env['HOME'] ?? homedir(), folder) : named;
  const files: TranscriptFile[] = [];
  let bytes = 0;
  for (const pattern of transcript.paths(sessionId)) {
    for (const path of await found(home, '', pattern.split('/'))) {
      const size = await sizeOf(join(home, path));
      if (size === null || files.length >= filesMax || bytes + size > bytesMax) continue;
      bytes += size;
      files.push({ path, text: await readFile(join(home, path), 'utf8') });
    }
  }
  return files;
}

/** Paths below `home` that a pattern names, step by step, so that no folder is opened that it does not lead to. */
async function found(home: string, at: string, steps: readonly string[]): Promise<readonly string[]> {
  const [step, ...rest] = steps;
  if (step === undefined) return [at];
  const here = (name: string): string => (at === '' ? name : `${at}/${name}`);
  if (!step.includes('*')) return found(home, here(step), rest);
  const names = (await entriesOf(join(home, at))).filter((name) => matches(name, step)).slice(0, entriesMax);
  const below = [];
  for (const name of names) below.push(...(await found(home, here(name), rest)));
  return below;
}

async function entriesOf(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : null;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Not there, not a folder, not ours to read: each means that there is no record for us. */
function isMissing(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP'].includes(String(error.code))
  );
}
