/** What was touched and what was refused, read from the recorded streams of two versions. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { claude } from '../../src/agents/claude.ts';
import { claudeTouches } from '../../src/agents/claudetouch.ts';
import { scripted } from '../../src/agents/scripted.ts';
import { touchesIn } from '../../src/agents/touch.ts';
import { noFacts } from '../../src/protocol/agentfacts.ts';
import { gather } from '../../src/domain/audit.ts';

function touchesOf(cassette: string): readonly string[] {
  const lines = readFileSync(`test/cassettes/${cassette}.stdout`, 'utf8').split('\n');
  return gather(lines.flatMap((line) => touchesIn(claude, line, noFacts))).map(
    ({ verb, target, end }) => `${verb} ${target ?? ''} ${end}`,
  );
}

describe('claudeTouches()', () => {
  // The older version names a file that a rule refused in its error text alone: nothing was read, for whatever reason.
  it.each([
    ['claude-330', 'refused'],
    ['claude-197', 'failed'],
  ])('tells what %s opened and what a rule %s', (version, end) => {
    expect(touchesOf(`${version}/hidden-read`)).toEqual([
      `read /project/coordination/logs/R01.log ${end}`,
      'run cat coordination/logs/R01.log refused',
      'search coordination/logs/** done',
    ]);
  });

  it('tells what a sub-agent touched', () => {
    expect(touchesOf('claude-330/subagent').length).toBeGreaterThan(1);
  });

  it('keeps a command whole, and never throws on a line that is none', () => {
    const command = `cat ${'x'.repeat(500)}`;
    const block = { type: 'tool_use', id: 't', name: 'Bash', input: { command } };
    const line = JSON.stringify({ type: 'assistant', message: { content: [block] } });
    expect(claudeTouches(line)).toEqual([
      { type: 'call', id: 't', tool: 'Bash', verb: 'run', target: command },
    ]);
    for (const odd of ['', '{', '{"type":"user"}', '{"type":"result","permission_denials":[1,null]}', 'null'])
      expect(() => claudeTouches(odd)).not.toThrow();
  });
});

describe('touchesIn()', () => {
  it('takes the tool events of an agent that says nothing more', () => {
    const lines = [
      '{"type":"tool","tool":"Bash","target":"npm test"}',
      '{"type":"denied","tool":"Bash","target":null}',
      '{"type":"text","text":"hello"}',
    ];
    expect(lines.flatMap((line) => touchesIn(scripted, line, noFacts))).toEqual([
      { type: 'call', id: null, tool: 'Bash', verb: 'run', target: 'npm test' },
      { type: 'refused', id: null, tool: 'Bash' },
    ]);
  });
});
