#!/usr/bin/env node
// The bench: `npm run bench -- [--quick] [--check] [--peers] [--only round,cold] [-n 20]`. Runs the measures, prints their
// tables, and keeps them with a word about the machine in bench/results. `--check` fails on a figure that falls short of
// bench/targets.json, or of the file that `--targets` names. Needs a build (npm run build).
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { judge } from './check.mjs';
import { describeMachine, machineWords } from './machine.mjs';
import { draw } from './picture.mjs';
import { leave, root } from './process.mjs';
import { tableOf, targetTable } from './table.mjs';

/** Each measure, with its share of the time. Whatever the machine does, the whole bench ends soon after that. */
const shares = {
  round: 4,
  cold: 1.5,
  gap: 1.5,
  edit: 4,
  idle: 2.5,
  tracks: 2,
  journal: 1,
  log: 0.3,
  prompt: 0.2,
  briefs: 2,
  spawn: 0.7,
  claude: 1.3,
};
const names = Object.keys(shares);
/** What the short form measures: targets that a regression would break, and that a busy machine does not. */
const quickNames = ['round', 'edit', 'journal', 'log'];

const usage = `npm run bench -- [--only ${names.slice(0, 2).join(',')},…] [--peers] [-n <repetitions>] [--minutes <19>]
                [--docs] [--check [--targets <file>]] [--quick]
  --only     some measures: ${names.join(', ')}
  --peers    also the programs we compare with (npm ci --prefix bench/peers)
  --docs     write the tables and pictures of docs/PERFORMANCE.md
  --check    fail on a target of bench/targets.json that falls short
  --quick    the short form that npm test runs
`;
const values = optionsOf();
const { quick, check, peers, docs } = values;
const wanted = values.only?.split(',') ?? (quick ? quickNames : names);
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`No measure "${unknown.join(', ')}". There are: ${names.join(', ')}\n`);
  process.exit(64);
}

const say = (text) => process.stdout.write(`${text}\n`);
const tell = (done, all) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${done}/${all} `);
};

const results = { machine: describeMachine(), quick, measures: {} };
try {
  for (const name of wanted) await take(name);
} finally {
  leave();
}

async function take(name) {
  const its = await import(`./measures/${name}.mjs`);
  say(`\n## ${name}: ${its.about}\n`);
  const startMs = performance.now();
  const n = values.n === undefined ? undefined : Number(values.n);
  const total = Object.values(shares).reduce((sum, share) => sum + share, 0);
  const budgetMs = (Number(values.minutes) * 60_000 * shares[name]) / total;
  let measured;
  try {
    measured = await its.measure({ quick, peers, n, tell, budgetMs });
  } catch (error) {
    // One measure that cannot be taken here must not cost the others.
    say(`Not taken: ${error.stack}`);
    process.exitCode = 1;
    return;
  }
  results.measures[name] = { about: its.about, ...measured };
  const table = [
    tableOf(its.columns, measured.rows),
    ...(measured.leftOut ?? []).map((reason) => `\nLeft out: ${reason}`),
  ].join('\n');
  say(`${table}\n(${Math.round((performance.now() - startMs) / 1000)} s)`);
  if (quick || measured.rows.length === 0) return;
  keep(
    name,
    { ...results.measures[name], machine: { ...results.machine, load: describeMachine().load } },
    table,
  );
  if (docs) publish(name, its, measured.rows, table);
}

const targets = JSON.parse(readFileSync(values.targets ?? join(root, 'bench/targets.json'), 'utf8'));
if (docs) put('targets', targetTable(judge(targets, { quick: false, measures: kept() })));
const verdicts = judge(targets, results);
say(`\n## Targets\n\n${targetTable(verdicts)}`);
if (check && verdicts.some(({ met }) => met === false)) process.exitCode = 1;

/** One for each kind of machine, so that results of two machines never overwrite one another. */
function resultsFolder() {
  const { system, arch, cpus, node } = results.machine;
  return join(root, `bench/results/${system}-${arch}-${cpus}cpu-node${node.split('.')[0]}`);
}

/** The last whole result of each measure on this kind of machine, this run's among them. */
function kept() {
  const files = names.map((name) => [name, join(resultsFolder(), `${name}.json`)]);
  const there = files.filter(([, path]) => existsSync(path));
  return Object.fromEntries(there.map(([name, path]) => [name, JSON.parse(readFileSync(path, 'utf8'))]));
}

function keep(name, measured, table) {
  const folder = resultsFolder();
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(measured, null, 1)}\n`);
  writeFileSync(
    join(folder, `${name}.md`),
    `# ${measured.about}\n\n${machineWords(measured.machine)}\n\n${table}\n`,
  );
}

/** Puts the table into the measure's page, and the picture beside it where it has one. */
function publish(name, { page, picture }, rows, table) {
  put(name, table, page);
  if (picture === undefined) return;
  mkdirSync(join(root, 'docs/performance'), { recursive: true });
  writeFileSync(join(root, `docs/performance/${name}.svg`), draw(picture, rows));
}

/** Puts a table into a page, between the two marks of its name. */
function put(name, table, to = 'docs/PERFORMANCE.md') {
  const page = join(root, to);
  const text = readFileSync(page, 'utf8');
  const part = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- end -->)`);
  if (!part.test(text)) throw new Error(`${to} has no place for "${name}"`);
  writeFileSync(
    page,
    text.replace(part, (_, start, end) => `${start}\n${table}\n\n${end}`),
  );
}

function optionsOf() {
  try {
    const { values: given } = parseArgs({
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        quick: { type: 'boolean', default: false },
        check: { type: 'boolean', default: false },
        peers: { type: 'boolean', default: false },
        docs: { type: 'boolean', default: false },
        only: { type: 'string' },
        targets: { type: 'string' },
        n: { type: 'string', short: 'n' },
        minutes: { type: 'string', default: '19' },
      },
    });
    if (!given.help) return given;
    process.stdout.write(usage);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${error.message}\n${usage}`);
    process.exit(64);
  }
}
