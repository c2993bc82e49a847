/**
 * Which option a human chose, as a played role finds it: in the decision files of its round under
 * coordination/decisions/. It reads header lines only (`choice:`, `round:`) and never the words of an answer.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decisionPath, decisionsDir, safeName } from '../../protocol/artifact.ts';
import type { Step } from '../../protocol/scenario.ts';
import type { Stage } from './stage.ts';

/** The most decision files looked at, newest names first. */
const fileCountMax = 1_000;

/** Whether a decision of the round chose this answer. Without `id` any decision of the round counts. */
export async function chosen(stage: Stage, when: Extract<Step, { do: 'when' }>): Promise<boolean> {
  const names = when.id === null ? await namesIn(join(stage.project, decisionsDir)) : [];
  const paths = when.id === null ? names.map((name) => `${decisionsDir}/${name}`) : [decisionPath(when.id)];
  for (const path of paths) {
    const text = await textOf(join(stage.project, path));
    if (text === null) continue;
    if (when.id === null && !ofRound(path, text, stage.round)) continue;
    if (headerValue(text, 'choice')?.toUpperCase() === when.answer.toUpperCase()) return true;
  }
  return false;
}

/** Ids the runner gives start with the round; for an id that a role chose, the file's own `round:` tells. */
function ofRound(path: string, text: string, round: string): boolean {
  return path.startsWith(`${decisionsDir}/D-${safeName(round)}-`) || headerValue(text, 'round') === round;
}

function headerValue(text: string, key: string): string | null {
  const found = new RegExp(`^${key}:[ \\t]*["']?([^"'\\s#]+)`, 'im').exec(text);
  return found?.[1] ?? null;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(whenMissing([]));
  return names
    .filter((name) => name.endsWith('.md'))
    .sort()
    .slice(-fileCountMax);
}

async function textOf(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(whenMissing(null));
}

function whenMissing<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return instead;
    throw error;
  };
}
