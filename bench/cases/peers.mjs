// Programs of the same kind, at the versions in bench/peers/package.json. Each is given its own best small set-up for four
// steps one after the other, with the store it would need to survive a crash where it has one. Installed on request:
// `npm ci --prefix bench/peers`. A peer that cannot run here is left out, with the reason.
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measured, noop, root, stage } from '../process.mjs';
import { freshProject, roles } from '../project.mjs';
import { commandCase } from './round.mjs';

const folder = join(root, 'bench/peers');
const installed = (name) => existsSync(join(folder, 'node_modules', name));
const words = noop.map((word) => `'${word}'`).join(' ');

/** Set to another Node for peers that ours is too old for. */
const laterNode = process.env.BENCH_LATER_NODE;
const nodeFor = (major, minor = 0) => {
  const [its = 0, minorOf = 0] = process.versions.node.split('.').map(Number);
  if (its > major || (its === major && minorOf >= minor)) return process.execPath;
  return laterNode ?? null;
};

const scriptCase = ({ name, script, node = process.execPath, args = [] }) =>
  commandCase({
    name,
    kind: 'peer',
    argv: ({ folder: project }) => [node, join(folder, script), project, ...args],
    env: () => ({ BENCH_NOOP: JSON.stringify(noop), NODE_NO_WARNINGS: '1' }),
  });

/** Four scripts, each depending on the one before; its cache is off, or it would start nothing the second time. */
function wireit() {
  const scripts = Object.fromEntries(roles.map((role) => [role, 'wireit']));
  const wireitOf = Object.fromEntries(
    roles.map((role, at) => [
      role,
      { command: `${words} ${role}`, dependencies: at === 0 ? [] : [roles[at - 1]] },
    ]),
  );
  return commandCase({
    name: 'wireit (npm run)',
    kind: 'peer',
    prepare: ({ folder: project }) =>
      writeFileSync(
        join(project, 'package.json'),
        JSON.stringify({ name: 'noop', scripts, wireit: wireitOf }),
      ),
    argv: () => ['npm', 'run', '--silent', roles.at(-1)],
    env: () => ({ PATH: `${join(folder, 'node_modules/.bin')}:${process.env.PATH}`, WIREIT_CACHE: 'none' }),
  });
}

/** Four steps of its own mock provider: it starts no program at all, so it is measured without agents and their work. */
function takt() {
  const home = mkdtempSync(join(stage, 'takt-home-'));
  const project = mkdtempSync(join(stage, 'takt-'));
  mkdirSync(join(home, '.takt'));
  const steps = roles.map((role, at) => ({
    name: role,
    instruction: `Do step ${role}`,
    rules: [{ condition: 'done', next: roles[at + 1] ?? 'COMPLETE' }],
  }));
  const workflow = { name: 'noop', description: 'four steps', max_steps: 10, initial_step: roles[0], steps };
  // JSON is YAML.
  writeFileSync(join(project, 'noop.yaml'), JSON.stringify(workflow));
  const program = join(folder, 'node_modules/.bin/takt');
  const flags = ['--pipeline', '--skip-git', '--provider', 'mock', '-w', './noop.yaml', '-t', 'noop'];
  return {
    name: 'takt, mock provider (starts no agent)',
    kind: 'peer',
    async run() {
      const { wallMs, cpuMs, rssMiB, code } = await measured([program, ...flags], {
        cwd: project,
        env: { HOME: home },
      });
      if (code !== 0) throw new Error(`takt ended with exit code ${code}`);
      return { wallMs, cpuMs, rssMiB, launchMs: null, gapMs: [], work: null };
    },
  };
}

export function peerCases() {
  const cases = [];
  const leftOut = [];
  const add = (name, packages, node, make) => {
    const missing = packages.filter((each) => !installed(each));
    if (missing.length > 0) leftOut.push(`${name}: not installed (npm ci --prefix bench/peers)`);
    else if (node === null) leftOut.push(`${name}: needs a later Node; name one in BENCH_LATER_NODE`);
    else cases.push(make(node));
  };
  add('xstate actor', ['xstate'], process.execPath, () =>
    scriptCase({ name: 'xstate actor in-process, no files', script: 'xstate.mjs' }),
  );
  add('wireit', ['wireit'], process.execPath, wireit);
  add('LangGraph', ['@langchain/langgraph-checkpoint-sqlite'], process.execPath, () =>
    scriptCase({ name: 'LangGraph JS, SQLite checkpointer', script: 'langgraph.mjs' }),
  );
  add('Mastra', ['@mastra/libsql'], nodeFor(22, 13), (node) =>
    scriptCase({
      name: 'Mastra workflow, LibSQL store',
      script: 'mastra.mjs',
      node,
      args: [mkdtempSync(join(stage, 'mastra-'))],
    }),
  );
  add('takt', ['takt'], process.execPath, takt);
  return Object.assign(cases, { leftOut });
}
