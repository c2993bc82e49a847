/**
 * Lets one runner at a time work on a project. The lock is a listening socket named after the folder, so the kernel frees
 * it when its holder dies, however it dies, and a frozen holder keeps it. Beside it stands `.next-role/owner.json`, which
 * tells people who holds it and catches what a socket cannot see: a holder on another machine or in another container.
 * It never takes a lock away from anybody who may be alive.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { link, rename, rm } from 'node:fs/promises';
import type { Server } from 'node:net';
import { connect, createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { runnerDir } from '../protocol/artifact.ts';
import type { ProcessIdentity } from './boot.ts';
import { bootId, isAlive, startTimeOf } from './boot.ts';
import { errorCode, explain, readText, writeAtomic } from './files.ts';

/** Who holds a project. */
export type Owner = ProcessIdentity & {
  readonly host: string;
  /** ISO 8601. */
  readonly since: string;
  readonly command: string;
};

export type Acquired =
  | { readonly type: 'held'; release(): Promise<void> }
  /** `by` is null when the holder does not say who it is. */
  | { readonly type: 'taken'; readonly by: Owner | null; readonly message: string };

export type LockOptions = {
  /** `file` is for systems without abstract sockets; by default Linux uses `abstract` and the others `file`. */
  readonly socket?: 'abstract' | 'file';
};

/** A holder that does not answer in this time is frozen or busy, and holds all the same. */
const answerMs = 500;
const answerBytesMax = 4096;
const commandLengthMax = 200;
const visitorsMax = 16;

/**
 * Takes the project for this process, or says who has it. Throws when the owner file cannot be written; then nothing is
 * held. A lock that is held does not keep the process from ending.
 *
 * @example
 * const lock = await acquire('/home/ada/shop');
 * if (lock.type === 'taken') return refuse(lock.message);
 * await lock.release();
 */
export async function acquire(project: string, options: LockOptions = {}): Promise<Acquired> {
  const root = realpathSync.native(project);
  const kind = options.socket ?? (process.platform === 'linux' ? 'abstract' : 'file');
  const address = addressOf(root, kind);
  const file = join(root, runnerDir, 'owner.json');
  const self = describeSelf();

  const server = await listen(address, kind, self);
  if (server === null) return taken((await askHolder(address)) ?? (await readOwner(file)), root);
  try {
    const other = await readOwner(file);
    if (other !== null && mayBeAlive(other, self)) {
      await stop(server);
      return other.host === self.host ? taken(other, root) : elsewhere(other, root, file);
    }
    await writeAtomic(file, `${JSON.stringify(self, null, 2)}\n`);
  } catch (error) {
    await stop(server);
    throw new Error(explain(error), { cause: error });
  }
  return { type: 'held', release: () => release(server, file, self) };
}

/**
 * Who holds a project, `null` when nobody does. Takes nothing, so it can be asked at any time.
 *
 * @example (await ownerOf('/home/ada/shop'))?.pid // 4711
 */
export async function ownerOf(project: string, options: LockOptions = {}): Promise<Owner | null> {
  const root = realpathSync.native(project);
  const kind = options.socket ?? (process.platform === 'linux' ? 'abstract' : 'file');
  const owner = await readOwner(join(root, runnerDir, 'owner.json'));
  if (owner !== null && (owner.host !== hostname() || isAlive(owner))) return owner;
  return askHolder(addressOf(root, kind));
}

/**
 * The owner that a runner of this machine left behind without giving the project back, `null` when there is none. The next
 * runner replaces it without a word; it is for telling people.
 *
 * @example (await leftOwner('/home/ada/shop'))?.pid // 4711
 */
export async function leftOwner(project: string): Promise<Owner | null> {
  const owner = await readOwner(join(realpathSync.native(project), runnerDir, 'owner.json'));
  return owner !== null && owner.host === hostname() && !isAlive(owner) ? owner : null;
}

/** Our command line, made once and copied: a piece of a string keeps the whole, which names a thousand projects. */
let ownCommand: string | null = null;

function commandLine(): string {
  const words = [basename(process.argv[1] ?? process.execPath), ...process.argv.slice(2)];
  return Buffer.from(words.join(' ').slice(0, commandLengthMax)).toString();
}

function describeSelf(): Owner {
  return {
    host: hostname(),
    pid: process.pid,
    startTime: startTimeOf(process.pid) ?? '',
    bootId: bootId(),
    since: new Date().toISOString(),
    command: (ownCommand ??= commandLine()),
  };
}

/** The file form is short, because a longer path than 103 bytes would be cut, and two projects would share a lock. */
function addressOf(root: string, kind: 'abstract' | 'file'): string {
  const name = createHash('sha256').update(root).digest('hex');
  return kind === 'abstract' ? `\0next-role-${name}` : join(tmpdir(), `next-role-${name.slice(0, 32)}.sock`);
}

/** Our own record, or one of a process that is gone for certain, need not be respected. */
function mayBeAlive(other: Owner, self: Owner): boolean {
  if (other.host !== self.host) return true;
  const isSelf = other.pid === self.pid && other.startTime === self.startTime && other.bootId === self.bootId;
  return !isSelf && isAlive(other);
}

function taken(by: Owner | null, root: string): Acquired {
  const who =
    by === null
      ? 'Another process'
      : `Another runner (process ${by.pid} on "${by.host}", since ${by.since}, "${by.command}")`;
  const stop = by === null ? '' : ` It ends with "kill ${by.pid}".`;
  return { type: 'taken', by, message: `${who} already works on "${root}".${stop}` };
}

function elsewhere(by: Owner, root: string, file: string): Acquired {
  const message =
    `A runner on another machine or in another container ("${by.host}", process ${by.pid}, since ${by.since}) works on ` +
    `"${root}", or ended there without a trace. From here it cannot be told which. If you are sure that it no longer runs, ` +
    `delete "${file}" and start again.`;
  return { type: 'taken', by, message };
}

async function release(server: Server, file: string, self: Owner): Promise<void> {
  try {
    const owner = await readOwner(file);
    // Gone before the lock is: the next holder writes its own file and must not lose it to us.
    if (owner?.pid === self.pid && owner.since === self.since && owner.host === self.host)
      await rm(file, { force: true });
  } finally {
    await stop(server);
  }
}

/** A file that cannot be understood names nobody; it is left by hand or by a crash of the disk. */
async function readOwner(file: string): Promise<Owner | null> {
  const found = await readText(file);
  return found === null ? null : parseOwner(found.text);
}

function parseOwner(text: string): Owner | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return isOwner(value) ? value : null;
}

function isOwner(value: unknown): value is Owner {
  if (typeof value !== 'object' || value === null) return false;
  const texts = ['host', 'startTime', 'bootId', 'since', 'command'];
  const fields: Readonly<Record<string, unknown>> = { ...value };
  return Number.isSafeInteger(fields['pid']) && texts.every((name) => typeof fields[name] === 'string');
}

/** Listens under the name, `null` when a living process does so already. Every visitor is told who we are. */
async function listen(address: string, kind: 'abstract' | 'file', self: Owner): Promise<Server | null> {
  const server = await tryListen(address, self);
  if (server !== null || kind === 'abstract') return server;
  // A socket file outlives its holder. It is moved away before it is removed: if somebody has replaced the dead one
  // with his own since, that shows, and his is put back. (A third comer in that instant is caught by the owner file.)
  const aside = `${address}.${randomBytes(4).toString('hex')}`;
  if (await answers(address)) return null;
  await rename(address, aside).catch(unlessMissing);
  if (await answers(aside)) {
    await link(aside, address).catch(unlessExisting);
    await rm(aside, { force: true });
    return null;
  }
  await rm(aside, { force: true });
  return tryListen(address, self);
}

function unlessMissing(error: unknown): void {
  if (errorCode(error) !== 'ENOENT') throw error;
}

function unlessExisting(error: unknown): void {
  if (errorCode(error) !== 'EEXIST') throw error;
}

function tryListen(address: string, self: Owner): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((visitor) => {
      visitor.on('error', () => visitor.destroy());
      // One that stays would keep `release()` waiting.
      visitor.setTimeout(answerMs, () => visitor.destroy());
      visitor.unref();
      visitor.end(JSON.stringify(self));
    });
    server.maxConnections = visitorsMax;
    server.once('error', (error) => {
      if (errorCode(error) === 'EADDRINUSE') resolve(null);
      else reject(error);
    });
    // `exclusive`: a cluster worker would otherwise share the socket with its siblings.
    server.listen({ path: address, exclusive: true }, () => {
      server.unref();
      resolve(server);
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/** Whether somebody listens at a socket file. Anything but a clear "nobody" counts as somebody. */
function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const visitor = connect({ path: address });
    visitor.once('connect', () => {
      visitor.destroy();
      resolve(true);
    });
    visitor.once('error', (error) => {
      resolve(!['ECONNREFUSED', 'ENOENT', 'ENOTSOCK'].includes(errorCode(error)));
    });
  });
}

/** Asks whoever listens who they are; `null` from a frozen process or from one that speaks otherwise. */
/** The kernel lists the names of sockets; where it does not, one has to knock. */
function mayBeHeld(address: string): boolean {
  if (!address.startsWith('\0')) return true;
  try {
    return readFileSync('/proc/net/unix', 'latin1').includes(`@${address.slice(1)}`);
  } catch {
    // No /proc, or not for us.
    return true;
  }
}

async function askHolder(address: string): Promise<Owner | null> {
  if (!mayBeHeld(address)) return null;
  return new Promise((resolve) => {
    let answer = '';
    const visitor = connect({ path: address });
    const end = (): void => {
      visitor.destroy();
      resolve(parseOwner(answer));
    };
    visitor.setTimeout(answerMs, end);
    visitor.on('error', end);
    visitor.on('end', end);
    visitor.on('data', (chunk) => {
      answer += chunk.toString('utf8');
      if (answer.length > answerBytesMax) end();
    });
  });
}
