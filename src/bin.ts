#!/usr/bin/env node
/**
 * The first instruction: what `next-role` starts. It answers `--version` by itself and otherwise compiles a bundle
 * beside it, with the code that V8 kept of an earlier start where there is some. Built as CommonJS by scripts/build.mjs,
 * because Node's loader for ES modules alone costs a fifth of an empty start. It imports nothing of ours.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as V8 from 'node:v8';
import { Script } from 'node:vm';

/** Put in by the build: the package's version, and a digest of each bundle, so that no kept code outlives its source. */
declare const packageVersion: string;
declare const bundleDigest: string;
declare const glanceDigest: string;

const self = import.meta.filename;
const folder = import.meta.dirname;
/** What a later start can rely on: the command did its work. Usage errors and crashes run too little of the code. */
const keepAfter: ReadonlySet<number> = new Set([0, 2, 130]);

/**
 * A runner waits for nearly all of its life. Optimizing the little that it computes costs more than it gives, and memory
 * that grows with each burst of work stays: every start of a process copies its tables (docs/PERFORMANCE.md). So the young
 * generation is small, with one collector, not one per processor, and the old one is collected at a third more than lives.
 * Code that runs long enough is optimized still. Each version of V8 has its own words, and complains aloud of those it
 * does not know.
 */
const restful = ['--semi-space-growth-factor=1', '--no-parallel-scavenge', '--heap-growing-percent=30'];
const optimizedLate: Readonly<Record<string, string>> = {
  20: '--interrupt-budget=4000000',
  22: '--invocation-count-for-turbofan=180000',
  24: '--invocation-count-for-turbofan=180000',
};

const [first = '', ...rest] = process.argv.slice(2);
if ((first === '--version' || first === '-v') && rest.length === 0) {
  process.stdout.write(`${packageVersion}\n`);
} else {
  // Sessions that play a scenario are started with this path, whatever link it was called by.
  process.argv[1] = self;
  void answered();
}

async function answered(): Promise<void> {
  if (first === 'status') {
    const { answer } = load('glance.cjs', keptPath(glanceDigest, 'glance')) as Glance;
    // What it stumbles over, the whole program tells in words.
    const code = await answer(process.argv.slice(2)).catch(() => null);
    // What it printed is written: outputs of this program do not wait. To leave by ourselves saves a last collection.
    if (code !== null) process.exit(code);
  }
  if (first === 'run' || first === 'watch') beRestful();
  load('main.cjs', keptPath(bundleDigest, first));
}

/** Said before anything of the bundle is compiled, because kept code counts under the same words only. */
function beRestful(): void {
  const [version = ''] = process.versions.node.split('.');
  const late = optimizedLate[version];
  if (late === undefined) return;
  // Only where it is wanted: to load this module takes a tenth of a glance.
  const { setFlagsFromString } = createRequire(self)('node:v8') as typeof V8;
  for (const flag of [...restful, late]) setFlagsFromString(flag);
}

type Glance = { readonly answer: (argv: readonly string[]) => Promise<number | null> };

/** Each command keeps the code that it uses itself: reading more than that would cost more than it saves. */
function keptPath(digest: string, command: string): string {
  const name = /^[a-z]{1,16}$/.test(command) ? command : 'other';
  return join(folder, 'cache', `${digest}-${process.version}-${process.arch}`, `${name}.bin`);
}

/** Runs a bundle, and gives what it exports. */
function load(name: string, path: string): unknown {
  const bundle = join(folder, name);
  const source = readFileSync(bundle, 'latin1');
  const cachedData = kept(path);
  const script = new Script(source, { filename: bundle, ...(cachedData === null ? {} : { cachedData }) });
  if (cachedData === null || script.cachedDataRejected === true) {
    process.on('exit', (code) => {
      if (keepAfter.has(code)) keep(path, script);
    });
  }
  const module = { exports: {} };
  const run = script.runInThisContext() as (...its: readonly unknown[]) => void;
  run.call(module.exports, module.exports, createRequire(bundle), module, bundle, folder);
  return module.exports;
}

function kept(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch {
    // The first start of this version, or a folder that is not ours to read: compiling works as well.
    return null;
  }
}

/** By rename, so that another start never reads half of it. */
function keep(path: string, script: Script): void {
  const temporary = `${path}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, script.createCachedData());
    renameSync(temporary, path);
  } catch {
    // Installed for all users, or a full disk: later starts are a little slower, and nothing else.
  }
}
