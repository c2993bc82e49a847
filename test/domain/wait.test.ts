import { describe, expect, it } from 'vitest';
import { step, type MachineState } from '../../src/domain/machine.ts';
import { describe as situate } from '../../src/domain/situation.ts';
import type { MachineEvent } from '../../src/protocol/event.ts';
import type { FailureClass } from '../../src/protocol/session.ts';
import { initialState } from '../../src/domain/machine.ts';
import { ended, facts, read, settled } from '../rig/facts.ts';
import { testPolicy } from '../rig/policy.ts';

const policy = testPolicy();

function walk(state: MachineState, ...events: readonly MachineEvent[]): MachineState {
  return events.reduce((now, event) => step(policy, now, event).state, state);
}

const claimedEvent = (at: number): MachineEvent => ({ type: 'CLAIMED', at, digest: `c${at}`, baseline: {} });

/** One more session of the waiting order, which fails in the same way at a time. */
function failing(
  state: MachineState,
  cls: FailureClass,
  at: number,
  resetsAt: number | null = null,
): MachineState {
  const working = walk(state, claimedEvent(at - 2));
  const order = working.context.order?.id ?? '';
  const outcome = { type: 'failed', class: cls, message: 'the words', resetsAt } as const;
  return walk(
    working,
    { ...ended(order, outcome), at: at - 1 },
    { ...settled(facts({ status: 'WORKING' })), digest: `s${at}`, at },
  );
}

const ready = (): MachineState => walk(initialState(), read(facts()));
const tick = (at: number): MachineEvent => ({ type: 'TICK', at });

describe('waiting for what passes by itself', () => {
  it('pauses longer while an outage lasts, starts anew after a good stretch, and never spends an attempt', () => {
    const first = failing(ready(), 'network', 10_000);
    expect(first.context.verdict).toMatchObject({
      until: 14_000,
      wait: { since: 10_000 },
      order: { attempt: 1 },
    });
    const second = failing(walk(first, tick(14_000)), 'network', 15_000);
    expect(second.context.verdict).toMatchObject({
      until: 23_000,
      wait: { since: 10_000 },
      order: { attempt: 1 },
    });
    const later = failing(walk(second, tick(23_000)), 'network', 999_000);
    expect(later.context.verdict).toMatchObject({ until: 1_003_000, wait: { since: 999_000 } });
    expect(later.context.round).toMatchObject({ sessions: 0, attempts: {}, limitWaits: 3 });
  });

  it('asks a human after as many waits as the rule allows, and an answer that goes on allows as many again', () => {
    let state = ready();
    for (let n = 1; n <= 50; n += 1)
      state = walk(failing(state, 'overloaded', n * 100_000), tick(n * 100_000 + 30_000));
    expect(state.context.round?.limitWaits).toBe(50);
    const asked = failing(state, 'overloaded', 9_000_000);
    expect(asked.context.verdict).toMatchObject({
      change: { status: 'ESCALATE' },
      why: expect.stringContaining('has waited 50 times already') as string,
    });
  });

  it('says what it waits for, since when, until when, and how to go on at once', () => {
    const state = failing(ready(), 'rate-limited', 10_000, 3_600_000);
    expect(situate(policy, state)).toMatchObject({
      headline: 'architect waits and spends no attempt, because the limit of scripted is used up: the words',
      waitsFor: 'clock',
      since: 10_000,
      until: 3_600_000,
      next: ['next-role run', 'next-role retry'],
      rest: null,
    });
  });

  it('tells the other projects of a limit of its own, and of nothing else', () => {
    const kinds = (state: MachineState, event: MachineEvent): readonly string[] =>
      step(policy, state, event).effects.map(({ kind }) => kind);
    const working = walk(ready(), claimedEvent(1));
    const failed = (cls: FailureClass): MachineEvent => ({
      ...ended(working.context.order?.id ?? '', { type: 'failed', class: cls, message: 'm', resetsAt: null }),
    });
    const end = settled(facts({ status: 'WORKING' }));
    expect(kinds(walk(working, failed('rate-limited')), end)).toEqual(['share', 'wake']);
    expect(kinds(walk(working, failed('network')), end)).toEqual(['wake']);
  });
});

describe('a limit that another project met', () => {
  const limit = {
    class: 'rate-limited',
    message: 'the words',
    since: 1,
    seen: 2,
    until: 60_000,
    by: '/other',
  } as const;
  const waiting = (): MachineState => walk(ready(), { type: 'LIMITED', at: 5_000, ...limit });

  it('is waited for without a claim, by name', () => {
    expect(waiting()).toMatchObject({ value: 'cooling', context: { round: { sessions: 0, limitWaits: 0 } } });
    expect(situate(policy, waiting()).headline).toContain('(seen by /other)');
    expect(step(policy, waiting(), tick(60_000)).effects).toMatchObject([{ kind: 'claim', insist: false }]);
  });

  it('is no reason to wait on once somebody asked to try again, and only where something is waited for', () => {
    const lifted: MachineEvent = { type: 'LIFTED', at: 6_000 };
    expect(step(policy, waiting(), lifted).effects).toMatchObject([{ kind: 'claim', insist: false }]);
    expect(step(policy, ready(), lifted).changed).toBe(false);
    const crashed = failing(ready(), 'crashed', 10_000);
    expect(crashed.value).toBe('cooling');
    expect(step(policy, crashed, lifted).changed).toBe(false);
  });

  it('does not stop a human who writes READY over the wait of their own project', () => {
    const own = failing(ready(), 'rate-limited', 10_000, 3_600_000);
    expect(step(policy, own, read(facts(), { digest: 'd9' })).effects).toMatchObject([
      { kind: 'claim', insist: true },
    ]);
    const edited = step(policy, waiting(), read(facts(), { digest: 'd9' }));
    expect(edited.effects).toMatchObject([{ kind: 'claim', insist: false }]);
  });
});
