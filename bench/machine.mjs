// The machine a result is from, without its name: what decides times, and how busy it was.
import { execFileSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { median, round } from './figures.mjs';
import { hasC, root, stage } from './process.mjs';

export function describeMachine() {
  return {
    system: process.platform,
    kernel: release().split('-')[0],
    arch: process.arch,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cpus: cpus().length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    node: process.versions.node,
    fsyncMs: round(fsyncMs()),
    load: loadavg().map((each) => round(each)),
    agent: hasC ? 'noop.c' : 'noop.mjs',
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim(),
    day: new Date().toISOString().slice(0, 10),
  };
}

/** Half of what each case does is waiting for the disk. */
function fsyncMs() {
  const fd = openSync(join(stage, 'fsync'), 'w');
  const times = [];
  for (let at = 0; at < 30; at += 1) {
    writeSync(fd, 'x');
    const start = performance.now();
    fsyncSync(fd);
    times.push(performance.now() - start);
  }
  closeSync(fd);
  return median(times);
}

/** The machine in one line. */
export const machineWords = (its) =>
  `${its.day}, commit ${its.commit}: ${its.cpus} x ${its.cpu}, ${its.memoryGiB} GiB, ${its.system} ${its.kernel}, Node ${its.node}, ` +
  `fsync ${its.fsyncMs} ms, load ${its.load.join(' ')}; agent ${its.agent}.`;
