// The original's shell pipeline, where its checkout is named: ANCHOR_LEGACY=<checkout>. It is never vendored. Its roles
// have fixed names, so a fake `claude` on PATH translates them to those of the no-op agent.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { noop, stage } from '../process.mjs';
import { commandCase } from './round.mjs';

const words = noop.map((word) => `'${word}'`).join(' ');

/** One call is the next role: the number of stamps so far says which. */
const fake = `#!/bin/sh
case "$1" in --version|--help) echo '2.1.330 --output-format --add-dir'; exit 0 ;; esac
cat >/dev/null </dev/null
n=$(wc -l <"$BENCH_LOG" 2>/dev/null || echo 0)
set -- one two three four
shift "$n"
exec ${words} "$1"
`;

export function legacyCases() {
  const checkout = process.env.ANCHOR_LEGACY;
  if (checkout === undefined) return [];
  const script = ['run-pipeline.sh', 'scripts/run-pipeline.sh']
    .map((name) => join(checkout, name))
    .find(existsSync);
  if (script === undefined) throw new Error(`No run-pipeline.sh in ANCHOR_LEGACY="${checkout}"`);
  const bin = mkdtempSync(join(stage, 'bin-'));
  writeFileSync(join(bin, 'claude'), fake);
  chmodSync(join(bin, 'claude'), 0o755);
  const make = (name, env) =>
    commandCase({
      name,
      kind: 'peer',
      prepare: ({ folder }) => mkdirSync(join(folder, 'coordination/logs'), { recursive: true }),
      argv: ({ folder }) => ['bash', script, folder],
      env: () => ({ PATH: `${bin}:${process.env.PATH}`, ...env }),
    });
  return [
    make('run-pipeline.sh, watchdog off', { ANCHOR_WATCHDOG: '0' }),
    make('run-pipeline.sh as shipped', {}),
  ];
}
