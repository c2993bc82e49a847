/**
 * kill -9 of the runner at each eighth record of its journal, in a full-tier round with a question in it: when the record
 * is written, and nothing of what it wants is done. All records, and every step of any other kind, take longer than a
 * minute: `npm run test:long` (test/long/crash.test.ts).
 */
import { afterAll, expect, it } from 'vitest';
import { countRound, inLanes, roundWith } from '../rig/crash.ts';
import { removeProjects } from '../rig/journey.ts';
import { breachesOf } from '../rig/order.ts';
import { makeShellProject, ranInOrder } from '../rig/shell-agent.ts';

afterAll(removeProjects);

it(
  'a runner killed at a record of its journal loses nothing and runs no session twice',
  { timeout: 600_000 },
  async () => {
    const { halves, outcome } = await countRound(makeShellProject);
    expect(outcome).toMatchObject({ sessions: ranInOrder, differences: [] });
    const points = halves.flatMap((half) =>
      half.steps
        .filter(({ name, what }) => name === 'writeSync' && what.endsWith('/journal.jsonl'))
        .map(({ at }) => ({ half, at })),
    );
    expect(points.length).toBeGreaterThan(30);
    // What a power cut leaves: no step before its record is synced, no name before its content.
    for (const { steps } of halves) expect(breachesOf(steps)).toEqual([]);
    const tried = points.filter((_, index) => index % 8 === 0);
    let killed = 0;
    await inLanes(tried, async ({ half, at }) => {
      const { hit, outcome: found } = await roundWith(half, { at, act: 'kill-after' });
      // How many records are synced together depends on the clock, so that a run may end before its last points.
      if (hit.signal === 'SIGKILL') killed += 1;
      else expect([0, 2], `step ${at}: ${hit.said}`).toContain(hit.code);
      expect(found, `step ${at}`).toEqual(outcome);
    });
    expect(killed).toBeGreaterThanOrEqual(tried.length - 2);
  },
);
