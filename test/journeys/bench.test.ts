/** The bench's short form: what a regression of twice would break is caught with every change, by ratios and counts only. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

/** Fifteen seconds on a quiet machine; a busy one may take ten times that and must not fail for it. */
const timeout = 300_000;

const folder = mkdtempSync(join(tmpdir(), 'next-role-bench-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function bench(...args: readonly string[]): { readonly code: number | null; readonly out: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bench/bench.mjs', ...args], {
    encoding: 'utf8',
  });
  return { code: status, out: stdout + stderr };
}

describe('npm run bench -- --quick --check', { timeout }, () => {
  it('finds every target of the short form met, with its wide margin', () => {
    const { code, out } = bench('--quick', '--check');
    expect(out).toContain('## Targets');
    for (const id of ['T2', 'T5c', 'T9a', 'T10'])
      expect(out).toMatch(new RegExp(`\\| ${id} \\|.*\\| yes \\|`));
    expect(code, out).toBe(0);
  });

  it('fails on a figure that falls short, and says which', () => {
    const targets = join(folder, 'targets.json');
    const strict = { id: 'X', about: 'no bytes', measure: 'log', figure: 'bytesPerRound', quickMax: 0 };
    writeFileSync(targets, JSON.stringify([strict]));
    const { code, out } = bench('--quick', '--check', '--only', 'log', '--targets', targets);
    expect(out).toMatch(/\| X \|.*\| \*\*no\*\* \|/);
    expect(code).toBe(1);
  });

  it('refuses a measure that it does not have', () => {
    const { code, out } = bench('--only', 'speed');
    expect(code).toBe(64);
    expect(out).toContain('There are: round');
  });
});
