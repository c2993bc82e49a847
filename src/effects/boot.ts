/**
 * Tells a process from a later one that was given the same number: by its start time and by the boot it belongs to.
 * Relies on /proc, read anew at every question. A zombie counts as dead, because it holds nothing and may stand for
 * long where pid 1 reaps late. It never sends a signal.
 */
import { readFileSync } from 'node:fs';

/** What names one process for ever: the number alone is reused. */
export type ProcessIdentity = {
  readonly pid: number;
  /** Clock ticks after boot, as the kernel writes them. */
  readonly startTime: string;
  readonly bootId: string;
};

/** Stands where the system has no boot id to give (macOS). */
export const unknownBoot = 'unknown';

/**
 * The id of this boot of the machine, or `unknownBoot` without /proc. Containers on one host share it.
 *
 * @example bootId() // '13ac288b-0e1e-4586-bcf4-3119670a4ab9'
 */
export function bootId(): string {
  return readProc('/proc/sys/kernel/random/boot_id')?.trim() ?? unknownBoot;
}

/**
 * When a process started, in clock ticks after boot; `null` when it is dead, a zombie, or the system has no /proc.
 *
 * @example startTimeOf(process.pid) // '8412345'
 */
export function startTimeOf(pid: number): string | null {
  if (!Number.isSafeInteger(pid) || pid <= 0) return null;
  const stat = readProc(`/proc/${pid}/stat`);
  return stat === null ? null : startTimeIn(stat);
}

/**
 * The start time in the text of a /proc/<pid>/stat file, `null` for a process that has ended. The command name stands
 * in parentheses and may itself hold spaces and parentheses, so fields are counted from the last one (proc(5)).
 *
 * @example startTimeIn('7 (a) b) S 1 7 7 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 4711 0') // '4711'
 */
export function startTimeIn(stat: string): string | null {
  const fields = stat
    .slice(stat.lastIndexOf(')') + 1)
    .trim()
    .split(/\s+/);
  const state = fields[0] ?? '';
  if (state === '' || ended.includes(state)) return null;
  return fields[startTimeAfterName] ?? null;
}

/** Whether exactly this process still lives: same number, same start, same boot. */
export function isAlive(process: ProcessIdentity): boolean {
  return process.bootId === bootId() && startTimeOf(process.pid) === process.startTime;
}

/** Zombie and dead, as proc(5) spells them. */
const ended: readonly string[] = ['Z', 'X', 'x'];
/** `starttime` is field 22; the state, field 3, is the first one behind the name. */
const startTimeAfterName = 22 - 3;

/** Only "not there" means dead: out of descriptors must not make a living process look dead, so it is thrown. */
function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw error;
  }
}
