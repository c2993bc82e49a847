// Installs the pinned agent programs of test/e2e/clients, or of a folder below it that is named, when they are missing or their lock has changed, and proves that
// each one starts and has the pinned version. Relies on npm and a reachable package registry (or a filled npm cache).
// Never touches the root package, and never succeeds with a program that would not run.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const installMsMax = 10 * 60_000;
const versionMsMax = 30_000;
/** Package name → the program it puts into node_modules/.bin. */
const programs = {
  '@anthropic-ai/claude-code': 'claude',
  '@google/gemini-cli': 'gemini',
  '@openai/codex': 'codex',
  'opencode-ai': 'opencode',
};

const clients = path.join(path.dirname(fileURLToPath(import.meta.url)), 'clients', process.argv[2] ?? '');
const shown = path.relative(process.cwd(), clients) || '.';
const stamp = path.join(clients, 'node_modules', '.installed-from');
const installCommand = `npm ci --prefix ${shown} --no-audit --no-fund`;

function fail(what, output = '') {
  const remedy = `Run it by hand to see the whole output: ${installCommand}`;
  process.stderr.write(`${output.trimEnd()}\ntest clients: ${what}\n${remedy}\n`.trimStart());
  process.exit(1);
}

function digestOfLock() {
  const hash = createHash('sha256');
  for (const file of ['package.json', 'package-lock.json'])
    hash.update(readFileSync(path.join(clients, file)));
  return hash.digest('hex');
}

/** Starts every program once; answers what is wrong, or null. */
function findFault() {
  const pins = JSON.parse(readFileSync(path.join(clients, 'package.json'), 'utf8')).dependencies;
  for (const [name, pin] of Object.entries(pins)) {
    const program = programs[name];
    if (program === undefined)
      return `"${name}" is pinned, but its program is not named in install-clients.mjs`;
    const file = path.join(clients, 'node_modules', '.bin', program);
    const run = spawnSync(file, ['--version'], { encoding: 'utf8', timeout: versionMsMax });
    const firstWords = run.error?.message ?? run.stderr.trim().split('\n')[0];
    if (run.status !== 0) return `"${program} --version" failed: "${firstWords}"`;
    if (!run.stdout.split(/\s+/).includes(pin))
      return `"${program}" is "${run.stdout.trim()}", the pin is ${pin}`;
  }
  return null;
}

function install() {
  // Under `npm test` the same npm is used again, so that no second one need be on PATH.
  const npm = process.env.npm_execpath;
  const [program, first] = npm === undefined ? ['npm', []] : [process.execPath, [npm]];
  // EBADENGINE (a warning) is expected, see clients/README.md; errors still show.
  const args = [...first, 'ci', '--prefix', clients, '--no-audit', '--no-fund', '--loglevel=error'];
  return spawnSync(program, args, { encoding: 'utf8', timeout: installMsMax });
}

const digest = digestOfLock();
const isInstalled = existsSync(stamp) && readFileSync(stamp, 'utf8') === digest && findFault() === null;
if (isInstalled) {
  process.stdout.write('test clients: already installed\n');
} else {
  const startedAt = Date.now();
  const run = install();
  if (run.status !== 0) {
    const why = run.error?.message ?? `npm ended with ${run.status ?? run.signal}`;
    fail(`could not be installed: ${why}`, `${run.stdout ?? ''}${run.stderr ?? ''}`);
  }
  const fault = findFault();
  if (fault !== null) fail(`installed, but ${fault}. Were install scripts switched off (--ignore-scripts)?`);
  writeFileSync(stamp, digest);
  process.stdout.write(`test clients: installed in ${((Date.now() - startedAt) / 1000).toFixed(1)} s\n`);
}
