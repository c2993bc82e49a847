/**
 * Recorded streams of Codex 0.169.0, Gemini CLI 0.61.0 and opencode 1.18.33, each with the exit it had: what every line
 * reads as, and how the session is judged with the facts we ship. The streams of Claude Code are in claude.test.ts.
 */
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { agentOf } from '../../src/agents/index.ts';
import { emptyTally, fold } from '../../src/agents/tally.ts';
import { usageOf } from '../../src/agents/usage.ts';
import { sumUsage } from '../../src/protocol/usage.ts';
import { classify, noFacts } from '../../src/protocol/agentfacts.ts';
import type { AgentFacts } from '../../src/protocol/agentfacts.ts';
import type { Exit, Outcome, SessionEvent, Tally } from '../../src/protocol/session.ts';
import { shippedFacts } from './facts.ts';

type Kind = 'codex' | 'gemini' | 'opencode';
const kinds: readonly Kind[] = ['codex', 'gemini', 'opencode'];
const cassettes = new URL('../cassettes/', import.meta.url);
const textOf = (cassette: string): string => readFileSync(new URL(`${cassette}.stdout`, cassettes), 'utf8');
const kindOf = (cassette: string): Kind => kinds.find((kind) => cassette.startsWith(`${kind}/`)) ?? 'codex';

function eventsOf(
  cassette: string,
  facts: AgentFacts = shippedFacts[kindOf(cassette)],
): readonly SessionEvent[] {
  const agent = agentOf(kindOf(cassette));
  return textOf(cassette)
    .split('\n')
    .filter(Boolean)
    .map((line) => agent.read(line, facts));
}

const tallyOf = (cassette: string): Tally => eventsOf(cassette).reduce(fold, emptyTally());
const judged = (cassette: string, exit: Exit): Outcome =>
  agentOf(kindOf(cassette)).judge(exit, tallyOf(cassette), shippedFacts[kindOf(cassette)]);
const code = (value: number): Exit => ({ type: 'exited', code: value });
const words = (events: readonly SessionEvent[]): string =>
  events.map(({ type }) => (type === 'noise' ? '-' : type)).join(' ');

const retries = ' waiting'.repeat(5);
/** Cassette, exit, its events (a dash is noise), the judgement. */
const recorded: readonly (readonly [string, Exit, string, string])[] = [
  ['codex/happy', code(0), 'started - text tool - text done', 'done'],
  ['codex/schema', code(0), 'started - text done', 'done'],
  ['codex/429-2', code(0), 'started - waiting waiting text tool - text done', 'done'],
  ['codex/cut-mid', code(0), 'started - waiting text tool - text done', 'done'],
  ['codex/bg-session', code(0), 'started - tool text done', 'done'],
  // Nothing was said and nothing refused in the stream: that nothing was written is found by the artifacts.
  ['codex/empty', code(0), 'started - done', 'done'],
  ['codex/readonly', code(0), 'started - text text done', 'done'],
  ['codex/400', code(1), 'started - failure failure', 'failed'],
  ['codex/401', code(1), `started -${retries} failure failure`, 'auth'],
  ['codex/429-quota', code(1), 'started - failure failure', 'quota'],
  ['codex/429-usage', code(1), 'started - failure failure', 'rate-limited'],
  ['codex/503-forever', code(1), `started -${retries} failure failure`, 'overloaded'],
  ['codex/ctx', code(1), 'started - failure failure', 'context-too-long'],
  ['codex/nokey', code(1), 'started - failure failure', 'auth'],
  ['codex/refused', { type: 'stopped', why: 'total' }, `started -${' failure'.repeat(5)}`, 'network'],
  ['codex/sigint-hang', code(1), 'started -', 'crashed'],
  ['codex/sigterm-bash', { type: 'signalled', signal: 'SIGTERM' }, 'started - text tool', 'crashed'],
  ['gemini/happy', code(0), 'started - text tool - text done', 'done'],
  ['gemini/end-mid', code(0), 'started - text text tool - text done', 'done'],
  ['gemini/denied', code(0), 'started - text tool denied text done', 'done'],
  // It gave up by itself and ended with exit code 0 and a result "success".
  ['gemini/loop', code(0), `started -${' text tool -'.repeat(4)} text text failure done`, 'capped'],
  ['gemini/empty', code(0), 'started - failure failure', 'failed'],
  ['gemini/maxturns', code(53), `started -${' text tool -'.repeat(2)} failure`, 'capped'],
  ['gemini/429-quota', code(173), 'started - failure', 'quota'],
  ['gemini/401', code(145), 'started - failure', 'auth'],
  ['gemini/404', code(1), 'started - failure', 'failed'],
  ['gemini/sigterm-hang', code(0), 'started -', 'crashed'],
  // Nothing on stdout: the exit code is all there is.
  ['gemini/nokey', code(41), '', 'auth'],
  ['gemini/untrusted', code(55), '', 'denied'],
  ['gemini/401-json', code(145), '', 'auth'],
  ['gemini/maxturns-json', code(53), '', 'capped'],
  ['opencode/happy', code(0), 'started text tool usage started text done', 'done'],
  ['opencode/anthropic', code(0), 'started text tool usage started text done', 'done'],
  ['opencode/err-mid', code(0), 'started started text tool usage started text done', 'done'],
  ['opencode/denied', code(0), 'started denied text usage started text done', 'done'],
  // It ends after a refused call, with exit code 0, and another step never came.
  ['opencode/ask', code(0), 'started text denied usage', 'crashed'],
  ['opencode/401', code(1), 'failure', 'auth'],
  ['opencode/429-forever', code(1), 'failure', 'rate-limited'],
  ['opencode/badmodel', code(1), 'failure', 'failed'],
  ['opencode/bad-session', code(1), '', 'crashed'],
];

describe('read() and judge() on recorded streams', () => {
  it.each(recorded)('%s ended as %o reads as "%s" and is judged %s', (cassette, exit, events, expected) => {
    expect(words(eventsOf(cassette))).toBe(events);
    const outcome = judged(cassette, exit);
    expect(outcome.type === 'failed' ? outcome.class : outcome.type).toBe(expected);
  });

  it('every cassette is in the table; the one with another output format is read as noise', () => {
    const listed = recorded.map(([cassette]) => `${cassette}.stdout`);
    const present = kinds.flatMap((kind) =>
      readdirSync(new URL(kind, cassettes))
        .filter((file) => file.endsWith('.stdout'))
        .map((file) => `${kind}/${file}`),
    );
    expect(present.sort()).toEqual([...listed, 'gemini/json.stdout'].sort());
    expect(new Set(eventsOf('gemini/json').map(({ type }) => type))).toEqual(new Set(['noise']));
  });

  it('no exit code alone makes a session done', () => {
    for (const kind of kinds) {
      expect(agentOf(kind).judge(code(0), emptyTally(), noFacts)).toMatchObject({ class: 'crashed' });
    }
  });

  it('names what the program said, in its own words or those of the provider inside them', () => {
    expect(judged('codex/400', code(1))).toMatchObject({ message: 'mock bad request' });
    expect(judged('gemini/401', code(145))).toMatchObject({ message: 'mock bad key' });
    expect(judged('opencode/429-forever', code(1))).toMatchObject({ message: 'mock rate limited' });
  });

  it('tells session, model and refused calls as far as each program names them', () => {
    expect(tallyOf('codex/happy')).toMatchObject({
      sessionId: '01a203e1-2b69-7383-b453-ee934876a01d',
      model: null,
      doneText: 'ALL DONE',
      tools: 1,
    });
    expect(tallyOf('gemini/denied')).toMatchObject({ model: 'gemini-2.5-pro', denied: ['write_file'] });
    expect(tallyOf('opencode/ask')).toMatchObject({
      sessionId: 'ses_dfc0b5345ffefmlwOSdhFd3YWI',
      denied: ['write /project/coordination/NEXT-ROLE.md'],
    });
    expect(tallyOf('opencode/denied').denied).toEqual(['write']);
  });

  it('names paths in full and commands', () => {
    const tools = ['codex/happy', 'gemini/happy', 'opencode/happy'].flatMap((cassette) =>
      eventsOf(cassette).filter(({ type }) => type === 'tool'),
    );
    expect(tools).toMatchObject([
      { tool: 'command_execution', target: expect.stringContaining('/bin/bash -lc "printf') as string },
      { tool: 'write_file', target: '/project/coordination/NEXT-ROLE.md' },
      { tool: 'write', target: '/project/coordination/NEXT-ROLE.md' },
    ]);
  });

  it('a class is never read from what the model said or a tool printed', () => {
    const scary = 'status 401, Quota exceeded, hit your usage limit, Reconnecting, context window';
    const lines: readonly (readonly [Kind, object])[] = [
      ['codex', { type: 'item.completed', item: { type: 'agent_message', text: scary } }],
      ['codex', { type: 'item.completed', item: { type: 'command_execution', aggregated_output: scary } }],
      ['gemini', { type: 'message', role: 'assistant', content: scary }],
      ['gemini', { type: 'tool_result', status: 'success', output: scary }],
      ['opencode', { type: 'text', part: { text: scary } }],
      [
        'opencode',
        { type: 'tool_use', part: { tool: 'bash', state: { status: 'completed', output: scary } } },
      ],
    ];
    const read = lines.map(
      ([kind, line]) => agentOf(kind).read(JSON.stringify(line), shippedFacts[kind]).type,
    );
    expect(read).toEqual(['text', 'noise', 'text', 'noise', 'text', 'tool']);
  });

  it('a corrected rule changes the class, and without rules a failure is still one', () => {
    const facts = {
      ...noFacts,
      failures: [{ field: 'message', has: 'BAD REQUEST', class: 'refused' as const }],
    };
    expect(eventsOf('codex/400', facts).at(-1)).toMatchObject({ type: 'failure', class: 'refused' });
    expect(eventsOf('codex/401', noFacts).at(-1)).toMatchObject({ type: 'failure', class: 'failed' });
  });

  it('reads whatever line comes without throwing', () => {
    const type = fc.constantFrom(
      'error',
      'item.completed',
      'turn.failed',
      'result',
      'tool_result',
      'tool_use',
      'new',
    );
    const key = fc.constantFrom('item', 'error', 'message', 'part', 'status', 'tool_id', 'state', 'stats');
    const line = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .tuple(type, fc.dictionary(key, fc.jsonValue({ maxDepth: 3 })))
        .map(([name, rest]) => JSON.stringify({ ...rest, type: name })),
    );
    fc.assert(
      fc.property(line, fc.constantFrom(...kinds), (text, kind) => {
        expect(typeof agentOf(kind).read(text, shippedFacts[kind]).type).toBe('string');
      }),
      { numRuns: 1_000 },
    );
  });
});

/** Cassette, then input, cache write, cache read, output; null where the stream has no figures. */
const figures: readonly (readonly [string, readonly [number, number, number, number] | null])[] = [
  ...['happy', '429-2', 'cut-mid', 'bg-session', 'readonly'].map(
    (name) => [`codex/${name}`, [201, 0, 3000, 101]] as const,
  ),
  ...['schema', 'empty'].map((name) => [`codex/${name}`, [100, 0, 0, 50]] as const),
  ...[
    '400',
    '401',
    '429-quota',
    '429-usage',
    '503-forever',
    'ctx',
    'nokey',
    'refused',
    'sigint-hang',
    'sigterm-bash',
  ].map((name) => [`codex/${name}`, null] as const),
  // 14 of the 115 are thoughts, which no field but the total holds.
  ...['happy', 'denied', 'maxturns'].map((name) => [`gemini/${name}`, [201, 0, 3000, 115]] as const),
  ['gemini/end-mid', [301, 0, 3000, 172]],
  ['gemini/loop', [406, 0, 18000, 234]],
  ['gemini/empty', [400, 0, 0, 228]],
  ...['401', '404', '429-quota'].map((name) => [`gemini/${name}`, [0, 0, 0, 0]] as const),
  ...['sigterm-hang', 'nokey', 'untrusted', '401-json', 'maxturns-json'].map(
    (name) => [`gemini/${name}`, null] as const,
  ),
  ...['happy', 'denied', 'err-mid'].map((name) => [`opencode/${name}`, [201, 0, 3000, 101]] as const),
  ['opencode/anthropic', [201, 4000, 3000, 101]],
  ['opencode/ask', [100, 0, 0, 50]],
  ...['401', '429-forever', 'badmodel', 'bad-session'].map((name) => [`opencode/${name}`, null] as const),
];

describe('the usage of recorded streams', () => {
  it.each(figures)('%s used %o', (cassette, expected) => {
    const used = usageOf(tallyOf(cassette), 'ordered');
    const sum = used === null ? null : sumUsage(used.models.map(({ usage }) => usage));
    expect(sum).toEqual(
      expected === null
        ? null
        : {
            input: expected[0],
            cacheWrite5m: expected[1],
            cacheWrite1h: 0,
            cacheRead: expected[2],
            output: expected[3],
          },
    );
  });

  it('has a row for every cassette', () => {
    expect(figures.map(([cassette]) => cassette).sort()).toEqual(
      recorded.map(([cassette]) => cassette).sort(),
    );
  });

  it('names the model the stream names, else the ordered one, and the money where the program tells it', () => {
    const rows = (cassette: string) => usageOf(tallyOf(cassette), 'ordered')?.models;
    expect(rows('codex/happy')).toMatchObject([{ model: 'ordered', side: false, reportedUsd: null }]);
    expect(rows('gemini/happy')).toMatchObject([{ model: 'gemini-2.5-pro' }]);
    expect(rows('opencode/happy')).toMatchObject([{ model: 'ordered', requests: 2, reportedUsd: 0.00503 }]);
  });

  it('codex counts on over a resumed thread, and says so', () => {
    const [last] = eventsOf('codex/happy').slice(-1);
    expect(last).toMatchObject({ type: 'done', usage: { counts: 'thread' } });
  });
});

describe('classify()', () => {
  it('takes the first rule that holds, compares "is" whole and looks for "has" without regard to case', () => {
    const rules = [
      { field: 'status', is: '42', class: 'auth' },
      { field: 'message', has: 'Too Long', class: 'capped' },
      { field: 'message', has: 'too', class: 'quota' },
    ] as const;
    expect(classify({ status: 421, message: 'TOO LONG' }, rules)).toBe('capped');
    expect(classify({ status: 42, message: 'too' }, rules)).toBe('auth');
    expect(classify({ message: null }, rules)).toBeNull();
  });

  it('a field named like a method of every object matches no rule', () => {
    expect(classify({}, [{ field: 'constructor', has: 'Object', class: 'auth' }])).toBeNull();
  });
});
