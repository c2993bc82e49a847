/**
 * The agents' own records of recorded sessions (test/cassettes/transcripts/; Claude Code 2.1.330 and 2.1.197, Codex
 * 0.169.0): what they come to, above all where the stream gave nothing because the session was killed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { claudeTranscript } from '../../src/agents/claudetranscript.ts';
import { codexRollout } from '../../src/agents/codexrollout.ts';
import { geminiChat } from '../../src/agents/geminichat.ts';
import { reconciled, markSides, requestsKeptMax } from '../../src/agents/usage.ts';
import { zeroUsage } from '../../src/protocol/usage.ts';
import type { RequestUsage, SessionUsage } from '../../src/protocol/usage.ts';
import type { TranscriptFile } from '../../src/protocol/transcript.ts';

const folder = new URL('../cassettes/transcripts/', import.meta.url);
const text = (path: string): string => readFileSync(new URL(path, folder), 'utf8');
const record = (path: string): readonly TranscriptFile[] => [{ path, text: text(`${path}.jsonl`) }];
const of = { since: 0, own: [] };
const summed = (usage: SessionUsage | null) =>
  usage?.models.map((row) => [row.model, row.side, ...Object.values(row.usage)]);

const opus = 'claude-opus-5-5';
const two = [201, 4000, 0, 3000, 101] as const;
type Row = readonly [model: string, side: boolean, ...classes: readonly number[]];
/** Record, its totals, its requests, and whether one was under way at the end. */
const recorded: readonly (readonly [string, readonly Row[], number, boolean])[] = [
  ['claude-330/json', [[opus, false, ...two]], 2, false],
  // Killed while a tool ran: no result, and yet the whole spend.
  ['claude-330/sigterm-bash', [[opus, false, 100, 2000, 0, 0, 50]], 1, false],
  ['claude-330/sigterm-hang', [], 0, true],
  ['claude-330/sigint-hang', [], 0, true],
  // The closing row has the attempt whose stream was cut; it is no message.
  ['claude-330/cut-mid', [[opus, false, 301, 6000, 0, 3000, 107]], 2, false],
  ['claude-330/stop-maxtokens', [[opus, false, 400, 8000, 0, 0, 200]], 4, false],
  // Ended with SIGKILL: there is no closing row, so the messages are summed, each id once.
  ['claude-330/bg-forever', [[opus, false, ...two]], 2, false],
  ['claude-330/bg-bash', [[opus, false, 302, 6000, 0, 6000, 152]], 3, false],
  ['claude-330/budget', [[opus, false, 510, 10000, 0, 30000, 260]], 5, false],
  ['claude-330/529-fallback', [['claude-haiku-5-5', false, ...two]], 2, false],
  ['claude-197/json', [['claude-opus-4-8', false, ...two]], 2, false],
  ['claude-197/bg-bash', [['claude-opus-4-8', false, ...two]], 2, false],
  ['claude-197/budget', [['claude-opus-4-8', false, 406, 8000, 0, 18000, 206]], 4, false],
];

describe('claudeTranscript', () => {
  it.each(recorded)('%s', (path, rows, requests, isOpen) => {
    const usage = claudeTranscript.read(record(path), of);
    expect(summed(usage)).toEqual(rows);
    expect(usage?.requests).toHaveLength(requests);
    expect(usage?.isOpen).toBe(isOpen);
    expect(usage?.source).toBe('transcript');
  });

  it('knows the requests of a subagent from those of its session', () => {
    const sub = 'claude-330/subagent/subagents/agent-a';
    const usage = claudeTranscript.read([...record('claude-330/subagent'), ...record(sub)], of);
    expect(usage?.requests.map(({ side }) => side).sort()).toEqual([false, false, true, true]);
    const total = usage?.models.map((row) => Object.values(row.usage));
    expect(total?.[0]?.map((_, at) => total.reduce((sum, row) => sum + (row[at] ?? 0), 0))).toEqual([
      402, 8000, 0, 6000, 202,
    ]);
  });

  it('counts a repeated message once, by its last row', () => {
    const row = (output: number): string =>
      JSON.stringify({
        type: 'assistant',
        message: { id: 'm', model: 'x', usage: { input_tokens: 1, output_tokens: output } },
      });
    const usage = claudeTranscript.read([{ path: 'a', text: [row(1), row(306), row(3_482)].join('\n') }], of);
    expect(summed(usage)).toEqual([['x', false, 1, 0, 0, 0, 3_482]]);
  });

  it('leaves out what an earlier process of a resumed session used, also in the closing row', () => {
    const all = claudeTranscript.read(record('claude-330/json'), of);
    const second = all?.requests[1]?.at ?? 0;
    const usage = claudeTranscript.read(record('claude-330/json'), { since: second, own: [] });
    expect(summed(usage)).toEqual([[opus, false, 101, 2000, 0, 3000, 51]]);
  });

  it('says nothing where there is no record, and survives any line', () => {
    expect(claudeTranscript.read([], of)).toBeNull();
    const noise = ['', '{', '[]', '{"type":"assistant"}', '{"type":"assistant","message":{"usage":3}}'].join(
      '\n',
    );
    expect(claudeTranscript.read([{ path: 'a', text: noise }], of)?.models).toEqual([]);
    expect(codexRollout.read([{ path: 'a', text: noise }], of)?.models).toEqual([]);
    expect(geminiChat.read([{ path: 'a', text: noise }], of)?.models).toEqual([]);
  });
});

describe('codexRollout', () => {
  it.each([
    ['codex/happy', [['gpt-5.5', false, 201, 0, 0, 3000, 101]], 2, false],
    ['codex/sigterm-bash', [['gpt-5.5', false, 100, 0, 0, 0, 50]], 1, true],
    ['codex/sigint-hang', [], 0, true],
    ['codex/cut-mid', [['gpt-5.5', false, 201, 0, 0, 3000, 101]], 2, false],
  ] as const)('%s', (path, rows, requests, isOpen) => {
    const usage = codexRollout.read(record(path), of);
    expect(summed(usage)).toEqual(rows);
    expect(usage?.requests).toHaveLength(requests);
    expect(usage?.isOpen).toBe(isOpen);
  });

  it('leaves out what an earlier process of a resumed thread used', () => {
    const second = codexRollout.read(record('codex/happy'), of)?.requests[1]?.at ?? 0;
    expect(summed(codexRollout.read(record('codex/happy'), { since: second, own: [] }))).toEqual([
      ['gpt-5.5', false, 101, 0, 0, 3000, 51],
    ]);
  });
});

describe('geminiChat', () => {
  it('counts a repeated row once, and thoughts as output', () => {
    const row = (output: number): string =>
      JSON.stringify({
        id: 'r1',
        timestamp: '2026-11-22T15:34:42.553Z',
        type: 'gemini',
        model: 'gemini-2.5-pro',
        tokens: { input: 3_101, output, cached: 3_000, thoughts: 7, tool: 0, total: 3_108 + output },
      });
    const lines = ['{"type":"user","id":"u"}', row(1), row(51)].join('\n');
    expect(geminiChat.read([{ path: 'a', text: lines }], of)).toEqual({
      source: 'transcript',
      models: [
        {
          model: 'gemini-2.5-pro',
          side: false,
          usage: { ...zeroUsage, input: 101, cacheRead: 3_000, output: 58 },
          requests: 1,
          reportedUsd: null,
        },
      ],
      requests: [
        {
          model: 'gemini-2.5-pro',
          side: false,
          at: Date.parse('2026-11-22T15:34:42.553Z'),
          usage: { ...zeroUsage, input: 101, cacheRead: 3_000, output: 58 },
        },
      ],
      isOpen: false,
    });
    expect(geminiChat.read([{ path: 'a', text: '{"type":"user"}' }], of)?.isOpen).toBe(true);
  });
});

describe('reconciled()', () => {
  const request: RequestUsage = { model: 'm', side: false, at: 1, usage: { ...zeroUsage, input: 5 } };
  const row = { model: 'm', side: false, usage: request.usage, requests: 1, reportedUsd: null };
  const kept: SessionUsage = { source: 'transcript', models: [row], requests: [request], isOpen: true };
  const said: SessionUsage = {
    source: 'result',
    models: [{ ...row, model: null, usage: { ...zeroUsage, input: 9 } }],
    requests: [],
    isOpen: false,
  };

  it('takes totals from the stream, and names and requests from the record', () => {
    expect(reconciled(said, kept, false)).toEqual({
      ...said,
      models: [{ ...row, usage: { ...zeroUsage, input: 9 } }],
      requests: [request],
    });
  });

  it('takes the record of a conversation of which the stream tells only the whole', () => {
    expect(reconciled(said, kept, true)).toEqual({ ...said, models: [row], requests: [request] });
  });

  it('tells the side models of a stream that did not say which model worked', () => {
    const models = ['classifier', 'm'].map((model) => ({ ...row, model }));
    const sides = (own: SessionUsage['models']) =>
      reconciled({ ...said, models: own }, kept, false)?.models.map(({ side }) => side);
    expect(sides(models)).toEqual([true, false]);
    // What the stream knew stands, and a record of other names changes nothing.
    expect(sides(models.map((each) => ({ ...each, side: each.model === 'm' })))).toEqual([false, true]);
    expect(sides(models.map((each) => ({ ...each, model: `${each.model}[1m]` })))).toEqual([false, false]);
    expect(markSides(models, ['auto']).some(({ side }) => side)).toBe(false);
  });

  it('is the one that there is', () => {
    expect(reconciled(null, kept, false)).toEqual(kept);
    expect(reconciled(said, null, true)).toEqual(said);
    expect(reconciled(null, null, false)).toBeNull();
  });

  it('keeps totals alone of a session of very many requests', () => {
    const many = { ...kept, requests: Array.from({ length: requestsKeptMax + 1 }, () => request) };
    expect(reconciled(said, many, false)?.requests).toEqual([]);
  });
});

it('no record holds a path of the machine it was made on or an address that is not loopback', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.jsonl'),
  );
  expect(files.length).toBeGreaterThan(15);
  for (const file of files) {
    expect(text(file), file).not.toMatch(/\/(?:home|root|Users)\/|https?:\/\/(?!127\.0\.0\.1)/);
  }
});
