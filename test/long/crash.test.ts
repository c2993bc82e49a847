/**
 * kill -9 of the runner before every step by which it changes anything outside it (each write, sync, rename, folder,
 * start of a process, the lock), in a full-tier round with a question in it; then the same with a human's edit of the
 * file in the instant of the crash. The points are counted, not sampled, and a step that is added later is counted too.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { countRound, inLanes, roundWith, sampled } from '../rig/crash.ts';
import { removeProjects } from '../rig/journey.ts';
import { makeShellProject, ranInOrder } from '../rig/shell-agent.ts';

afterAll(removeProjects);

const humanWords = '\nA human was here.\n';

describe('kill -9 of the runner', () => {
  it('before any step of a round changes nothing about how the round ends', async () => {
    const { halves, outcome } = await countRound(makeShellProject);
    expect(outcome).toMatchObject({ sessions: ranInOrder, differences: [] });
    const points = halves.flatMap((half) => half.steps.map((step) => ({ half, ...step })));
    expect(points.length).toBeGreaterThan(200);
    await inLanes(sampled(points), async ({ half, at, name, what }) => {
      const { outcome: found } = await roundWith(half, { at, act: 'kill' });
      expect(found, `step ${at}, ${name} ${what}`).toEqual(outcome);
    });
    console.log(`${sampled(points).length} of ${points.length} points, each survived`);
  });

  it('right after a process was started, a record synced or a name moved changes nothing either', async () => {
    const { halves, outcome } = await countRound(makeShellProject);
    const kinds = /^(spawn|execFile|fdatasyncSync|renameSync|rename|link|mkdir|mkdirSync)$/;
    const points = halves.flatMap((half) =>
      half.steps.filter(({ name }) => kinds.test(name)).map((step) => ({ half, ...step })),
    );
    await inLanes(sampled(points), async ({ half, at, name, what }) => {
      const { outcome: found } = await roundWith(half, { at, act: 'kill-after' });
      expect(found, `step ${at}, ${name} ${what}`).toEqual(outcome);
    });
    console.log(`${sampled(points).length} of ${points.length} points, each survived`);
  });

  it('loses no edit that a human makes in the same instant, and repeats no session for it', async () => {
    const { halves } = await countRound(makeShellProject);
    const points = halves.flatMap((half) => half.steps.map((step) => ({ half, ...step })));
    await inLanes(sampled(points), async ({ half, at, name, what }) => {
      const { outcome: found } = await roundWith(half, { at, act: 'kill' }, humanWords);
      expect(found.files['coordination/NEXT-ROLE.md'], `step ${at}, ${name} ${what}`).toContain(humanWords);
      expect(found.sessions, `step ${at}, ${name} ${what}`).toBe(ranInOrder);
      expect(found.differences).toEqual([]);
    });
    console.log(`${sampled(points).length} of ${points.length} edits in the instant of a crash, none lost`);
  });
});
