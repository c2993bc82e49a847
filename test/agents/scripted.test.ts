import { agentKinds } from '../../src/protocol/statefile.ts';
import { noFacts } from '../../src/protocol/agentfacts.ts';
import { describe, expect, it } from 'vitest';
import { agentOf, agents } from '../../src/agents/index.ts';
import { scripted } from '../../src/agents/scripted.ts';
import type { AgentSettings } from '../../src/protocol/policy.ts';
import type { SessionEvent } from '../../src/protocol/session.ts';
import { brief, order, place, settings } from './brief.ts';

const script: AgentSettings = {
  ...settings,
  name: 'demo',
  kind: 'scripted',
  scenario: 'scripted/scenario.yaml',
};

describe('the scripted agent', () => {
  it('starts this program on the scenario of the project', () => {
    const { argv, env } = scripted.command(order, brief, place, script);
    expect(argv).toEqual(['/usr/bin/node', '/opt/next-role/main.js', 'play', '/p/scripted/scenario.yaml']);
    expect(env).toMatchObject({
      NEXT_ROLE_ROLE: 'reviewer',
      NEXT_ROLE_ROUND: 'R07',
      NEXT_ROLE_VISIT: '2',
      NEXT_ROLE_ATTEMPT: '1',
      NEXT_ROLE_TIER: 'full',
      NEXT_ROLE_HANDOFF: '/p/coordination/NEXT-ROLE.md',
    });
  });

  it('keeps an absolute scenario path, and names none when none is set', () => {
    const absolute = scripted.command(order, brief, place, { ...script, scenario: '/s/x.yaml' });
    expect(absolute.argv.at(-1)).toBe('/s/x.yaml');
    expect(scripted.command(order, brief, place, { ...script, scenario: null }).argv.at(-1)).toBe('');
  });

  const events: readonly SessionEvent[] = [
    { type: 'started', sessionId: 's', model: null },
    { type: 'text', text: 'hello' },
    { type: 'tool', tool: 'Write', target: 'a.md' },
    { type: 'denied', tool: 'Read', target: null },
    { type: 'waiting', reason: 'limit', untilMs: 5 },
    { type: 'failure', class: 'quota', message: 'spent', resetsAt: null },
    {
      type: 'done',
      text: 'ok',
      costUsd: 0,
      turns: 2,
      denied: [],
      usage: { counts: 'session', models: [] },
    },
    { type: 'noise' },
  ];

  it.each(events)('reads its own line back: $type', (event) => {
    expect(scripted.read(JSON.stringify(event), noFacts)).toEqual(event);
  });

  it('takes every other line as noise and an unknown class as failed', () => {
    for (const line of ['', 'hello', '[1]', '{"type":3}', '{"type":"result"}', '{"type":"done"', 'null']) {
      expect(scripted.read(line, noFacts)).toEqual({ type: 'noise' });
    }
    expect(scripted.read('{"type":"failure","class":"bored"}', noFacts)).toMatchObject({
      class: 'failed',
      message: '',
    });
  });
});

describe('agentOf()', () => {
  it('gives each kind its own adapter', () => {
    expect(agents.map(({ kind }) => kind)).toEqual([...agentKinds]);
    for (const kind of agentKinds) expect(agentOf(kind).kind).toBe(kind);
    expect(agentOf('claude').program).toBe('claude');
  });
});
