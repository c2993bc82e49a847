/**
 * What a person sees of money: the receipt, the price sheet and the estimate, on a journal with known figures. Prices
 * are one dollar per million tokens, so that a token is a micro-dollar.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initialState, store } from '../../src/domain/machine.ts';
import { openJournal } from '../../src/effects/journal.ts';
import { projectAt } from '../../src/effects/project.ts';
import type { Receipt } from '../../src/protocol/receipt.ts';
import { checkReceipt } from '../../src/protocol/receiptcheck.ts';
import type { Order } from '../../src/protocol/session.ts';
import type { SessionUsage } from '../../src/protocol/usage.ts';
import { runningLedger } from '../../src/runner/ledger.ts';
import { keepReceipt } from '../../src/runner/receipt.ts';
import { priced, pricedUsage, usageWith } from '../rig/cost.ts';
import { ended } from '../rig/facts.ts';
import { expectSelfContained, expectWhole } from '../rig/html.ts';
import { emptyFolder, projectWith, read, removeFolders } from '../rig/project.ts';
import { line } from './shell.ts';
import { order } from './values.ts';

const sheet = `models:
  sonnet:
    prices: [{ input: 1, cacheWrite5m: 1, cacheWrite1h: 1, cacheRead: 1, output: 1 }]
`;
const receiptPath = 'coordination/logs/ROUND-R01-RECEIPT.md';
/** As a program that is not to be trusted might name its model. */
const stranger = 'nobodys-model<svg/onload=alert(1)>';
let folder = '';

/** Three rounds: one with a retry, one with a session nobody counted, one on a model without a price. */
beforeAll(() => {
  folder = projectWith({ 'coordination/state/prices.yaml': sheet });
  const path = join(folder, '.next-role/journal.jsonl');
  mkdirSync(dirname(path), { recursive: true });
  const journal = openJournal(path);
  journal.load();
  const state = store(initialState());
  const work = (id: string, more: Partial<Order>, usage: SessionUsage | null): void => {
    const mine = { ...order, id, ...more };
    const costUsd = usage === null ? null : 0.02;
    journal.append({
      event: { type: 'CLAIMED', at: 1, digest: 'd', baseline: {} },
      state,
      effects: [{ kind: 'dispatch', order: mine }],
    });
    journal.append({ event: ended(id, { type: 'done' }, { usage, costUsd }), state, effects: [] });
  };
  const used = usageWith({ input: 1_000, cacheWrite5m: 2_000, cacheRead: 30_000, output: 3_424 });
  work('a', { round: 'R01', role: 'architect' }, pricedUsage(10_000));
  work('b', { round: 'R01' }, pricedUsage(20_000));
  work('c', { round: 'R01', attempt: 2 }, used);
  work('d', { round: 'R02', role: 'architect' }, pricedUsage(50_000));
  work('e', { round: 'R02' }, null);
  const strange = { ...used, models: used.models.map((row) => ({ ...row, model: stranger })) };
  work('f', { round: 'R03', model: stranger }, strange);
  journal.close();
});
afterAll(removeFolders);

const widths = (text: string): number => Math.max(...text.split('\n').map((row) => row.length));

describe('next-role cost', () => {
  it.each([80, 120])('shows a row per session and what each came to, in %i columns', async (columns) => {
    const { code, out } = await line(folder, ['cost', 'R01'], columns);
    expect(code).toBe(0);
    expect(out).toMatch(/architect +sonnet .* \$0\.0100 +15 %/);
    expect(out).toMatch(/implementer \(attempt 2\).* \$0\.0364 +55 %/);
    expect(out).toMatch(/total +3 sessions .* \$0\.0664/);
    expect(out).toContain('Reported by the agents: $0.0600, +$0.0064 by our prices');
    expect(out).toContain('Orchestration tokens: 0');
    expect(widths(out)).toBeLessThanOrEqual(columns);
  });

  it('says what it does not know, and never 0 for it', async () => {
    const { out } = await line(folder, ['cost', 'R02']);
    expect(out).toMatch(/implementer +sonnet +\? +\? +\? +\? +\?/);
    expect(out).toMatch(/total .* ≥ \$0\.0500/);
    expect(out).toContain('Unknown: 1 session left no count of tokens, and is in no total.');
    const unpriced = await line(folder, ['cost']);
    expect(unpriced.out).toContain('Round R03');
    expect(unpriced.out).toMatch(
      /Unpriced: nobodys-model<svg.*>\.\s+Add\s+prices\s+in\s+coordination\/state\/prices\.yaml/,
    );
  });

  it('prints the receipt as JSON, as its schema says', async () => {
    const { out } = await line(folder, ['cost', 'R01', '--json']);
    const receipt = JSON.parse(out) as Receipt;
    expect(checkReceipt(out, readFileSync('state/receipt.schema.json', 'utf8'))).toEqual({ receipt });
    expect(receipt.sessions.map(({ role, attempt, usd }) => [role, attempt, usd])).toEqual([
      ['architect', 1, 0.01],
      ['implementer', 1, 0.02],
      ['implementer', 2, 0.036424],
    ]);
    expect(receipt.totals).toMatchObject({ usd: 0.066424, reportedUsd: 0.06, differenceUsd: 0.006424 });
    expect(receipt.orchestration).toMatchObject({ tokens: 0, ordered: 3, inReceipt: 3, running: 0 });
  });

  it('names the rounds it has when asked for another, and says so when it has none', async () => {
    const other = await line(folder, ['cost', 'R09']);
    expect(other.code).toBe(64);
    expect(other.err).toContain('The journal has no round "R09"; it has R01, R02, R03');
    const none = await line(projectWith(), ['cost']);
    expect(none.code).toBe(64);
    expect(none.err).toContain('No session of this project has been started yet');
  });
});

describe('next-role cost --html', () => {
  it('saves a whole page that needs nothing else, with the figures of the screen', async () => {
    expect(await line(folder, ['cost', 'R01', '--html', 'one.html'])).toMatchObject({ code: 0 });
    const page = readFileSync(join(folder, 'one.html'), 'utf8');
    expectWhole(page);
    expectSelfContained(page);
    expect(page).toContain('Round R01');
    expect(page).toMatch(/\$0\.0664<\/b><span>cost/);
    expect(page).toContain('implementer (attempt 2)');
  });

  it('escapes what a program called its model, and says that it has no price', async () => {
    await line(folder, ['cost', 'R03', '--html', 'stranger.html']);
    const page = readFileSync(join(folder, 'stranger.html'), 'utf8');
    expectWhole(page);
    expectSelfContained(page);
    expect(page).not.toContain('<svg/onload');
    expect(page).toContain('nobodys-model&lt;svg/onload=alert(1)&gt;');
    expect(page).toContain('Unpriced');
    expect(page).not.toContain('$0.0000');
  });

  it('shows a session that nobody counted as unknown, and the cost as the least it can be', async () => {
    await line(folder, ['cost', 'R02', '--html', 'unknown.html']);
    const page = readFileSync(join(folder, 'unknown.html'), 'utf8');
    expect(page).toContain('≥ $0.0500');
    expect(page).toContain('Unknown: 1 session left no count of tokens');
  });
});

describe('next-role prices', () => {
  it('lists what is in force, marks what is the project’s own, and names models without a price', async () => {
    const { code, out } = await line(folder, ['prices']);
    expect(code).toBe(0);
    expect(out).toMatch(/^sonnet \(project\) +1 +1 +1 +1 +1/m);
    expect(out).toMatch(/! "nobodys-model<svg\/onload=alert\(1\)>" has no price; it worked in\s+round R03/);
    expect(widths(out)).toBeLessThanOrEqual(80);
    const { models, unpriced } = JSON.parse((await line(folder, ['prices', '--json'])).out) as {
      models: readonly { id: string; file: string; inForce: object | null }[];
      unpriced: readonly object[];
    };
    expect(models.find(({ id }) => id === 'sonnet')).toMatchObject({
      file: 'coordination/state/prices.yaml',
      inForce: { input: 1, output: 1, over: [] },
    });
    expect(unpriced).toContainEqual({ model: stranger, usedBy: 'it worked in round R03' });
  });

  it('says where a sheet is wrong, and fails', async () => {
    const wrong =
      'models:\n  sonnet:\n    prices:\n      - { from: 2026-01-01, until: 2025-01-01, input: 1 }\n';
    const { code, out } = await line(projectWith({ 'coordination/state/prices.yaml': wrong }), ['prices']);
    expect(code).toBe(1);
    expect(out).toContain('coordination/state/prices.yaml:4 The price of "sonnet" ends on 2025-01-01');
  });
});

describe('next-role run --estimate', () => {
  it('tells per role what its rounds came to, and starts nothing', async () => {
    const before = read(folder, '.next-role/journal.jsonl');
    const { code, out } = await line(folder, ['run', '--estimate']);
    expect(code).toBe(0);
    expect(out).toContain("A round of tier full, by this project's own history");
    expect(out).toMatch(/architect +10\.0k +\$0\.0100 +median of 2 rounds/);
    expect(out).toMatch(/implementer +56\.4k +\$0\.0564 +median of 1 round/);
    expect(out).toMatch(/reviewer +\? +\? +no history/);
    expect(out).toMatch(/total +\? +\?/);
    expect(widths(out)).toBeLessThanOrEqual(80);
    expect(read(folder, '.next-role/journal.jsonl')).toBe(before);
    const json = JSON.parse((await line(folder, ['run', '--estimate', '--json'])).out) as object;
    expect(json).toMatchObject({ tier: 'full', usd: null, tokens: null });
  });
});

describe('the receipt beside the summary', () => {
  it('is written from the journal, again the same, and tells why it cannot be', async () => {
    const project = await projectAt(folder);
    if (project === null) throw new Error('the project was not found');
    const round = { project, prices: priced, ledger: runningLedger(project, false) };
    expect(await keepReceipt(round, 'R01')).toBeNull();
    const first = read(folder, receiptPath);
    expect(first).toContain('# Receipt of round R01');
    expect(first).toMatch(
      /\| implementer \| 2 \| sonnet \| 1000 \| 2000 \| 0 \| 30000 \| 3424 \|.*\$0\.0364 \| 55 % \|/,
    );
    expect(first).toMatch(/\| \*\*total\*\* .*\| \*\*\$0\.0664\*\* \|/);
    expect(first).toContain(
      '**Orchestration tokens: 0.** 3 sessions ordered by the machine, 3 in this receipt.',
    );
    expect(await keepReceipt(round, 'R01')).toBeNull();
    expect(read(folder, receiptPath)).toBe(first);
    // A round that has no session has no receipt, and a file in the way is told.
    expect(await keepReceipt(round, 'R09')).toBeNull();
    const blocked = join(emptyFolder(), 'a-file');
    writeFileSync(blocked, '');
    expect(await keepReceipt({ ...round, project: { ...project, root: blocked } }, 'R01')).toMatch(
      /^The receipt "coordination\/logs\/ROUND-R01-RECEIPT\.md" could not be written: /,
    );
  });
});
