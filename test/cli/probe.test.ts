import { chmodSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { emptyFolder, projectWith, removeFolders } from '../rig/project.ts';
import { line } from './shell.ts';

afterEach(removeFolders);

/** Puts a program on PATH that plays a recorded session: what it printed, and its exit code. */
async function withPrograms<T>(
  programs: Readonly<Record<string, readonly [cassette: string, code: number]>>,
  work: () => Promise<T>,
): Promise<T> {
  const bin = emptyFolder();
  for (const [name, [cassette, code]] of Object.entries(programs)) {
    const stream = resolve('test/cassettes', `${cassette}.stdout`);
    const version = '[ "$1" = --version ] && { echo 1.0.0; exit 0; }';
    writeFileSync(join(bin, name), `#!/bin/sh\n${version}\ncat > /dev/null\ncat '${stream}'\nexit ${code}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const before = process.env['PATH'];
  // Nothing of this machine's own programs but what a shell needs.
  process.env['PATH'] = `${bin}:${dirname(process.execPath)}:/usr/bin:/bin`;
  try {
    return await work();
  } finally {
    process.env['PATH'] = before;
  }
}

type Seen = {
  readonly checks: readonly { name: string; state: string; words: string; remedy: string | null }[];
};

describe('doctor --probe', () => {
  it('works one session of each installed agent, and tells its result, its tokens and its cost', async () => {
    const seen = await withPrograms({ codex: ['codex/happy', 0], gemini: ['gemini/401', 145] }, () =>
      line(projectWith(), ['doctor', '--probe', '--json']),
    );
    const { checks } = JSON.parse(seen.out) as Seen;
    const probes = checks.filter(({ name }) => name.startsWith('probe ') && !name.includes('claude'));
    expect(probes).toMatchObject([
      {
        name: 'probe codex',
        state: 'good',
        words: expect.stringMatching(/answered: .* 3,?302 tokens/) as string,
      },
      { name: 'probe gemini', state: 'bad', words: expect.stringContaining('auth: mock bad key') as string },
    ]);
    expect(probes[1]?.remedy).toContain('Log in to gemini');
    expect(seen.code).toBe(1);
  });

  it('asks no model without being told to', async () => {
    const seen = await withPrograms({ codex: ['codex/happy', 0] }, () =>
      line(projectWith(), ['doctor', '--json']),
    );
    expect((JSON.parse(seen.out) as Seen).checks.some(({ name }) => name.startsWith('probe'))).toBe(false);
  });
});
