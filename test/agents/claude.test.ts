/**
 * The streams in test/cassettes/ were recorded from the real program, versions 2.1.330 and 2.1.197, against a model
 * on loopback; only paths and links were replaced. Exit codes are those of the recorded runs.
 */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowRules, claude, denyRules } from '../../src/agents/claude.ts';
import { emptyTally, fold } from '../../src/agents/tally.ts';
import type { Exit, SessionEvent, Tally } from '../../src/protocol/session.ts';
import { brief, order, place, settings } from './brief.ts';
import { shippedFacts } from './facts.ts';

const facts = shippedFacts.claude;
const cassettes = new URL('../cassettes/', import.meta.url);

function eventsOf(cassette: string): readonly SessionEvent[] {
  const text = readFileSync(new URL(`${cassette}.stdout`, cassettes), 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => claude.read(line, facts));
}

function tallyOf(cassette: string): Tally {
  return eventsOf(cassette).reduce(fold, emptyTally());
}

const code = (value: number): Exit => ({ type: 'exited', code: value });

/** Cassette, exit, its events (a dash is noise), the judgement. */
const recorded: readonly (readonly [string, Exit, string, string])[] = [
  ['claude-330/json', code(0), 'done', 'done'],
  ['claude-330/session-id', code(0), 'done', 'done'],
  ['claude-330/schema', code(0), 'done', 'done'],
  ['claude-330/schema-never', code(0), 'started text - text done', 'done'],
  ['claude-330/schema-bad', code(1), 'started tool - tool - tool - tool - tool - failure', 'failed'],
  ['claude-330/429-2', code(0), 'started waiting waiting text tool - text done', 'done'],
  ['claude-330/cut-mid', code(0), 'started waiting text tool - text done', 'done'],
  ['claude-330/oauth-warn', code(0), 'started text tool text - text done', 'done'],
  [
    'claude-330/529-fallback',
    code(0),
    'started waiting waiting started waiting text tool - text done',
    'done',
  ],
  ['claude-330/subagent', code(0), 'started tool - - - tool - - - - text done', 'done'],
  ['claude-330/partial', code(0), 'started - - - - text - - - tool - - - - - - - - text - - - done', 'done'],
  ['claude-330/bg-bash', code(0), 'started text tool - - - text done - - - started text done', 'done'],
  ['claude-330/denied', code(0), 'started text tool denied - text done', 'done'],
  ['claude-330/denied-none', code(0), 'started text tool denied - text done', 'done'],
  ['claude-330/dontask', code(0), 'started text tool - text tool denied - text done', 'done'],
  ['claude-330/hidden-read', code(0), 'started tool - tool denied - tool - text done', 'done'],
  ['claude-330/maxturns', code(1), 'started text tool - text tool - failure', 'capped'],
  ['claude-330/maxturns-json', code(1), 'failure', 'capped'],
  ['claude-330/budget', code(1), `started${' text tool -'.repeat(4)} text tool failure`, 'capped'],
  ['claude-330/stop-maxtokens', code(1), 'started text - text - text - text failure failure', 'capped'],
  ['claude-330/401-r0', code(1), 'started failure failure', 'auth'],
  ['claude-330/nokey', code(1), 'started failure failure', 'auth'],
  ['claude-330/400-credit', code(1), 'started failure failure', 'quota'],
  ['claude-330/400-toolong', code(1), 'started failure failure', 'context-too-long'],
  ['claude-330/404', code(1), 'started failure failure', 'failed'],
  ['claude-330/garbage', code(1), 'started failure failure', 'failed'],
  ['claude-330/429-forever-r2', code(1), 'started waiting waiting failure failure', 'rate-limited'],
  ['claude-330/429-oauth', code(1), 'started failure failure failure', 'rate-limited'],
  ['claude-330/529-forever-r2', code(1), 'started waiting waiting failure failure', 'overloaded'],
  ['claude-330/err-mid-forever', code(1), 'started waiting failure failure', 'overloaded'],
  ['claude-330/refused', code(1), 'started waiting failure failure', 'network'],
  ['claude-330/stop-refusal', code(1), 'started - - - failure failure', 'refused'],
  ['claude-330/sigint-hang', code(0), 'started -', 'crashed'],
  ['claude-330/sigint-bash', code(0), 'started text tool - - failure', 'crashed'],
  ['claude-330/sigterm-hang', code(143), 'started', 'crashed'],
  ['claude-330/sigterm-bash', code(143), 'started text tool -', 'crashed'],
  [
    'claude-330/bg-forever',
    { type: 'stopped', why: 'lingered' },
    'started text tool - - - text done',
    'done',
  ],
  ['claude-197/json', code(0), 'done', 'done'],
  ['claude-197/session-id', code(0), 'done', 'done'],
  ['claude-197/denied', code(0), 'started text tool - text done', 'done'],
  ['claude-197/hidden-read', code(0), 'started tool - tool - tool - text done', 'done'],
  ['claude-197/bg-bash', code(0), 'started text tool - - text done - -', 'done'],
  ['claude-197/maxturns', code(1), 'started text tool - text tool - failure', 'capped'],
  ['claude-197/budget', code(1), `started${' text tool -'.repeat(3)} text tool failure`, 'capped'],
  ['claude-197/401-r0', code(1), 'started failure failure', 'auth'],
  ['claude-197/429-oauth', code(1), 'started failure failure failure', 'rate-limited'],
  ['claude-197/529-forever-r2', code(1), 'started waiting waiting failure failure', 'overloaded'],
  ['claude-197/sigint-bash', code(1), 'started text tool - - failure', 'crashed'],
];

describe('claude.read() and claude.judge() on recorded streams', () => {
  it.each(recorded)('%s ended as %o reads as "%s" and is judged %s', (cassette, exit, events, judged) => {
    expect(words(eventsOf(cassette))).toBe(events);
    const outcome = claude.judge(exit, tallyOf(cassette), facts);
    expect(outcome.type === 'failed' ? outcome.class : outcome.type).toBe(judged);
  });

  it('every cassette is in the table', () => {
    const listed = recorded.map(([cassette]) => `${cassette}.stdout`).sort();
    const present = ['claude-197', 'claude-330'].flatMap((folder) =>
      readdirSync(new URL(folder, cassettes)).map((file) => `${folder}/${file}`),
    );
    expect(present.sort()).toEqual(listed);
  });

  it('no cassette holds a path of the machine it was made on or an address that is not loopback', () => {
    for (const [cassette] of recorded) {
      const text = readFileSync(new URL(`${cassette}.stdout`, cassettes), 'utf8');
      expect(text, cassette).not.toMatch(/\/(?:home|root|Users)\/|https?:\/\/(?!127\.0\.0\.1)/);
    }
  });

  it('the init event names the session and the model', () => {
    expect(eventsOf('claude-330/dontask')[0]).toEqual({
      type: 'started',
      sessionId: 'c3239f23-3705-491c-a6d4-3f2cda140576',
      model: 'claude-opus-5-5',
    });
  });

  it('tool calls name the whole path, or the command', () => {
    const tools = eventsOf('claude-330/hidden-read').filter(({ type }) => type === 'tool');
    expect(tools).toEqual([
      { type: 'tool', tool: 'Read', target: '/project/coordination/logs/R01.log' },
      { type: 'tool', tool: 'Bash', target: 'cat coordination/logs/R01.log' },
      { type: 'tool', tool: 'Glob', target: 'coordination/logs/**' },
    ]);
  });

  it('a long command is cut, a long path is not', () => {
    const call = (input: object) =>
      claude.read(
        JSON.stringify({ type: 'assistant', message: { content: [{ type: 'tool_use', name: 'X', input }] } }),
        facts,
      );
    expect(call({ command: 'a'.repeat(500) })).toMatchObject({ target: `${'a'.repeat(119)}…` });
    expect(call({ file_path: `/${'a'.repeat(500)}` })).toMatchObject({ target: `/${'a'.repeat(500)}` });
  });

  it('a retry is a wait with its reason', () => {
    expect(eventsOf('claude-330/429-forever-r2')[1]).toEqual({
      type: 'waiting',
      reason: 'rate_limit (HTTP 429), retry 1 of 2 in 1.2 s',
      untilMs: null,
    });
  });

  it('a usage limit keeps the reset time of its own event, in milliseconds', () => {
    for (const [cassette, resetsAt] of [
      ['claude-330/429-oauth', 1_795_368_349_000],
      ['claude-197/429-oauth', 1_795_370_711_000],
    ] as const) {
      expect(claude.judge(code(1), tallyOf(cassette), facts)).toMatchObject({
        class: 'rate-limited',
        resetsAt,
      });
    }
  });

  it('the model that answered after a fallback is the one in the tally', () => {
    expect(tallyOf('claude-330/529-fallback').model).toBe('claude-haiku-5-5');
  });

  it('cost and turns are those of the last result line', () => {
    expect(tallyOf('claude-330/bg-bash')).toMatchObject({ costUsd: 0.035448, tools: 1 });
  });

  it('refused tool calls are named with their target, in both versions', () => {
    for (const version of ['claude-330', 'claude-197']) {
      expect(tallyOf(`${version}/denied`)).toMatchObject({
        doneText: 'ALL DONE',
        denied: ['Write /project/coordination/NEXT-ROLE.md'],
      });
    }
  });

  it('a class is never read from a text or a tool output', () => {
    const scary = 'API Error: 401 authentication_failed, credit balance is too low, rate_limit';
    const text = { type: 'assistant', message: { content: [{ type: 'text', text: scary }] } };
    const output = {
      type: 'user',
      message: { content: [{ type: 'tool_result', content: scary, is_error: true }] },
    };
    const result = { is_error: false, result: scary, subtype: 'success', type: 'result' };
    const events = [text, output, result].map((line) => claude.read(JSON.stringify(line), facts));
    expect(words(events)).toBe('text - done');
    expect(claude.judge(code(0), events.reduce(fold, emptyTally()), facts)).toEqual({ type: 'done' });
  });

  it('a field named like a method of every object has no class', () => {
    const line = {
      type: 'result',
      subtype: 'constructor',
      terminal_reason: '__proto__',
      api_error: 'toString',
    };
    expect(claude.read(JSON.stringify(line), facts)).toMatchObject({ type: 'failure', class: 'failed' });
    const message = { type: 'assistant', error: 'constructor', message: { content: [] } };
    expect(claude.read(JSON.stringify(message), facts)).toMatchObject({ type: 'failure', class: 'failed' });
  });

  it('403 is a login problem and 503 an overload', () => {
    const ofStatus = (status: number) =>
      claude.read(
        JSON.stringify({ type: 'result', subtype: 'success', is_error: true, api_error_status: status }),
        facts,
      );
    expect(ofStatus(403)).toMatchObject({ class: 'auth' });
    expect(ofStatus(503)).toMatchObject({ class: 'overloaded' });
  });

  it('reads whatever line comes without throwing', () => {
    const events = ['started', 'text', 'tool', 'denied', 'waiting', 'failure', 'done', 'noise'];
    const value = fc.jsonValue({ maxDepth: 4 });
    const type = fc.constantFrom('system', 'assistant', 'user', 'result', 'rate_limit_event', 'new');
    const key = fc.constantFrom(
      'subtype',
      'message',
      'content',
      'error',
      'rate_limit_info',
      'errors',
      'is_error',
    );
    const line = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .tuple(type, fc.dictionary(key, value))
        .map(([name, rest]) => JSON.stringify({ ...rest, type: name })),
    );
    fc.assert(
      fc.property(line, (text) => events.includes(claude.read(text, facts).type)),
      { numRuns: 2_000 },
    );
  });
});

describe('claude.command()', () => {
  const command = claude.command(order, brief, place, settings);

  it('asks for one headless session that is what the order says', () => {
    expect(command.argv).toEqual([
      'claude',
      '-p',
      '--output-format',
      'stream-json',
      '--verbose',
      '--permission-mode',
      'dontAsk',
      '--setting-sources',
      '',
      '--strict-mcp-config',
      '--session-id',
      '11111111-2222-4333-8444-555555555555',
      '--model',
      'opus',
      '--tools',
      'Read,Grep,Write,Edit',
      '--allowedTools',
      'Read,Grep,Edit(/coordination/reviews/REVIEWER-REPORT-R07.md),Edit(/coordination/NEXT-ROLE.md)',
      '--disallowedTools',
      'Read(/coordination/logs/**)',
      'Edit(/coordination/logs/**)',
      'Read(/coordination/specs/Q-R07-SPEC-AUDIT.md)',
      'Edit(/coordination/specs/Q-R07-SPEC-AUDIT.md)',
      '--append-system-prompt-file',
      '/p/.next-role/sessions/R07.2-reviewer/system.md',
      '--max-turns',
      '40',
    ]);
  });

  it('passes on what is left of a budget, and nothing where nothing bounds it', () => {
    const capped = (maxUsd: number | null) =>
      claude.command(order, { ...brief, maxUsd }, place, settings).argv;
    const { argv } = command;
    expect(capped(0.02).join(' ')).toBe(
      argv.join(' ').replace('--max-turns 40', '--max-turns 40 --max-budget-usd 0.02'),
    );
    expect(capped(null)).toEqual(argv);
  });

  it('sends the prompt on stdin and the system text as a file of the session', () => {
    expect(command.stdin).toBe('Review the change.');
    expect(command.files).toEqual({ 'system.md': 'You are one role of a round.' });
  });

  it('bounds retries and requests and switches off what outlives or surprises', () => {
    expect(command.env).toMatchObject({
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
      CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: '1',
      CLAUDE_CODE_DISABLE_AUTO_MEMORY: '1',
      CLAUDE_CODE_MAX_RETRIES: '3',
      API_TIMEOUT_MS: '120000',
      NEXT_ROLE_HANDOFF: '/p/coordination/NEXT-ROLE.md',
    });
  });

  it('passes the login of Claude Code on, other clouds only when asked', () => {
    expect(command.passEnv).toEqual(['ANTHROPIC_*', 'CLAUDE_CODE_*', 'CLAUDE_CONFIG_DIR']);
    const cloud = claude.command(order, brief, place, { ...settings, env: ['AWS_*'] });
    expect(cloud.passEnv).toContain('AWS_*');
  });

  it('takes another program and further arguments from the settings, and no model when none is chosen', () => {
    const other = { ...settings, run: '/opt/claude', args: ['--effort', 'high'] };
    const { argv } = claude.command({ ...order, model: null }, brief, place, other);
    expect(argv[0]).toBe('/opt/claude');
    expect(argv.slice(-2)).toEqual(['--effort', 'high']);
    expect(argv).not.toContain('--model');
  });

  it('allows Bash only to a role that has it', () => {
    expect(command.argv.join(' ')).not.toContain('Bash');
    const withBash = claude.command(order, { ...brief, tools: ['Read', 'Bash'] }, place, settings);
    expect(withBash.argv).toContain('Read,Bash');
  });
});

describe('allowRules()', () => {
  it('lets a role write only where its contract says, through the one rule that governs writing', () => {
    expect(allowRules(['Read', 'Write', 'Edit', 'Bash'], ['coordination/specs/', 'a(1).md'])).toEqual([
      'Read',
      'Bash',
      'Edit(/coordination/specs/**)',
      'Edit(/a?1?.md)',
    ]);
  });

  it('leaves the tools of a role that may write anywhere, and of one that may not write at all', () => {
    expect(allowRules(['Read', 'Write'], ['**', 'coordination/'])).toEqual(['Read', 'Write']);
    expect(allowRules(['Read', 'Grep'], ['coordination/'])).toEqual(['Read', 'Grep']);
  });
});

describe('denyRules()', () => {
  const free = { hidden: [], writable: [], protected: [], owed: [], handoff: 'coordination/NEXT-ROLE.md' };

  it('forbids to write what is protected, but for a folder in which the role owes or may write something', () => {
    const rules = denyRules({
      ...free,
      writable: ['**', 'coordination/diagnostics/D-*.md'],
      protected: ['coordination/PRD.md', 'coordination/specs/', 'coordination/diagnostics/'],
      owed: ['coordination/specs/Q-R01-SPEC.md'],
    });
    expect(rules).toEqual(['Edit(/coordination/PRD.md)']);
  });

  it('roots every pattern at the project', () => {
    expect(denyRules({ ...free, hidden: ['NOTES.md', 'a/*.log', 'b/'] })).toEqual([
      'Read(/NOTES.md)',
      'Edit(/NOTES.md)',
      'Read(/a/*.log)',
      'Edit(/a/*.log)',
      'Read(/b/**)',
      'Edit(/b/**)',
    ]);
  });

  it('has no rule for a folder the role must write into, because a Read rule would refuse the writing too', () => {
    expect(
      denyRules({
        ...free,
        hidden: ['logs/', 'diagnostics/'],
        writable: ['logs/ROUND-R07-SUMMARY.md'],
      }),
    ).toEqual(['Read(/diagnostics/**)', 'Edit(/diagnostics/**)']);
  });

  it('keeps its rules for a role that may write anywhere', () => {
    expect(denyRules({ ...free, hidden: ['logs/'], writable: ['**'] })).toHaveLength(2);
  });

  it('matches characters that would end or split a rule by a wildcard', () => {
    expect(denyRules({ ...free, hidden: ['odd (x), [y].md'] })[0]).toBe('Read(/odd ?x?? ?y?.md)');
  });
});

function words(events: readonly SessionEvent[]): string {
  return events.map(({ type }) => (type === 'noise' ? '-' : type)).join(' ');
}
