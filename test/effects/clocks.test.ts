import { describe, expect, it } from 'vitest';
import { startClocks } from '../../src/effects/clocks.ts';
import type { Sighting } from '../../src/effects/clocks.ts';

const limits = { firstByteMs: 1_000, idleMs: 3_000, totalMs: 10_000, lingerMs: 500, outputBytes: 1_000 };

function start(more: Partial<Parameters<typeof startClocks>[0]> = {}) {
  const clocks = startClocks({ limits, startedAtMs: 0, nowMs: 0, ...more });
  return (nowMs: number, sighting: Partial<Sighting> = {}) =>
    clocks.check(nowMs, { outputBytes: 1, done: false, cpuMs: () => 0, ...sighting });
}

describe('startClocks', () => {
  it('says first-byte when nothing was written in time', () => {
    const check = start();
    expect(check(999, { outputBytes: 0 })).toBeNull();
    expect(check(1_000, { outputBytes: 0 })).toBe('first-byte');
  });

  it('does not say first-byte while processor time grows, and says it when that stops', () => {
    const check = start();
    for (let now = 0; now <= 4_000; now += 50)
      expect(check(now, { outputBytes: 0, cpuMs: () => now / 2 })).toBeNull();
    expect(check(4_200, { outputBytes: 0, cpuMs: () => 2_000 })).toBeNull();
    expect(check(5_200, { outputBytes: 0, cpuMs: () => 2_000 })).toBe('first-byte');
  });

  it('says idle when output stops growing, counted from its last growth', () => {
    const check = start();
    expect(check(900)).toBeNull();
    expect(check(2_000, { outputBytes: 2 })).toBeNull();
    expect(check(4_999, { outputBytes: 2 })).toBeNull();
    expect(check(5_000, { outputBytes: 2 })).toBe('idle');
  });

  it('does not say idle while processor time grows', () => {
    const check = start();
    for (let now = 0; now < 9_900; now += 100) expect(check(now, { cpuMs: () => now / 10 })).toBeNull();
  });

  it('says idle in spite of the few ticks of a hung program', () => {
    const check = start({ limits: { ...limits, idleMs: 300_000, totalMs: 3_600_000 } });
    const reasons = [];
    for (let now = 0; now <= 310_000; now += 1_000) reasons.push(check(now, { cpuMs: () => now * 0.002 }));
    expect(reasons.find((reason) => reason !== null)).toBe('idle');
  });

  it('never says idle on a guess: unknown processor time counts as activity, and the total still holds', () => {
    const check = start();
    for (let now = 0; now < 10_000; now += 100) expect(check(now, { cpuMs: () => null })).toBeNull();
    expect(check(10_000, { cpuMs: () => null })).toBe('total');
  });

  it('asks for processor time only some times per idle limit', () => {
    const check = start();
    let asked = 0;
    for (let now = 0; now < 3_000; now += 10) {
      check(now, {
        cpuMs: () => {
          asked += 1;
          return now;
        },
      });
    }
    expect(asked).toBeLessThanOrEqual(8);
    expect(asked).toBeGreaterThanOrEqual(7);
  });

  it('says total however busy a session is, and counts an adopted one from its real start', () => {
    expect(start()(10_000, { outputBytes: 99 })).toBe('total');
    const adopted = start({ startedAtMs: -9_000 });
    expect(adopted(999)).toBeNull();
    expect(adopted(1_000)).toBe('total');
  });

  it('says output once more was printed than may be, before any clock', () => {
    const check = start();
    expect(check(100, { outputBytes: 1_000 })).toBeNull();
    expect(check(20_000, { outputBytes: 1_001 })).toBe('output');
  });

  it('says lingered once the terminal event is old enough, before any other clock', () => {
    const check = start();
    expect(check(9_600, { outputBytes: 50, done: true })).toBeNull();
    expect(check(9_999, { outputBytes: 60, done: true })).toBeNull();
    expect(check(10_100, { outputBytes: 70, done: true })).toBe('lingered');
  });
});
