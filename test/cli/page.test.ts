import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compare } from '../../src/domain/compare.ts';
import { classCosts } from '../../src/domain/classcost.ts';
import { totalsOf } from '../../src/domain/receipt.ts';
import { comparePage, costPage, pageStart } from '../../src/cli/page/page.ts';
import { readPrices } from '../../src/protocol/prices.ts';
import type { Receipt } from '../../src/protocol/receipt.ts';
import { usageClasses } from '../../src/protocol/usage.ts';
import { textOf } from '../docs/page.ts';
import { expectSelfContained, expectWhole } from '../rig/html.ts';
import { emptyFolder, projectWith, removeFolders } from '../rig/project.ts';
import { multichat, receiptOfShape, workflow } from '../rig/shapes.ts';
import { line } from './shell.ts';

afterAll(removeFolders);

const sheet = readPrices([{ path: 'state/prices.yaml', text: textOf('state/prices.yaml') }]).sheet;
const threaded = spread(receiptOfShape(workflow, sheet));
const separate = spread(receiptOfShape(multichat, sheet));
const page = costPage(threaded, sheet);
const bars = (text: string, id: string): readonly string[] =>
  [
    ...(text.split(`<section class="${id}">`)[1]?.split('</section>')[0] ?? '').matchAll(
      /<i\s+class="\w+"\s+style="([^"]*)"/g,
    ),
  ].map((match) => match[1] ?? '');

/** One session after the other, a minute each. */
function spread(receipt: Receipt): Receipt {
  const sessions = receipt.sessions.map((each, at) => ({
    ...each,
    endedAt: 1_790_000_000_000 + at * 60_000,
  }));
  return { ...receipt, sessions };
}

describe('costPage()', () => {
  it('needs nothing from outside, and forbids it', () => {
    expect(page.startsWith(pageStart)).toBe(true);
    expectSelfContained(page);
    expect(page).toContain('prefers-color-scheme: dark');
    expect(page).toContain('width=device-width');
  });

  it('closes every element that it opens', () => {
    expectWhole(page);
  });

  it('puts sessions where they were in time', () => {
    expect(bars(page, 'timeline')).toEqual([
      'left:0.00%;width:25.00%',
      'left:25.00%;width:25.00%',
      'left:50.00%;width:25.00%',
      'left:75.00%;width:25.00%',
    ]);
  });

  it('draws the parts of a cost to the length of the whole', () => {
    const widths = bars(page, 'cost').map((style) => Number(/width:([\d.]+)%/.exec(style)?.[1]));
    // The architect found a cold cache, so it is the dearest and fills its bar: writes, reads, answers.
    const [writes = 0, reads = 0, answers = 0] = widths;
    expect(widths).toHaveLength(12);
    expect(writes + reads + answers).toBeCloseTo(100, 1);
    expect(page).toContain('title="cache read: $');
  });

  it('draws a point for each request of each session', () => {
    const lines = [...page.matchAll(/<polyline class="s\d" points="([^"]*)"/g)].map((match) =>
      (match[1] ?? '').split(' '),
    );
    expect(lines.map((points) => points.length)).toEqual([11, 11, 11, 11]);
    const heights = (lines[0] ?? []).map((point) => Number(point.split(',')[1]));
    expect(heights).toEqual([...heights].sort((a, b) => b - a));
    expect(heights.at(-1)).toBe(10);
    expect(page).toContain('architect: 30.5k → 69.9k, 11 requests');
  });

  it('escapes what models wrote, also what turns the direction of writing', () => {
    const sessions = threaded.sessions.map((each) => ({
      ...each,
      role: '<script>alert("x")</script>',
      model: `a'"&b\u202e`,
      outcome: '<img>',
    }));
    const hostile = costPage({ ...threaded, round: '</title><b>', sessions }, sheet);
    expect(hostile).not.toMatch(/<script|<img|<\/title><b>|\u202e/);
    expect(hostile).toContain('&lt;script&gt;');
    expect(hostile).toContain('a&#39;&quot;&amp;b');
  });

  it('shows what nobody knows as unknown, and draws no bar for it', () => {
    const sessions = threaded.sessions.map((each) => ({
      ...each,
      usage: null,
      usd: null,
      requests: [],
      models: [],
    }));
    const blank = costPage({ ...threaded, sessions, totals: totalsOf(sessions) }, sheet);
    expect(bars(blank, 'cost')).toEqual([]);
    expect(blank).toContain('No agent of this round kept a record of its requests');
    expect(blank).toContain('Unknown: 4 sessions left no count of tokens');
    expect(blank).not.toMatch(/NaN|Infinity|undefined/);
    expect(costPage({ ...threaded, sessions: [] }, sheet)).toContain('no session that has ended');
  });
});

describe('classCosts()', () => {
  it('adds up to what the session cost', () => {
    for (const session of [...threaded.sessions, ...separate.sessions]) {
      const parts = classCosts(session, sheet);
      const sum = usageClasses.reduce((total, each) => total + (parts?.[each] ?? 0), 0);
      expect(sum).toBeCloseTo(session.usd ?? 0, 10);
    }
  });

  it('gives nothing where the sheet is not the one of the receipt', () => {
    const [session] = threaded.sessions;
    if (session === undefined) throw new Error('no session');
    expect(classCosts({ ...session, usd: 1 }, sheet)).toBeNull();
    expect(classCosts({ ...session, usd: null }, sheet)).toBeNull();
  });
});

describe('comparePage()', () => {
  const arm = (name: string, receipt: Receipt) => ({ name, runs: [{ receipt, acceptance: null }] }) as const;

  it('draws the arms side by side, with ratio and confounds', () => {
    const arms = [arm('workflow', threaded), arm('multichat', { ...separate, inputs: undefined as never })];
    const comparison = compare(arms, { base: 'multichat', tierIsTheArm: false });
    const drawn = comparePage(comparison, arms, sheet);
    expectWhole(drawn);
    expectSelfContained(drawn);
    expect(drawn).toContain('$8.81 · 2.26×');
    expect(drawn).toContain('CONFOUNDED');
    expect(drawn).toContain('workflow / multichat: 2.26× = 1.57× requests');
    expect(bars(drawn, 'arms').slice(0, 2)).toEqual(['width:100.00%', 'width:44.16%']);
  });
});

describe('--html', () => {
  it('splits costs by the prices of the project that --dir names', async () => {
    const text = 'models: { claude-opus-4-1: { prices: [{ cacheWrite5m: 1, cacheRead: 1, output: 1 }] } }\n';
    const own = readPrices([
      { path: 'state/prices.yaml', text: textOf('state/prices.yaml') },
      { path: 'own', text },
    ]).sheet;
    const project = projectWith({ 'coordination/state/prices.yaml': text });
    const folder = emptyFolder();
    writeFileSync(join(folder, 'a.json'), JSON.stringify(receiptOfShape(workflow, own)));
    writeFileSync(join(folder, 'b.json'), JSON.stringify(receiptOfShape(multichat, own)));
    const args = ['compare', '--from', 'a.json', 'b.json', '--html', 'page.html', '--dir', project];
    expect(await line(folder, args)).toMatchObject({ code: 0 });
    expect(bars(readFileSync(join(folder, 'page.html'), 'utf8'), 'cost').length).toBeGreaterThan(4);
  });

  it('saves a page, also over an earlier one, and writes over nothing else', async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'a.json'), JSON.stringify(threaded));
    writeFileSync(join(folder, 'b.json'), JSON.stringify(separate));
    writeFileSync(join(folder, 'notes.html'), '<p>mine');
    const save = (name: string) => line(folder, ['compare', '--from', 'a.json', 'b.json', '--html', name]);
    expect(await save('page.html')).toMatchObject({ code: 0 });
    expect((await save('page.html')).out).toContain('Saved page.html');
    expect(readFileSync(join(folder, 'page.html'), 'utf8')).toContain('2.26×');
    const { code, err } = await save('notes.html');
    expect(code).toBe(64);
    expect(err).toContain('is no page of next-role');
    expect(readFileSync(join(folder, 'notes.html'), 'utf8')).toBe('<p>mine');
    expect((await save('a.json/page.html')).code).toBe(64);
  });
});
