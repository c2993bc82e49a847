/**
 * The books of a round whose runner was killed in the middle of a session, with the real programs on the simulated
 * provider: the session that lived on and was adopted, and the one that died with its runner and was worked once more.
 * Either way the receipt is what the provider served, to the token and the last digit.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { Project } from '../../src/protocol/project.ts';
import type { Receipt } from '../../src/protocol/receipt.ts';
import { sumUsage } from '../../src/protocol/usage.ts';
import type { ModelApi } from '../../src/server/provider/api.ts';
import type { ModelScript } from '../../src/server/provider/exchange.ts';
import { totalsByModel } from '../../src/server/provider/ledger.ts';
import { playScript } from '../../src/server/provider/play.ts';
import { line } from '../cli/shell.ts';
import { open, servedPico, works } from '../rig/books.ts';
import { play, removeProjects, self } from '../rig/journey.ts';

afterAll(removeProjects);

const programs = [
  ['claude', 'sonnet'],
  ['codex', 'gpt-5.5'],
  ['gemini', 'gemini-3.8-flash'],
] as const;

/** Starts a runner of its own process, and kills it once the provider was asked so often. */
async function killedAt(project: Project, api: ModelApi, asked: number): Promise<void> {
  const [program, ...first] = self;
  const runner = spawn(program, [...first, 'run', '--dir', project.root], { stdio: 'ignore' });
  const gone = new Promise((resolve) => runner.once('exit', (_, signal) => resolve(signal)));
  await vi.waitUntil(() => api.requests.length >= asked, { timeout: 60_000, interval: 20 });
  runner.kill('SIGKILL');
  expect(await gone).toBe('SIGKILL');
}

/** The whole group of the only session that was claimed. */
function killSession(project: Project): void {
  const [folder = ''] = readdirSync(join(project.own, 'sessions'));
  const claim = readFileSync(join(project.own, 'sessions', folder, 'claim'), 'utf8');
  const { pid } = JSON.parse(claim) as { pid: number };
  process.kill(-pid, 'SIGKILL');
}

async function receiptOf(project: Project): Promise<Receipt> {
  return JSON.parse((await line(project.root, ['cost', '--json'])).out) as Receipt;
}

function expectServed({ totals }: Receipt, api: ModelApi): void {
  expect(totals.usage).toEqual(sumUsage(Object.values(totalsByModel(api.ledger))));
  expect(totals.usd).toBe(Number(`${servedPico(api.ledger)}e-12`));
  expect(totals).toMatchObject({ unknown: 0, unpriced: [] });
}

/** Works in some steps, the second of which is answered so late. */
function slowly(delayMs: number): ModelScript {
  const { turns, say } = works('implementer', 'status: ROUND-COMPLETE');
  const steps = [{ run: 'date' }, { run: 'date', delayMs }, ...turns];
  return playScript({ roles: { implementer: [{ turns: steps, say }] } });
}

/** The same, but that the first request of a second step is never answered, whoever asks. */
function hangingOnce(): ModelScript {
  const script = slowly(0);
  let hangs = true;
  return (request) => {
    if (!hangs || request.toolResults !== 1) return script(request);
    hangs = false;
    return { hang: true };
  };
}

describe.each(programs)('%s', (name, model) => {
  it('is adopted by the next runner when it outlives its own, and counted once', async () => {
    const { api, project } = await open(name, slowly(4_000), 'one', model);
    await killedAt(project, api, 2);
    const journey = await play(project, (situation) => situation.rest !== null);
    expect(journey.ended).toMatchObject({ type: 'rest', situation: { state: 'finished' } });
    const receipt = await receiptOf(project);
    expect(receipt.sessions).toMatchObject([{ role: 'implementer', attempt: 1, outcome: 'done' }]);
    expectServed(receipt, api);
    expect(receipt.totals.complete).toBe(true);
  });

  it('is worked once more when it dies with its runner, and both attempts are counted', async () => {
    const settings = { interrupted: 'retry' };
    const { api, project } = await open(name, hangingOnce(), 'one', model, { settings });
    await killedAt(project, api, 2);
    killSession(project);
    const journey = await play(project, (situation) => situation.rest !== null);
    expect(journey.ended).toMatchObject({ type: 'rest', situation: { state: 'finished' } });
    const receipt = await receiptOf(project);
    expect(receipt.sessions).toMatchObject([
      { attempt: 1, outcome: 'lost', source: 'transcript' },
      { attempt: 2, outcome: 'done', source: 'result' },
    ]);
    expectServed(receipt, api);
    // A request was under way when it died: what is known is the least it can be.
    expect(receipt.totals.complete).toBe(false);
  });
});
