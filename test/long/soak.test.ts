/** The short form of `npm run soak`: the whole of it runs by hand, and its figures are in docs/RELIABILITY.md. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

describe('rounds of several projects in one watch while things go wrong', () => {
  it('lose nothing, repeat nothing, leave nothing behind, and pack their journals away', () => {
    const options = ['--rounds', '4', '--projects', '3', '--seed', '7'];
    const { status, stdout, stderr } = spawnSync(process.execPath, ['bench/soak.mjs', ...options], {
      encoding: 'utf8',
      timeout: 900_000,
    });
    expect(status, `${stdout}${stderr}`).toBe(0);
    expect(stdout).toMatch(/^work lost +0$/m);
    expect(stdout).toMatch(/^sessions repeated +0$/m);
    expect(stdout).toMatch(/^journals packed away +3 of 3$/m);
  });
});
