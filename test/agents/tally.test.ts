import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deniedCountMax, doneCharsMax, emptyTally, fold, messageCharsMax } from '../../src/agents/tally.ts';
import { failureClasses } from '../../src/protocol/session.ts';
import type { FailureClass, SessionEvent } from '../../src/protocol/session.ts';

const failure = (kind: FailureClass, message = 'm', resetsAt: number | null = null): SessionEvent => ({
  type: 'failure',
  class: kind,
  message,
  resetsAt,
});
const done: SessionEvent = { type: 'done', text: 'ok', costUsd: 0.5, turns: 3, denied: [] };
const tallyOf = (...events: readonly SessionEvent[]) => events.reduce(fold, emptyTally());

describe('fold()', () => {
  it('counts tools and keeps who worked', () => {
    const started: SessionEvent = { type: 'started', sessionId: 's', model: 'opus' };
    const tool: SessionEvent = { type: 'tool', tool: 'Read', target: 'a' };
    expect(tallyOf(started, tool, tool, { type: 'started', sessionId: null, model: 'haiku' })).toMatchObject({
      sessionId: 's',
      model: 'haiku',
      tools: 2,
      done: false,
    });
  });

  it('keeps the closing text, cost and turns of the last done', () => {
    const last: SessionEvent = { type: 'done', text: 'again', costUsd: null, turns: null, denied: [] };
    expect(tallyOf(done, last)).toMatchObject({
      done: true,
      doneText: 'again',
      costUsd: 0.5,
      turns: 3,
      denied: [],
    });
  });

  it('lets a done clear an earlier failure, and a failure take back an earlier done', () => {
    expect(tallyOf(failure('overloaded'), done)).toMatchObject({ done: true, failure: null });
    expect(tallyOf(done, failure('crashed'))).toMatchObject({ done: false, failure: { class: 'crashed' } });
  });

  it('does not lose a known class or its reset time to a vaguer line', () => {
    expect(tallyOf(failure('rate-limited', 'first', 99), failure('failed', 'last')).failure).toEqual({
      class: 'rate-limited',
      message: 'last',
      resetsAt: 99,
    });
    expect(tallyOf(failure('rate-limited', 'first', 99), failure('auth')).failure).toEqual({
      class: 'auth',
      message: 'm',
      resetsAt: null,
    });
  });

  it('names each refused call once, with its target', () => {
    const denied: SessionEvent = { type: 'denied', tool: 'Write', target: 'a.md' };
    expect(tallyOf(denied, { ...denied, target: null }).denied).toEqual(['Write a.md', 'Write']);
  });

  it('stays small whatever the stream holds', () => {
    const text = fc.string({ maxLength: 5_000 });
    const event: fc.Arbitrary<SessionEvent> = fc.oneof(
      fc.record({ type: fc.constant('denied' as const), tool: text, target: fc.option(text) }),
      fc.record({
        type: fc.constant('failure' as const),
        class: fc.constantFrom(...failureClasses),
        message: text,
        resetsAt: fc.option(fc.nat()),
      }),
      fc.record({
        type: fc.constant('done' as const),
        text,
        costUsd: fc.constant(null),
        turns: fc.constant(null),
        denied: fc.constant([]),
      }),
      fc.record({ type: fc.constant('text' as const), text }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const tally = tallyOf(...events);
        expect(tally.denied.length).toBeLessThanOrEqual(deniedCountMax);
        expect(tally.doneText.length).toBeLessThanOrEqual(doneCharsMax);
        expect(tally.failure?.message.length ?? 0).toBeLessThanOrEqual(messageCharsMax);
        expect(tally.done && tally.failure !== null).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});
