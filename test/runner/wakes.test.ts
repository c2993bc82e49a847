import { describe, expect, it, vi, beforeEach, afterEach } from 'vitest';
import type { MachineEvent } from '../../src/protocol/event.ts';
import { createWakes } from '../../src/runner/wakes.ts';

const hourMs = 3_600_000;

describe('a wake', () => {
  let wall = 0;
  let ticks: MachineEvent[] = [];
  /** Time really passes, and with it the wall clock. */
  async function pass(ms: number): Promise<void> {
    for (let done = 0; done < ms; done += 1_000) {
      wall += 1_000;
      await vi.advanceTimersByTimeAsync(1_000);
    }
  }
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    wall = 1_000_000_000;
    ticks = [];
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const wakes = () => createWakes({ push: (event) => ticks.push(event), now: () => wall });

  it('comes at its time, and not before', async () => {
    const time = wall + 60_000;
    wakes().at(time);
    await pass(59_000);
    expect(ticks).toEqual([]);
    await pass(2_000);
    expect(ticks).toHaveLength(1);
    expect(ticks[0]?.at).toBeGreaterThanOrEqual(time);
  });

  it('is not an hour late because the clock was set back an hour', async () => {
    const time = wall + 60_000;
    wakes().at(time);
    await pass(10_000);
    wall -= hourMs;
    await pass(51_000);
    expect(ticks).toEqual([{ type: 'TICK', at: time }]);
  });

  it('comes soon after the clock was set ahead of its time, as after a sleep of the machine', async () => {
    wakes().at(wall + hourMs);
    await pass(5_000);
    wall += 2 * hourMs;
    await pass(21_000);
    expect(ticks).toHaveLength(1);
  });

  it('is replaced by a later wish, and never comes after close()', async () => {
    const one = wakes();
    one.at(wall + 10_000);
    one.at(wall + 30_000);
    await pass(20_000);
    expect(ticks).toEqual([]);
    one.close();
    await pass(60_000);
    expect(ticks).toEqual([]);
  });
});
