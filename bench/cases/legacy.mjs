// The original's shell pipeline, where somebody has it: ANCHOR_LEGACY names the checkout, ANCHOR_LEGACY_RUN the command line
// that runs one round in the project's folder (`$ANCHOR_LEGACY` stands in it). It is never vendored. Its roles have names of
// their own, so a fake `claude` first on PATH translates its calls, in their order, to the no-op agent's.
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { noop, stage } from '../process.mjs';
import { commandCase } from './round.mjs';

const words = noop.map((word) => `'${word}'`).join(' ');

export const legacyName = "the original's shell pipeline";

/** The number of stamps so far says which role's turn it is. */
const fake = `#!/bin/sh
case "$1" in --version | --help) echo '2.1.330'; exit 0 ;; esac
n=0
[ -f "$BENCH_LOG" ] && n=$(wc -l <"$BENCH_LOG")
set -- one two three four
shift "$n"
exec ${words} "$1"
`;

export function legacyCases() {
  const { ANCHOR_LEGACY: checkout, ANCHOR_LEGACY_RUN: line } = process.env;
  if (checkout === undefined) return [];
  if (line === undefined)
    throw new Error(
      'ANCHOR_LEGACY is set; set ANCHOR_LEGACY_RUN to the command line that runs one round, too',
    );
  const bin = mkdtempSync(join(stage, 'bin-'));
  writeFileSync(join(bin, 'claude'), fake);
  chmodSync(join(bin, 'claude'), 0o755);
  return [
    commandCase({
      name: legacyName,
      kind: 'peer',
      argv: () => ['bash', '-c', line],
      env: () => ({ PATH: `${bin}:${process.env.PATH}`, ANCHOR_LEGACY: checkout }),
    }),
  ];
}
