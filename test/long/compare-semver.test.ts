/**
 * examples/compare-semver in all its ways with the real Claude Code on the simulated provider, by the script that users run:
 * the same work by separate sessions, by one session, and by one conversation that every role goes on with. It shows the
 * direction of the article and its cause, and that every token is one that the provider served.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Comparison, RowName } from '../../src/domain/compare.ts';
import type { LedgerEntry } from '../../src/server/provider/ledger.ts';
import { claudeProgram } from '../rig/claude.ts';

/** A model whose cache reads cost a tenth of its input, as the article's did. */
const model = 'claude-opus-4-8';
const shared = new Set(['PATH', 'HOME', 'TMPDIR', 'LANG']);
let comparison: Comparison;
let entries: readonly LedgerEntry[] = [];
let folder = '';

beforeAll(() => {
  const args = ['examples/compare-semver/compare.mjs', '--claude', claudeProgram, '--model', model, '--json'];
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => shared.has(name)));
  const told = join(tmpdir(), `compare-semver-${process.pid}.log`);
  // What it tells on the way names the folder; a shell keeps that apart from the JSON.
  const line = ['exec', process.execPath, ...args, `2>${told}`].join(' ');
  const out = execFileSync('/bin/sh', ['-c', line], { env, encoding: 'utf8', timeout: 1_200_000 });
  const [, root = ''] = /own ledger are in (.+)/.exec(readFileSync(told, 'utf8')) ?? [];
  folder = root;
  rmSync(told);
  comparison = JSON.parse(out) as Comparison;
  entries = readFileSync(join(root, 'ledger.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((entry) => JSON.parse(entry) as LedgerEntry);
}, 1_200_000);

afterAll(() => {
  if (dirname(folder) !== '.') rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

const names = ['roles', 'single', 'workflow'] as const;
type Name = (typeof names)[number];
const rowOf = (row: RowName) => comparison.rows.find((each) => each.row === row);
const ratio = (row: RowName, arm: Name): number => rowOf(row)?.ratios[names.indexOf(arm)] ?? NaN;

describe('examples/compare-semver on the real Claude Code', () => {
  it('works every arm on the same inputs, and each passes every hidden check', () => {
    expect(comparison.arms).toEqual(names.map((name) => ({ name, n: 1 })));
    expect(comparison.confounded).toEqual([]);
    expect(rowOf('acceptance')?.arms.map((spread) => spread?.median)).toEqual([1, 1, 1]);
  });

  it('costs more in one conversation than in separate sessions: as many requests, each with more context', () => {
    expect(ratio('requests', 'workflow')).toBe(1);
    expect(ratio('completion', 'workflow')).toBeCloseTo(1, 1);
    expect(ratio('meanContext', 'workflow')).toBeGreaterThan(1.5);
    expect(ratio('cacheReads', 'workflow')).toBeGreaterThan(1.5);
    expect(ratio('cost', 'workflow')).toBeGreaterThan(1.1);
  });

  it('costs less in one session, which makes fewer requests', () => {
    expect(ratio('requests', 'single')).toBeLessThan(0.6);
    expect(ratio('cost', 'single')).toBeLessThan(0.8);
  });

  it('takes each ratio apart into factors that multiply to it', () => {
    for (const name of ['single', 'workflow'] as const) {
      const factors = comparison.decomposition[names.indexOf(name)];
      const product = (factors?.requests ?? 0) * (factors?.meanContext ?? 0) * (factors?.price ?? 0);
      expect(product).toBeCloseTo(ratio('cost', name), 9);
    }
  });

  it('counts every token that the provider served, and no other', () => {
    const served = entries.flatMap(({ usage }) => (usage === null ? [] : [usage]));
    const sum = (of: (usage: (typeof served)[number]) => number): number =>
      served.reduce((total, usage) => total + of(usage), 0);
    const counted = (row: RowName): number =>
      rowOf(row)?.arms.reduce((total, spread) => total + (spread?.median ?? NaN), 0) ?? NaN;
    expect(counted('completion')).toBe(sum(({ output }) => output));
    expect(counted('cacheReads')).toBe(sum(({ cacheRead }) => cacheRead));
    expect(counted('cacheCreation')).toBe(
      sum(({ cacheWrite5m, cacheWrite1h }) => cacheWrite5m + cacheWrite1h),
    );
    expect(counted('requests')).toBe(served.length);
  });
});
