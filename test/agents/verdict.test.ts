import { describe, expect, it } from 'vitest';
import { emptyTally, fold } from '../../src/agents/tally.ts';
import { verdict } from '../../src/agents/verdict.ts';
import type { Exit, Tally } from '../../src/protocol/session.ts';

const silent = emptyTally();
const done = fold(silent, { type: 'done', text: '', costUsd: null, turns: null, denied: [] });
const auth = fold(silent, { type: 'failure', class: 'auth', message: 'no key', resetsAt: null });
const exited = (code: number): Exit => ({ type: 'exited', code });
const stopped = (why: Extract<Exit, { type: 'stopped' }>['why']): Exit => ({ type: 'stopped', why });

const table: readonly (readonly [string, Exit, Tally, string])[] = [
  ['exit 0 after done', exited(0), done, 'done'],
  ['exit 0 without a terminal event', exited(0), silent, 'crashed'],
  ['exit 1 after done', exited(1), done, 'crashed'],
  ['exit 0 after a failure', exited(0), auth, 'auth'],
  ['exit 1 after a failure', exited(1), auth, 'auth'],
  ['exit 127 without a word', exited(127), silent, 'not-started'],
  ['exit 127 after done', exited(127), done, 'crashed'],
  ['a signal', { type: 'signalled', signal: 'SIGSEGV' }, silent, 'crashed'],
  ['a signal after done', { type: 'signalled', signal: 'SIGKILL' }, done, 'done'],
  ['a signal after a failure', { type: 'signalled', signal: 'SIGKILL' }, auth, 'auth'],
  ['no first byte', stopped('first-byte'), silent, 'stalled'],
  ['idle', stopped('idle'), silent, 'stalled'],
  ['idle after a failure', stopped('idle'), auth, 'auth'],
  ['the total limit', stopped('total'), silent, 'stalled'],
  ['lingering after done', stopped('lingered'), done, 'done'],
  ['a pause', stopped('paused'), silent, 'paused'],
  ['a pause after a failure', stopped('paused'), auth, 'paused'],
  ['an interrupt', stopped('interrupted'), done, 'interrupted'],
  ['a lost end', { type: 'lost' }, silent, 'lost'],
  ['a lost end after done', { type: 'lost' }, done, 'done'],
  ['a lost end after a failure', { type: 'lost' }, auth, 'auth'],
  ['a missing program', { type: 'not-started', message: 'no such file' }, silent, 'not-started'],
];

describe('verdict()', () => {
  it.each(table)('%s', (_, exit, tally, expected) => {
    const outcome = verdict(exit, tally, 'agent');
    const word =
      outcome.type === 'failed' ? outcome.class : outcome.type === 'stopped' ? outcome.why : outcome.type;
    expect(word).toBe(expected);
  });

  it('says which program did what', () => {
    expect(verdict(exited(143), silent, 'claude')).toMatchObject({
      message: 'claude ended with exit code 143 (signal 15) and never said it was done',
    });
    expect(verdict(stopped('idle'), silent, 'claude')).toMatchObject({
      message: 'claude showed no sign of life within its idle limit',
    });
  });

  it('hands the reset time of a limit on', () => {
    const limited = fold(silent, { type: 'failure', class: 'rate-limited', message: 'm', resetsAt: 7 });
    expect(verdict(exited(1), limited, 'claude')).toEqual({
      type: 'failed',
      class: 'rate-limited',
      message: 'm',
      resetsAt: 7,
    });
  });
});
