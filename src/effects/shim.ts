/**
 * The small shell program that stands between the runner and an agent, and the three files by which it is known:
 * `claim` (who runs this session, created once and never replaced), `exit` (how the agent ended, one short line in one
 * write) and `stop` (why we ended it; the first reason stays). Relies on a POSIX /bin/sh. Because a session is only
 * these files and a process, it outlives the runner, and any later runner reads the same truth from them. The readers
 * never throw for what is in a file: half a file is told apart from none.
 */
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Exit } from '../protocol/session.ts';
import type { ProcessIdentity } from './boot.ts';

export type StopReason = Extract<Exit, { type: 'stopped' }>['why'];

/** What the shim itself exits with when it ran nothing (sysexits.h names; any other code is the agent's). */
export const shimRefusals = {
  /** EX_CANTCREAT: the claim could not be written. */
  unwritable: 73,
  /** EX_TEMPFAIL: another shim holds the claim. */
  claimed: 75,
  /** EX_PROTOCOL: somebody had asked to stop before anything ran. */
  stopped: 76,
} as const;

/**
 * Arguments: session folder, boot id, then the program by its absolute path (a bare word could name a shell builtin)
 * and its arguments. `set -C` makes `>` an O_EXCL create, so of many shims one wins. The traps let it outlive a signal
 * to its whole group for as long as the agent takes to end; a trap, unlike ignoring, is back to default in the agent.
 * Running the agent in the foreground keeps SIGINT alive in it: a shell ignores SIGINT in its background jobs.
 * The exit is one write of one line, which a reader sees whole or not at all: a part of it is no JSON. A rename would take
 * a second program, as long as a whole shim; it is used where the agent left something in the exit's place.
 * The start time is field 22 of /proc/<pid>/stat, counted behind the last parenthesis; elsewhere ps tells it.
 */
export const shimScript = `
folder=$1
boot=$2
shift 2
trap : HUP INT QUIT TERM
take_start() { shift 19; start=$1; }
if read -r stat 2>/dev/null </proc/$$/stat; then
  take_start \${stat##*) }
else
  start=$(LC_ALL=C TZ=UTC ps -o lstart= -p $$)
fi
set -C
printf '{"pid":%s,"startTime":"%s","bootId":"%s"}\\n' "$$" "$start" "$boot" >"$folder/claim" || {
  [ -e "$folder/claim" ] && exit ${shimRefusals.claimed}
  exit ${shimRefusals.unwritable}
}
set +C
[ -e "$folder/stop" ] && exit ${shimRefusals.stopped}
"$@" <"$folder/stdin" >>"$folder/stdout" 2>>"$folder/stderr"
code=$?
PATH=$PATH:/usr/bin:/bin
if [ -e "$folder/exit" ] || [ -L "$folder/exit" ]; then
  printf '{"code":%s}\\n' "$code" >"$folder/exit.tmp" && mv -f "$folder/exit.tmp" "$folder/exit"
else
  set -C
  printf '{"code":%s}\\n' "$code" >"$folder/exit"
fi
exit "$code"
`;

/** Names in a session folder that belong to the runner; an agent's own files may not take them. */
export const reservedNames: readonly string[] = [
  'order.json',
  'stdin',
  'stdout',
  'stderr',
  'claim',
  'stop',
  'exit',
  'exit.tmp',
];

/**
 * Who claimed the session. `half` is a claim whose text is not there yet, or never will be: the shim died inside the
 * write, before it could start anything.
 *
 * @example readClaim('/p/.next-role/sessions/R07.1-implementer') // { pid: 4711, startTime: '815', bootId: '13ac…' }
 */
export function readClaim(folder: string): ProcessIdentity | 'half' | null {
  const text = readSmall(join(folder, 'claim'));
  if (text === null) return null;
  const claim = parseObject(text);
  const { pid, startTime, bootId } = claim;
  if (typeof pid !== 'number' || typeof startTime !== 'string' || typeof bootId !== 'string') return 'half';
  return { pid, startTime: startTime.trim(), bootId };
}

/**
 * How the agent ended, as the shim wrote it; `null` while it has not.
 *
 * @example readExit('/p/.next-role/sessions/R07.1-implementer') // { type: 'exited', code: 0 }
 */
export function readExit(folder: string): Exit | null {
  const text = readSmall(join(folder, 'exit'));
  if (text === null) return null;
  const { code } = parseObject(text);
  return typeof code === 'number' ? decodeStatus(code) : null;
}

/**
 * What a shell's `$?` says: 128 + n stands for signal n. A program that exits with such a code by itself looks the
 * same; it means the same by convention.
 *
 * @example decodeStatus(143) // { type: 'signalled', signal: 'SIGTERM' }
 * @example decodeStatus(2) // { type: 'exited', code: 2 }
 */
export function decodeStatus(code: number): Exit {
  const number = code - signalBase;
  const known = Object.entries(constants.signals).find(([, value]) => value === number);
  if (known !== undefined) return { type: 'signalled', signal: known[0] };
  return { type: 'exited', code };
}

/** Why the session was asked to stop, by whichever runner asked first. */
export function readStop(folder: string): StopReason | null {
  const path = join(folder, 'stop');
  const text = readSmall(path)?.trim();
  if (text === undefined) return null;
  // An empty file was cut off by a crash or a full disk: somebody did ask, only the word is missing.
  return stopReasons.find((reason) => reason === text) ?? 'interrupted';
}

/** Leaves word that the session must end. Returns whether this reason is the one that stands. */
export function requestStop(folder: string, why: StopReason): boolean {
  try {
    writeFileSync(join(folder, 'stop'), `${why}\n`, { flag: 'wx' });
    return true;
  } catch {
    // Taken by an earlier reason; or the agent removed its folder, or the disk is full, and memory has to do.
    return !existsSync(join(folder, 'stop'));
  }
}

/** Takes back a request that reached nobody. */
export function withdrawStop(folder: string): void {
  rmSync(join(folder, 'stop'), { force: true });
}

/** Removes what a shim, or a runner that prepared the session, was killed over writing; only once the session is over. */
export function clearHalfWritten(folder: string): void {
  // A session may have removed its own folder.
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (name.endsWith('.tmp')) rmSync(join(folder, name), { force: true });
  }
}

const signalBase = 128;

const stopReasons: readonly StopReason[] = [
  'first-byte',
  'idle',
  'total',
  'output',
  'paused',
  'interrupted',
  'lingered',
];

/** These files are one short line; anything unreadable counts as absent, because the agent can write in here too. */
function readSmall(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
