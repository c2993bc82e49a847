// Loaded before the program with `node --import`: counts every step by which this process changes the world outside it
// (files it writes, names it moves, syncs, processes it starts, the lock it takes), and at the chosen step kills itself or
// makes that step fail. It knows nothing of the program, so a step that is added later is counted like any other.
//
// NEXT_ROLE_FAULT is JSON: { root, at, first, act, for, trace, edit }
//   root   only steps on paths in this folder count, its logs excepted; starting a process always counts
//   at     number of the step, from 1; 0 for never
//   first  { name, path }: instead of a number, the first step of that name on a path that contains this
//   act    'kill' before the step, 'kill-after' it, or the code of a system error that the step fails with
//   for    how many steps from there on fail; only for errors
//   trace  file that gets one line per step: "<number> <name> <path or program>"
//   edit   { path, text }: what a human appends to a file in the same instant, before the act
import childProcess from 'node:child_process';
import fs from 'node:fs';
import fsp from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

const fault = JSON.parse(process.env['NEXT_ROLE_FAULT'] ?? '{}');
delete process.env['NEXT_ROLE_FAULT'];
const root = fault.root ?? '/';
const { appendFileSync } = fs;

let count = 0;
let from = fault.at ?? 0;
const fds = new Map();
const handles = new WeakMap();

const isOurs = (path) =>
  typeof path === 'string' && path.startsWith(root) && !path.includes('/.next-role/logs');
const pathOf = (target) => {
  if (typeof target === 'number') return fds.get(target);
  if (target instanceof URL) return target.pathname;
  return typeof target === 'string' ? target : undefined;
};

/** Says what is to become of this step. */
function step(name, what) {
  count += 1;
  if (fault.trace) appendFileSync(fault.trace, `${count} ${name} ${what}\n`);
  const { first } = fault;
  if (from === 0 && first !== undefined && name === first.name && what.includes(first.path)) from = count;
  if (from === 0 || count < from || count >= from + (fault.for ?? 1)) return null;
  if (count === from && fault.edit) appendFileSync(fault.edit.path, fault.edit.text);
  if (fault.act === 'kill') die();
  if (fault.act === 'kill-after') return 'die';
  return Object.assign(new Error(`${fault.act}: injected, ${name} '${what}'`), {
    code: fault.act,
    syscall: name,
    path: what,
  });
}

function die() {
  process.kill(process.pid, 'SIGKILL');
}

function writes(flags) {
  if (flags === undefined) return false;
  if (typeof flags === 'string') return /[wa+]/.test(flags);
  return (flags & (fs.constants.O_CREAT | fs.constants.O_TRUNC)) !== 0;
}

function patchSync(name, counts = () => true) {
  const original = fs[name];
  fs[name] = (...args) => {
    const path = pathOf(args[0]);
    const fate = isOurs(path) && counts(...args) ? step(name, path) : null;
    if (fate instanceof Error) throw fate;
    const result = original(...args);
    if (name === 'openSync') fds.set(result, path);
    if (fate === 'die') die();
    return result;
  };
}

/** One that takes a descriptor, and tells its end to a callback. */
function patchCallback(name) {
  const original = fs[name];
  fs[name] = (fd, callback) => {
    const path = pathOf(fd);
    const fate = isOurs(path) ? step(name, path) : null;
    if (fate instanceof Error) return process.nextTick(callback, fate);
    return original(fd, (error) => {
      if (fate === 'die') die();
      callback(error);
    });
  };
}

async function carriedOut(fate, work) {
  if (fate instanceof Error) throw fate;
  const result = await work();
  if (fate === 'die') die();
  return result;
}

function patchAsync(name, counts = () => true) {
  const original = fsp[name];
  fsp[name] = (...args) => {
    const path = pathOf(args[0]) ?? handles.get(args[0]);
    const fate = isOurs(path) && counts(...args) ? step(name, path) : null;
    return carriedOut(fate, async () => {
      const result = await original(...args);
      if (name === 'open') handles.set(result, path);
      return result;
    });
  };
}

function patchHandle(prototype, name) {
  const original = prototype[name];
  prototype[name] = function patched(...args) {
    const path = handles.get(this);
    const fate = isOurs(path) ? step(`handle.${name}`, path) : null;
    return carriedOut(fate, () => original.apply(this, args));
  };
}

function patchStart(name, isSync) {
  const original = childProcess[name];
  childProcess[name] = (file, args, ...rest) => {
    const what = [file, ...(Array.isArray(args) ? args : [])].join(' ').replace(/\s+/g, ' ').slice(0, 300);
    const fate = step(name, what);
    if (fate instanceof Error) {
      if (isSync) throw fate;
      const child = new childProcess.ChildProcess();
      const callback = rest.at(-1);
      process.nextTick(() =>
        typeof callback === 'function' ? callback(fate, '', '') : child.emit('error', fate),
      );
      return child;
    }
    const result = original(file, args, ...rest);
    if (fate === 'die') die();
    return result;
  };
}

const removes = ['rmSync', 'unlinkSync', 'rmdirSync'];
const syncs = [
  'writeSync',
  'writeFileSync',
  'appendFileSync',
  'fdatasyncSync',
  'fsyncSync',
  'ftruncateSync',
  'truncateSync',
];
const names = [
  'renameSync',
  'linkSync',
  'symlinkSync',
  'mkdirSync',
  'mkdtempSync',
  'copyFileSync',
  'cpSync',
  'chmodSync',
  'fchmodSync',
  'fchownSync',
  'utimesSync',
];
for (const name of [...removes, ...syncs, ...names]) patchSync(name);
patchSync('openSync', (_path, flags) => writes(flags));
patchCallback('fsync');
const later = [
  'writeFile',
  'appendFile',
  'rename',
  'rm',
  'unlink',
  'rmdir',
  'link',
  'symlink',
  'mkdir',
  'mkdtemp',
  'copyFile',
  'cp',
  'truncate',
];
for (const name of later) patchAsync(name);
patchAsync('open', (_path, flags) => writes(flags));
const probe = await fsp.open('/dev/null', 'r');
for (const name of ['write', 'writeFile', 'appendFile', 'sync', 'datasync', 'truncate', 'chmod', 'chown']) {
  patchHandle(Object.getPrototypeOf(probe), name);
}
await probe.close();
for (const [name, isSync] of [
  ['spawn', false],
  ['execFile', false],
  ['spawnSync', true],
  ['execFileSync', true],
]) {
  patchStart(name, isSync);
}
const { listen } = net.Server.prototype;
net.Server.prototype.listen = function patched(...args) {
  const fate = step('listen', 'lock');
  if (fate instanceof Error) {
    process.nextTick(() => this.emit('error', fate));
    return this;
  }
  const result = listen.apply(this, args);
  if (fate === 'die') die();
  return result;
};
syncBuiltinESMExports();
