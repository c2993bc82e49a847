/**
 * Books that are harder to keep, with the real programs on the simulated provider: a conversation that a second session
 * goes on with, models that a session uses beside its own, and a budget that must hold before money is spent.
 */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { edit } from '../../src/protocol/codec.ts';
import type { ScriptTurn } from '../../src/protocol/modelscript.ts';
import type { Receipt } from '../../src/protocol/receipt.ts';
import type { Order } from '../../src/protocol/session.ts';
import { openRound } from '../../src/runner/open.ts';
import { createSessions } from '../../src/runner/sessions.ts';
import { totalsByModel } from '../../src/server/provider/ledger.ts';
import { playScript } from '../../src/server/provider/play.ts';
import { line } from '../cli/shell.ts';
import { order } from '../cli/values.ts';
import { atEnd, endings, open, servedPico, told, works } from '../rig/books.ts';
import type { Ended, Opened } from '../rig/books.ts';
import { claudeProgram } from '../rig/claude.ts';
import { fileOf, git, handoffText, play, removeProjects, self } from '../rig/journey.ts';
import { saves } from '../rig/saves.ts';

afterAll(removeProjects);

/** Works orders in a project as a run would, one by one and without its machine. */
async function worker({ project }: Opened): Promise<(order: Order) => Promise<Ended>> {
  const opened = await openRound(project, { say: () => undefined, now: Date.now });
  if (opened.type !== 'open') throw new Error(JSON.stringify(opened));
  atEnd(() => opened.round.close());
  const sessions = createSessions(opened.round, { say: () => undefined, now: Date.now, self });
  return async (wanted) => {
    const event = await sessions.work(wanted);
    if (event?.type !== 'ENDED') throw new Error(`The session has no end: ${JSON.stringify(event)}`);
    return event;
  };
}

describe('the books of a session that goes on with an earlier one', () => {
  it.each([
    ['claude', 'sonnet'],
    ['codex', 'gpt-5.5'],
    ['gemini', 'gemini-3.8-flash'],
  ] as const)('%s: each counts its own part, though the program counts on', async (name, model) => {
    const turns: ScriptTurn[] = [{ run: 'date' }, { run: 'date', thoughts: 7 }];
    const opened = await open(
      name,
      playScript({ roles: { implementer: [{ turns, say: 'done' }] } }),
      'one',
      model,
    );
    const { ledger } = opened.api;
    const work = await worker(opened);
    const mine: Order = { ...order, round: 'R01', tier: 'one', agent: name, model };
    const first = await work({ ...mine, id: 'R01.1-implementer-first' });
    const before = ledger.length;
    expect(first.sessionId).not.toBeNull();
    const second = await work({
      ...mine,
      id: 'R01.2-implementer-second',
      attempt: 2,
      resumeOf: first.sessionId ?? '',
    });
    expect([first.outcome, second.outcome]).toEqual([{ type: 'done' }, { type: 'done' }]);
    // It is the same conversation: its beginning is sent again, and most of it comes from the cache.
    expect(second.sessionId).toBe(first.sessionId);
    expect(ledger[before]?.requestBytes).toBeGreaterThan(ledger[before - 1]?.requestBytes ?? Infinity);
    for (const [ended, served] of [
      [first, ledger.slice(0, before)],
      [second, ledger.slice(before)],
    ] as const) {
      expect(served).toHaveLength(3);
      expect(told([ended])).toEqual(totalsByModel(served));
      expect(ended.priced.microUsd).toBe(Number((servedPico(served) + 500_000n) / 1_000_000n));
    }
  });
});

/** The receipt's rows of models beside the sessions' own. */
async function sideModels({
  project,
}: Opened): Promise<{ receipt: Receipt; sides: readonly (string | null)[] }> {
  const receipt = JSON.parse((await line(project.root, ['cost', '--json'])).out) as Receipt;
  const rows = receipt.sessions.flatMap(({ models }) => models);
  return { receipt, sides: rows.filter(({ side }) => side).map(({ model }) => model) };
}

describe('the books of a session that uses another model beside its own', () => {
  it('claude: a subagent on a small model', async () => {
    const part = works('implementer', 'status: ROUND-COMPLETE');
    const input = {
      ...{ description: 'look around', prompt: 'Look around.', subagent_type: 'general-purpose' },
      ...{ model: 'haiku', run_in_background: false },
    };
    const script = { implementer: [{ ...part, turns: [{ call: { name: 'Agent', input } }, ...part.turns] }] };
    const role = readFileSync('roles/implementer.md', 'utf8').replace(/^tools: \[/m, 'tools: [Agent, ');
    const opened = await open(
      'claude',
      playScript({ roles: script, other: 'Nothing there.' }),
      'one',
      'sonnet',
      {
        files: { 'coordination/roles/implementer.md': role },
      },
    );
    const journey = await play(opened.project, (situation) => situation.rest !== null);
    expect(journey.ended).toMatchObject({ type: 'rest', situation: { state: 'finished' } });
    const served = totalsByModel(opened.api.ledger);
    expect(told(endings(journey))).toEqual(served);
    const { receipt, sides } = await sideModels(opened);
    expect(sides).toEqual([expect.stringContaining('haiku')]);
    expect(Object.keys(served)).toHaveLength(2);
    expect(receipt.totals.usd).toBe(Number(`${servedPico(opened.api.ledger)}e-12`));
  });

  it('gemini: the call that asks which model to take', async () => {
    const choice = { reasoning: 'It is plain.', model_choice: 'flash', complexity_score: 10 };
    const script = { implementer: [{ turns: [{ run: 'date' }], say: 'done' }] };
    const opened = await open(
      'gemini',
      playScript({ roles: script, other: JSON.stringify(choice) }),
      'one',
      null,
    );
    const work = await worker(opened);
    const ended = await work({ ...order, round: 'R01', tier: 'one', agent: 'gemini', model: null });
    expect(ended.outcome).toEqual({ type: 'done' });
    const { ledger } = opened.api;
    expect(told([ended])).toEqual(totalsByModel(ledger));
    const [asking, ...working] = ledger;
    // It quotes the prompt, but works with no tools.
    expect(opened.api.requests.map(({ tools }) => tools.length > 0)).toEqual([false, true, true]);
    expect(ended.usage?.models.map(({ model, side }) => ({ model, side }))).toEqual([
      { model: asking?.model, side: true },
      { model: working[0]?.model, side: false },
    ]);
  });
});

describe('a budget of 0.05', () => {
  it('stops before the session that would pass it, asks with the figures, also after a restart', async () => {
    // 15,000 fresh tokens and no more: 0.03 at 2 USD per million.
    const usage = { input: 15_000, cacheWrite5m: 0, cacheWrite1h: 0, cacheRead: 0, output: 0 };
    const free = { ...usage, input: 0 };
    const dear = (role: string, header: string) => {
      const { turns, say } = works(role, header);
      const counted = turns.map((turn, at) => ({ ...turn, usage: at === 0 ? usage : free }));
      return [{ turns: [...counted, { say, usage: free }], say }];
    };
    const roles = {
      implementer: dear('implementer', 'status: READY'),
      reviewer: dear('reviewer', 'status: MERGE-READY'),
    };
    const opened = await open('claude', playScript({ roles }), 'pair', 'sonnet', {
      files: { 'claude.sh': `#!/bin/sh\nprintf '%s\\n' "$@" >> argv.log\nexec '${claudeProgram}' "$@"\n` },
      settings: { budget: { mode: 'enforce', round: { usd: 0.05 } } },
    });
    const { project, api } = opened;
    const settings = join(project.root, 'coordination/next-role.yaml');
    const wrapper = join(project.root, 'claude.sh');
    chmodSync(wrapper, 0o755);
    writeFileSync(settings, readFileSync(settings, 'utf8').replace(claudeProgram, wrapper));

    const asking = await play(project, (situation) => situation.rest !== null);
    expect(asking.ended).toMatchObject({ type: 'rest', situation: { rest: 2 } });
    expect(asking.sessions()).toEqual(['implementer']);
    expect(servedPico(api.ledger)).toBe(30_000_000_000n);
    const figures =
      'the budget of round R01 is $0.0500: $0.0300 is spent, and a session of reviewer comes to $0.0300';
    expect(handoffText(project)).toContain('ESCALATE');
    expect(handoffText(project).replaceAll(/\s+/g, ' ')).toContain(figures);
    // The program was given what was left, in case it uses more than anybody thought.
    const caps = (): readonly string[] =>
      fileOf(project, 'argv.log')
        .split('\n')
        .flatMap((word, at, all) => (word === '--max-budget-usd' ? [all[at + 1] ?? ''] : []));
    expect(caps()).toEqual(['0.05']);

    const again = await play(project, (situation) => situation.rest !== null);
    expect(again.ended).toMatchObject({ type: 'rest', situation: { rest: 2 } });
    expect(again.sessions()).toEqual([]);
    expect(api.ledger.every(({ role }) => role === 'implementer')).toBe(true);

    const answered = edit(handoffText(project), { answer: 'A' });
    if (!answered.ok) throw new Error(JSON.stringify(answered.problems));
    saves[0]?.[1](project.handoff, answered.text);
    const passed = await play(project, (situation) => situation.rest !== null);
    expect(passed.sessions()).toEqual(['reviewer']);
    expect(passed.ended).toMatchObject({ type: 'rest', situation: { state: 'finished' } });
    // A session that a human let pass the budget is not cut off at what was left of it.
    expect(caps()).toEqual(['0.05']);
    // The receipt is committed with the round, as it stands.
    const receipt = 'coordination/logs/ROUND-R01-RECEIPT.md';
    expect(git(project.root, 'show', `HEAD:${receipt}`)).toBe(fileOf(project, receipt));
    expect(fileOf(project, receipt)).toMatch(/\| \*\*total\*\* .* \| \*\*\$0\.0600\*\* \|/);
  });
});
