import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { sharedLimits, stateFolder } from '../../src/effects/sharedlimits.ts';
import type { KnownLimit } from '../../src/protocol/event.ts';

const root = mkdtempSync(join(tmpdir(), 'next-role-limits-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const key = ['agent', 'claude', 'claude'];
const now = 1_000_000;
const limit: KnownLimit = {
  class: 'rate-limited',
  message: 'used up',
  since: now - 5,
  seen: now,
  until: now + 60_000,
  by: '/p',
};
let env: NodeJS.ProcessEnv;
let place = 0;
beforeEach(() => {
  env = { XDG_STATE_HOME: join(root, String((place += 1))) };
});
const file = (): string => {
  const folder = join(stateFolder(env), 'limits');
  const [name = ''] = readdirSync(folder);
  return join(folder, name);
};

describe('sharedLimits()', () => {
  it('tells what another process shared, until it is over', async () => {
    expect(await sharedLimits(env).known(key, now)).toBeNull();
    await sharedLimits(env).share(key, limit);
    expect(await sharedLimits(env).known(key, now)).toEqual(limit);
    expect(await sharedLimits(env).known(key, limit.until)).toBeNull();
    expect(await sharedLimits(env).known(['agent', 'codex', 'codex'], now)).toBeNull();
  });

  it('keeps accounts apart and no key readable', async () => {
    const mine = { ...env, ANTHROPIC_API_KEY: 'sk-ant-of-mine-123' };
    await sharedLimits(mine).share(key, limit);
    expect(await sharedLimits({ ...env, ANTHROPIC_API_KEY: 'sk-ant-other' }).known(key, now)).toBeNull();
    expect(await sharedLimits(mine).known(key, now)).toEqual(limit);
    expect(file() + readFileSync(file(), 'utf8')).not.toContain('sk-ant');
    expect(statSync(join(stateFolder(env), 'limits')).mode & 0o077).toBe(0);
  });

  it('a wish to try again lifts what was met before it, not what is met after it, and is not undone by a restart', async () => {
    const limits = sharedLimits(env);
    await limits.share(key, limit);
    await limits.lift(key, now + 10);
    expect(await limits.known(key, now + 11)).toBeNull();
    expect([await limits.isLifted(key, now), await limits.isLifted(key, now + 10)]).toEqual([true, false]);
    await limits.share(key, limit);
    expect(await limits.known(key, now + 12)).toBeNull();
    const again = { ...limit, seen: now + 20 };
    await limits.share(key, again);
    expect(await limits.known(key, now + 21)).toEqual(again);
  });

  it.each([
    ['nothing', ''],
    ['half a file', '{"limit":{"class":"rate-'],
    ['another shape', '{"limit":[1],"liftedAt":"x"}'],
    ['a class nobody knows', JSON.stringify({ limit: { ...limit, class: 'x' }, liftedAt: null })],
    ['a megabyte', JSON.stringify({ limit: { ...limit, message: 'x'.repeat(1_000_000) }, liftedAt: null })],
    ['an end after all time', JSON.stringify({ limit: { ...limit, until: 1e300 }, liftedAt: null })],
  ])('takes %s for nothing known, and mends it with the next limit', async (_, text) => {
    await sharedLimits(env).share(key, limit);
    writeFileSync(file(), text);
    expect(await sharedLimits(env).known(key, now)).toBeNull();
    const next = { ...limit, seen: now + 1 };
    await sharedLimits(env).share(key, next);
    expect(await sharedLimits(env).known(key, now)).toEqual(next);
  });

  it('keeps a bounded number of small files', async () => {
    const folder = join(stateFolder(env), 'limits');
    mkdirSync(folder, { recursive: true });
    for (let n = 0; n < 150; n += 1) writeFileSync(join(folder, `${n}.json`), '{}');
    await sharedLimits(env).share(key, { ...limit, message: 'x'.repeat(100_000) });
    const names = readdirSync(folder);
    expect(names.length).toBeLessThanOrEqual(101);
    expect((await sharedLimits(env).known(key, now))?.message.length).toBeLessThanOrEqual(500);
  });

  it('does not take a relative XDG_STATE_HOME for a place', () => {
    expect(stateFolder({ XDG_STATE_HOME: 'state', HOME: '/home/me' })).toBe(
      '/home/me/.local/state/next-role',
    );
  });
});
