#!/usr/bin/env node
// The bench: `npm run bench -- [--quick] [--check] [--peers] [--only round,cold] [-n 20]`. Runs the measures, prints their
// tables, and keeps them with a word about the machine in bench/results. `--check` fails on a figure that falls short of
// bench/targets.json, or of the file that `--targets` names. Needs a build (npm run build).
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { judge } from './check.mjs';
import { describeMachine } from './machine.mjs';
import { draw } from './picture.mjs';
import { leave, root } from './process.mjs';
import { tableOf, targetTable } from './table.mjs';

const names = ['round', 'cold', 'gap', 'edit', 'idle', 'tracks', 'journal', 'log', 'prompt', 'spawn'];
/** What the short form measures: targets that a regression would break, and that a busy machine does not. */
const quickNames = ['round', 'edit', 'journal', 'log'];

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
    docs: { type: 'boolean', default: false },
    only: { type: 'string' },
    targets: { type: 'string' },
    n: { type: 'string', short: 'n' },
  },
});
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
  for (const name of wanted) {
    const its = await import(`./measures/${name}.mjs`);
    say(`\n## ${name}: ${its.about}\n`);
    const startMs = performance.now();
    const measured = await its.measure({
      quick,
      peers,
      n: values.n === undefined ? undefined : Number(values.n),
      tell,
    });
    results.measures[name] = { about: its.about, ...measured };
    say(tableOf(its.columns, measured.rows));
    for (const reason of measured.leftOut ?? []) say(`Left out: ${reason}`);
    say(`(${Math.round((performance.now() - startMs) / 1000)} s)`);
    if (docs) {
      mkdirSync(join(root, 'docs/performance'), { recursive: true });
      writeFileSync(join(root, `docs/performance/${name}.svg`), draw(its.picture, measured.rows));
    }
  }
} finally {
  leave();
}

const targets = JSON.parse(readFileSync(values.targets ?? join(root, 'bench/targets.json'), 'utf8'));
const verdicts = judge(targets, results);
say(`\n## Targets\n\n${targetTable(verdicts)}`);
if (!quick) keep();
if (check && verdicts.some(({ met }) => met === false)) process.exitCode = 1;

/** One pair of files per machine, so that results of two machines never overwrite one another. */
function keep() {
  const folder = join(root, 'bench/results');
  mkdirSync(folder, { recursive: true });
  const { system, arch, cpus, node } = results.machine;
  const name = `${system}-${arch}-${cpus}cpu-node${node.split('.')[0]}${values.only === undefined ? '' : `-${wanted.join('-')}`}`;
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify({ ...results, verdicts }, null, 1)}\n`);
  say(`\nKept in bench/results/${name}.json`);
}
