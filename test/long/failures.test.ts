/**
 * Each step by which the runner changes anything outside it is made to fail once, with every further step of that kind of
 * trouble failing too: a disk that is full from there on, one that reports errors, a folder that may not be written, a
 * process without descriptors. The run must end by itself with words and a way on; when the trouble is over, the next
 * run must bring the round to the same end. The points are counted, not sampled.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { countRound, inLanes, roundWith, sampled } from '../rig/crash.ts';
import { removeProjects } from '../rig/journey.ts';
import { makeShellProject } from '../rig/shell-agent.ts';

afterAll(removeProjects);

const inOrder = ['architect', 'implementer', 'implementer', 'reviewer', 'memorial'];

describe.each([
  ['a disk that is full from there on', 'ENOSPC', Number.MAX_SAFE_INTEGER],
  ['one error of the disk', 'EIO', 1],
  ['rights that are missing from there on', 'EACCES', Number.MAX_SAFE_INTEGER],
  ['no descriptor left, once', 'EMFILE', 1],
])('%s', (_name, act, times) => {
  it('at any step ends the run with words, and costs no work', async () => {
    const { halves } = await countRound(makeShellProject);
    const points = sampled(halves.flatMap((half) => half.steps.map((step) => ({ half, ...step }))));
    await inLanes(points, async ({ half, at, name, what }) => {
      const where = `step ${at}, ${name} ${what}`;
      const { hit, outcome } = await roundWith(half, { at, act, for: times });
      expect(hit.signal, where).toBeNull();
      expect(hit.said, where).not.toContain('made a mistake of its own');
      if (hit.code !== 0)
        expect(hit.said, where).toMatch(/next-role|Stop, then start again|then start again|try again/);
      expect(outcome.differences, where).toEqual([]);
      expect(outcome.files['coordination/NEXT-ROLE.md'], where).toContain('status: ROUND-COMPLETE');
      const sessions = outcome.sessions
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[0]);
      expect(sessions, where).toEqual(inOrder);
    });
    console.log(`${points.length} points with ${act}`);
  });
});
