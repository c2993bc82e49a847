/**
 * A round of the real opencode on the simulated provider, whose wire of Claude Code it speaks: two roles, a question to the
 * human, a request that had to be tried again, and books that are the provider's.
 */
import { afterAll, describe, expect, it } from 'vitest';
import type { Receipt } from '../../src/protocol/receipt.ts';
import { sumUsage } from '../../src/protocol/usage.ts';
import { totalsByModel } from '../../src/server/provider/ledger.ts';
import { playScript } from '../../src/server/provider/play.ts';
import { line } from '../cli/shell.ts';
import { endings, open, servedPico, works } from '../rig/books.ts';
import { play, removeProjects } from '../rig/journey.ts';

afterAll(removeProjects);

const model = 'anthropic/claude-sonnet-4-5';

describe('opencode', () => {
  it('works a round of two roles, and its receipt is what the provider served', async () => {
    const script = playScript({
      roles: {
        implementer: [works('implementer', 'status: READY')],
        reviewer: [works('reviewer', 'status: MERGE-READY')],
      },
    });
    const { api, project } = await open('opencode', script, 'pair', model);
    const journey = await play(project, (situation) => situation.rest !== null);
    expect(journey.ended).toMatchObject({ type: 'rest', situation: { state: 'finished' } });
    expect(journey.sessions()).toEqual(['implementer', 'reviewer']);
    expect(endings(journey)).toMatchObject(
      Array(2).fill({ outcome: { type: 'done' }, leftovers: 0, usage: { source: 'result' } }),
    );
    // No call beside the session's own, such as one for a title: no event would count it.
    expect(api.requests.every(({ tools }) => tools.length > 0)).toBe(true);
    expect(api.ledger.some(({ usage }) => usage === null)).toBe(true);
    const receipt = JSON.parse((await line(project.root, ['cost', '--json'])).out) as Receipt;
    expect(receipt.totals.usage).toEqual(sumUsage(Object.values(totalsByModel(api.ledger))));
    expect(receipt.totals).toMatchObject({ complete: true, unknown: 0, unpriced: [] });
    expect(receipt.totals.usd).toBe(Number(`${servedPico(api.ledger)}e-12`));
  });

  it('is refused what is hidden from its role, by rules of its own', async () => {
    const { turns, say } = works('implementer', 'status: ROUND-COMPLETE');
    const looks = [{ read: 'coordination/logs/secret.log' }, { read: 'coordination/PRD.md' }, ...turns];
    const script = playScript({ roles: { implementer: [{ turns: looks, say }] } });
    const files = {
      'coordination/logs/secret.log': 'SECRET-OF-THE-LOG\n',
      'coordination/PRD.md': 'OPEN-TO-ALL\n',
    };
    const { api, project } = await open('opencode', script, 'one', model, { files });
    await play(project, (situation) => situation.rest !== null);
    const told = api.requests.flatMap(({ lastResults }) => lastResults).join('\n');
    expect(told).toContain('OPEN-TO-ALL');
    expect(told).not.toContain('SECRET-OF-THE-LOG');
    expect(told).toMatch(/prevents you from using|rejected permission/);
  });
});
