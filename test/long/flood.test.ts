/** A session that prints a gigabyte: read whole where it may, killed soon where it may not, in bounded memory both times. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Project } from '../../src/protocol/project.ts';
import { goodRound, makeProject, play, removeProjects } from '../rig/journey.ts';

afterAll(removeProjects);

const gigabyte = 1_000_000_000;
const flood = `head -c ${gigabyte} /dev/zero | tr '\\0' x | fold -w 60000; echo the end`;
const rssGrowthMax = 200_000_000;

async function flooded(limits: Readonly<Record<string, number>>) {
  const project = await makeProject({
    scenario: goodRound,
    settings: {
      agents: {
        scripted: { kind: 'scripted', scenario: 'scenario.yaml' },
        shell: { kind: 'command', run: flood },
      },
      caps: { perRole: 4, perRound: 12, perDispatch: 1 },
      roles: { architect: { agent: 'shell', limits } },
    },
  });
  const before = process.memoryUsage.rss();
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 20);
  const journey = await play(project, ({ rest }) => rest !== null);
  clearInterval(watch);
  const bytes = printed(project);
  console.log(
    `printed ${Math.round(bytes / 1e6)} MB, memory grew by ${Math.round((most - before) / 1e6)} MB at most`,
  );
  return { journey, bytes, growth: most - before };
}

function printed(project: Project): number {
  const sessions = join(project.own, 'sessions');
  const [first = ''] = readdirSync(sessions);
  return statSync(join(sessions, first, 'stdout')).size;
}

describe('a gigabyte of output', () => {
  it('is read to its end where the limit allows it, in bounded memory', async () => {
    const { journey, bytes, growth } = await flooded({ outputMegabytes: 2_000 });
    expect(bytes).toBeGreaterThan(gigabyte);
    expect(JSON.stringify(journey.notices)).toContain('the end');
    expect(growth).toBeLessThan(rssGrowthMax);
  });

  it('is cut short by the limit we ship, before much more of the disk is filled', async () => {
    const { journey, bytes, growth } = await flooded({});
    expect(JSON.stringify(journey.notices)).toContain('printed more than its output limit');
    expect(bytes).toBeLessThan(600_000_000);
    expect(growth).toBeLessThan(rssGrowthMax);
  });
});
