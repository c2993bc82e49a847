/**
 * Works this example in three ways with the real Claude Code, offline and free: separate sessions, one session, and one
 * conversation that every role goes on with. The model is `next-role simulate-provider`, which plays offline/script.yaml
 * and counts prompts as a provider's cache does. Everything happens in a new temporary folder, which stays.
 *
 *     node compare.mjs [--claude PROGRAM] [--model MODEL] [flags of next-role compare, such as -n 3 or --html FILE]
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const built = join(here, '../../dist/bin/next-role.cjs');
const nextRole = existsSync(built) ? [process.execPath, built] : ['next-role'];
const roles = ['architect', 'implementer', 'reviewer', 'memorial'];

/** Takes `--name value` out of the arguments. */
function taken(args, name, otherwise) {
  const at = args.indexOf(`--${name}`);
  return at < 0 ? otherwise : (args.splice(at, 2)[1] ?? otherwise);
}

const flags = process.argv.slice(2);
const claude = taken(flags, 'claude', 'claude');
const model = taken(flags, 'model', 'opus');

const root = realpathSync(mkdtempSync(join(tmpdir(), 'compare-semver-')));
const project = join(root, 'project');
const home = join(root, 'home');
const ledger = join(root, 'ledger.jsonl');

function git(...args) {
  const who = ['-c', 'user.name=compare-semver', '-c', 'user.email=compare-semver@example.invalid'];
  const run = spawnSync('git', [...who, ...args], { cwd: project, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`git ${args.join(' ')}: ${run.stderr || run.error?.message}`);
}

function makeProject() {
  const left = ['scripted', 'offline', 'compare.mjs'].map((name) => join(here, name));
  cpSync(here, project, { recursive: true, filter: (path) => !left.includes(path) });
  mkdirSync(join(project, 'coordination/acceptance'), { recursive: true });
  cpSync(join(here, 'offline/check.mjs'), join(project, 'coordination/acceptance/check.mjs'));
  // One model for all: otherwise the map of models would be a second difference between the ways.
  const settings = {
    agent: 'claude',
    agents: { claude: { kind: 'claude', run: claude } },
    roles: Object.fromEntries(roles.map((role) => [role, { model }])),
    gates: {
      acceptance: { folder: 'coordination/acceptance', command: 'node "$NEXT_ROLE_ACCEPTANCE/check.mjs"' },
    },
  };
  // JSON is YAML.
  writeFileSync(join(project, 'coordination/next-role.yaml'), `${JSON.stringify(settings, null, 2)}\n`);
  writeFileSync(join(project, '.gitignore'), '.next-role/\n');
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('commit', '--quiet', '--message=start');
}

/** Resolves with the provider's address once it listens. */
function startProvider() {
  const script = join(here, 'offline/script.yaml');
  const [program, ...first] = nextRole;
  const args = [...first, 'simulate-provider', '--script', script, '--ledger', ledger, '--json'];
  const provider = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaints = '';
  provider.stderr.on('data', (text) => (complaints += text));
  return new Promise((resolve, reject) => {
    provider.once('error', reject);
    provider.once('exit', (code) => reject(new Error(`the provider ended with ${code}: ${complaints}`)));
    createInterface({ input: provider.stdout }).on('line', (line) => {
      const said = JSON.parse(line);
      if (said.type === 'listening') resolve({ url: said.url, stop: () => provider.kill('SIGINT') });
    });
  });
}

function compare(url) {
  const env = {
    ...process.env,
    HOME: home,
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: 'dummy',
    CLAUDE_CONFIG_DIR: home,
    CLAUDE_CODE_TMPDIR: home,
    GIT_AUTHOR_NAME: 'compare-semver',
    GIT_AUTHOR_EMAIL: 'compare-semver@example.invalid',
    GIT_COMMITTER_NAME: 'compare-semver',
    GIT_COMMITTER_EMAIL: 'compare-semver@example.invalid',
  };
  const [program, ...first] = nextRole;
  const args = [...first, 'compare', '--dir', project, '--spec', join(project, 'coordination/PRD.md'), ...flags];
  const child = spawn(program, args, { env, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

mkdirSync(home);
makeProject();
const provider = await startProvider();
try {
  process.exitCode = await compare(provider.url);
} finally {
  provider.stop();
}
process.stderr.write(`The work, the receipts and the provider's own ledger are in ${root}\n`);
