import { noFacts } from '../../src/protocol/agentfacts.ts';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { command } from '../../src/agents/command.ts';
import { emptyTally, fold } from '../../src/agents/tally.ts';
import type { AgentSettings } from '../../src/protocol/policy.ts';
import type { Command } from '../../src/protocol/session.ts';
import { brief, order, place, settings } from './brief.ts';

const folder = mkdtempSync(join(tmpdir(), 'nr-command-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const shell = (run: string | null, args: readonly string[] = []): AgentSettings => ({
  ...settings,
  name: 'mine',
  kind: 'command',
  run,
  args,
});

/** Starts what the adapter says, as the runner would, and reads its lines. */
function played(start: Command) {
  const [program, ...args] = start.argv;
  for (const [name, text] of Object.entries(start.files)) writeFileSync(join(folder, name), text);
  const { stdout, status } = spawnSync(program, args, {
    env: { PATH: process.env['PATH'], ...start.env },
    input: start.stdin,
  });
  const lines = stdout.toString('utf8').split('\n').slice(0, -1);
  const tally = lines.map((line) => command.read(line, noFacts)).reduce(fold, emptyTally());
  return { lines, outcome: command.judge({ type: 'exited', code: status ?? -1 }, tally, noFacts) };
}

const here = { ...place, session: folder };

describe('the command agent', () => {
  it('gives the brief on stdin and as a file, and the order as variables', () => {
    const run =
      'cat; cat "$NEXT_ROLE_PROMPT_FILE"; echo "$NEXT_ROLE_ROLE $NEXT_ROLE_ROUND $NEXT_ROLE_TIER $NEXT_ROLE_MODEL"';
    const { lines, outcome } = played(command.command(order, brief, here, shell(run)));
    const prompt = ['You are one role of a round.', '', 'Review the change.'];
    expect(lines).toEqual([
      ...prompt.slice(0, -1),
      `${prompt[2] ?? ''}You are one role of a round.`,
      '',
      'Review the change.reviewer R07 full opus',
    ]);
    expect(outcome).toEqual({ type: 'done' });
  });

  it('names the handoff and the session', () => {
    const { env } = command.command(order, brief, place, shell('true'));
    expect(env).toMatchObject({
      NEXT_ROLE_HANDOFF: '/p/coordination/NEXT-ROLE.md',
      NEXT_ROLE_SESSION: place.sessionId,
      NEXT_ROLE_PROMPT_FILE: `${place.session}/prompt.md`,
    });
  });

  it('hands further arguments to the command line as they are', () => {
    const { lines } = played(
      command.command(order, brief, here, shell('printf "%s\\n"', ['a b', "it's", '$HOME'])),
    );
    expect(lines).toEqual(['a b', "it's", '$HOME']);
  });

  it('fails with the exit code, and as not started when the program is missing', () => {
    expect(played(command.command(order, brief, here, shell('exit 3'))).outcome).toMatchObject({
      class: 'crashed',
      message: 'the command ended with exit code 3',
    });
    expect(
      played(command.command(order, brief, here, shell('no-such-agent-here 2>/dev/null'))).outcome,
    ).toMatchObject({
      class: 'not-started',
    });
    expect(played(command.command(order, brief, here, shell(null))).outcome).toMatchObject({
      class: 'not-started',
    });
  });

  it('shows each line as plain text', () => {
    expect(command.read('\u001b[1;31mred\u001b[0m\u0007 and \u001b]0;title\u0007plain\r', noFacts)).toEqual({
      type: 'text',
      text: 'red and plain',
    });
    expect(command.read('  \u001b[0m', noFacts)).toEqual({ type: 'noise' });
    const long = command.read('x'.repeat(3_000_000), noFacts);
    expect(long.type === 'text' && long.text.length).toBe(4_000);
  });
});
