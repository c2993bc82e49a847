/**
 * Signs of life of a session, from outside: its process and its output as they are on disk right now. Works whoever
 * started the session, also when no runner is there. It only looks.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunning } from '../effects/processes.ts';
import { sessionFolder } from '../effects/sessionfolder.ts';
import { readClaim, readExit } from '../effects/shim.ts';
import type { Project } from '../protocol/project.ts';
import type { Exit, Order } from '../protocol/session.ts';

export type Life = {
  readonly folder: string;
  /** Null before the process claimed its session. */
  readonly pid: number | null;
  readonly alive: boolean;
  readonly exit: Exit | null;
  /** Of stdout. */
  readonly bytes: number;
  /** When stdout or stderr grew last, epoch ms; null when there is neither. */
  readonly lastAt: number | null;
};

/** Looks at the session of an order. */
export async function lifeOf(project: Project, order: Order): Promise<Life> {
  const folder = sessionFolder(join(project.own, 'sessions'), order.id);
  const claim = readClaim(folder);
  const [stdout, stderr] = await Promise.all([look(join(folder, 'stdout')), look(join(folder, 'stderr'))]);
  const times = [stdout, stderr].flatMap((file) => (file === null ? [] : [file.mtimeMs]));
  const known = claim === null || claim === 'half' ? null : claim;
  return {
    folder,
    pid: known?.pid ?? null,
    alive: known !== null && isRunning(known, true),
    exit: readExit(folder),
    bytes: stdout?.size ?? 0,
    lastAt: times.length === 0 ? null : Math.max(...times),
  };
}

async function look(path: string): Promise<{ readonly size: number; readonly mtimeMs: number } | null> {
  try {
    return await stat(path);
  } catch (error) {
    // Not there yet, or taken away by the session itself: no sign of life either way.
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}
