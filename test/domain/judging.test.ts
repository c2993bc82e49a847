/**
 * What must survive between a session's end and the write of its result: a lost write, a failed hand, a human's edit in
 * that moment. Each case is a history that once went wrong.
 */
import { describe, expect, it } from 'vitest';
import { takenOut } from '../../src/domain/settle.ts';
import { describe as situate } from '../../src/domain/situation.ts';
import { initialState, step, wishes, type MachineState } from '../../src/domain/machine.ts';
import type { MachineEvent } from '../../src/protocol/event.ts';
import { ended, facts, gated, question, read, settled } from '../rig/facts.ts';
import { testPolicy } from '../rig/policy.ts';

const policy = testPolicy({ digest: 'judging', allowDefaults: true });
const walk = (events: readonly MachineEvent[], from: MachineState = initialState()): MachineState =>
  events.reduce((state, event) => step(policy, state, event).state, from);

function working(role = 'architect'): MachineState {
  return walk([read(facts({ role })), { type: 'CLAIMED', at: 2_000, digest: 'd2', baseline: {} }]);
}
const orderOf = (state: MachineState): string => state.context.order?.id ?? '';
const end = (state: MachineState, outcome?: Parameters<typeof ended>[1]): MachineState =>
  walk([ended(orderOf(state), outcome)], state);
const lost: MachineEvent = { type: 'LOST', at: 6_500 };
const failed: MachineEvent = { type: 'FAILED', at: 6_500, doing: 'write', message: 'The disk is full' };
const due: MachineEvent = { type: 'TICK', at: 900_000 };
const ready = facts({ role: 'implementer' });
const missing = [{ path: 'coordination/specs/Q-R01-SPEC.md', present: false, changed: false }];

describe('a session’s result that is not on disk yet', () => {
  it.each([
    ['its write is lost', [settled(ready), { type: 'GATED', at: 6_000, gates: [] }, lost] as const],
    ['a gate failed and is due again', [settled(ready), { ...failed, doing: 'gate' }, due] as const],
    [
      'a gate failed and the runner was restarted',
      [settled(ready), failed, { type: 'LOOK', at: 7_000 }] as const,
    ],
    ['settling failed and the file is read', [failed, read(ready, { digest: 'd9' })] as const],
  ])('is settled again when %s, never read as a human’s READY', (_, events) => {
    const state = walk(events, end(working()));
    expect(state.value).toBe('settling');
    expect(orderOf(state)).not.toBe('');
  });

  it('does not take a human’s next round for the role’s, when the runner died between its write and the note of it', () => {
    const gates = { type: 'GATED', at: 6_000, gates: [] } as const;
    const complete = facts({ role: 'human', status: 'ROUND-COMPLETE' });
    const next = facts({ round: 'R02', role: 'architect' });
    const after = walk(
      [settled(complete), gates, lost, settled(next, { digest: 'd8' })],
      end(working('memorial')),
    );
    expect(after.value).toBe('writing');
    expect(after.context.verdict).toMatchObject({ type: 'write', change: {} });
    const going = walk(
      [{ type: 'WRITTEN', at: 7_000, digest: 'd8', commit: null }, read(next, { digest: 'd8' })],
      after,
    );
    expect(going).toMatchObject({
      value: 'claiming',
      context: { order: { round: 'R02', role: 'architect' } },
    });
  });

  it('leaves an illegal edge illegal after a lost write', () => {
    const skipping = settled(facts({ role: 'memorial' }));
    const again = walk([skipping, { type: 'GATED', at: 6_000, gates: [] }, lost, skipping], end(working()));
    expect(again.context.verdict).toMatchObject({ type: 'gate', to: 'implementer' });
  });

  it('opens no question, and counts none, before the question stands in the file', () => {
    const auth = { type: 'failed', class: 'auth', message: 'no key', resetsAt: null } as const;
    const asking = walk([settled(facts({ status: 'WORKING' }))], end(working(), auth));
    expect(asking.value).toBe('writing');
    for (const state of [asking, walk([lost], asking), walk([failed], asking)]) {
      expect(state.context.question).toBeNull();
      expect(state.context.round?.escalations).toBe(0);
    }
    const asked = walk([{ type: 'WRITTEN', at: 7_000, digest: 'd5', commit: null }], asking);
    expect(asked.context.question?.role).toBe('architect');
  });

  it('tells the role’s own answer from one that a human gave while the write was lost', () => {
    const own = settled(facts({ status: 'ESCALATE', escalation: question, answer: 'A' }));
    const bare = settled(facts({ status: 'ESCALATE', escalation: question }));
    const changeOf = ({ context }: MachineState) =>
      context.verdict.type === 'write' ? context.verdict.change : {};
    expect(changeOf(walk([own, lost, own], end(working())))).toMatchObject({ answer: null });
    expect(changeOf(walk([bare, lost, own], end(working())))).not.toHaveProperty('answer');
  });

  it('gives a stopped session back once, however often the write is lost', () => {
    const stopped = { type: 'stopped', why: 'interrupted' } as const;
    const untouched = settled(facts({ status: 'WORKING' }));
    const state = walk([untouched, lost, untouched, lost, untouched], end(working(), stopped));
    expect(state.context.round?.sessions).toBe(1);
    const written = walk([{ type: 'WRITTEN', at: 9_000, digest: 'd5', commit: null }], state);
    expect(written.context.round?.sessions).toBe(0);
  });

  it('claims a retry again when its claim is lost over the WORKING of the attempt before', () => {
    const first = orderOf(working());
    const crash = { type: 'failed', class: 'crashed', message: 'exit 1', resetsAt: null } as const;
    const held = facts({ role: 'architect', status: 'WORKING', dispatch: first });
    const claiming = walk([settled(held), due], end(working(), crash));
    expect(claiming.value).toBe('claiming');
    for (const trouble of [[lost], [failed, { type: 'TICK', at: 2_000_000 } as const]]) {
      const again = walk([...trouble, read(held, { digest: 'd8' })], claiming);
      expect(again.value).toBe('claiming');
      expect(orderOf(again)).toBe(orderOf(claiming));
    }
  });

  it('waits for the human when the session took the handoff away', () => {
    const state = walk([settled(null, { digest: null })], end(working()));
    expect(state.value).toBe('unreadable');
    expect(walk([read(ready, { digest: 'd9' })], state).value).toBe('claiming');
  });

  it('never rests in a state that wishes for nothing while it has work', () => {
    const busy = ['reading', 'claiming', 'working', 'stopping', 'settling', 'gating', 'writing', 'cooling'];
    const states = [
      working(),
      end(working()),
      walk([settled(ready)], end(working())),
      walk([settled(ready, { artifacts: missing })], end(working())),
    ];
    for (const state of states) {
      expect(busy).toContain(state.value);
      expect(wishes(policy, state).length).toBeGreaterThan(0);
    }
  });
});

describe('a session’s end that could not be told', () => {
  const untold: MachineEvent = { ...failed, type: 'FAILED', doing: 'dispatch', ran: true };
  const human = read(ready, { digest: 'd9' });

  it.each<[string, MachineEvent]>([
    ['the session left another header', human],
    ['it is due again', due],
    ['the runner was restarted', { type: 'LOOK', at: 7_000 }],
    ['the settings were mended', { type: 'POLICY', at: 7_000, policy }],
  ])('is asked for again when %s, and what the file says is no human’s word', (_, event) => {
    const before = working();
    const again = walk([untold, event], before);
    expect(again.value).toBe('working');
    expect(wishes(policy, again)).toEqual([{ kind: 'dispatch', order: before.context.order }]);
    const told = end(again);
    expect(told.value).toBe('settling');
    expect(told.context.spent.project.sessions).toBe(1);
  });

  it('rests with its reason while nothing is new, however often the same file is read', () => {
    const again = walk([untold, human, untold], working());
    expect(again.value).toBe('stalled');
    expect(step(policy, again, human).changed).toBe(false);
    expect(situate(policy, again)).toMatchObject({
      rest: 2,
      headline: 'The disk is full',
      next: ['next-role doctor', 'next-role run'],
    });
  });

  it('is told although asking the session to stop failed', () => {
    const stop: MachineEvent = { type: 'STOP', at: 3_000, why: 'interrupted' };
    const stalled = walk([stop, { ...failed, type: 'FAILED', doing: 'stop' }], working());
    expect(stalled.value).toBe('stalled');
    expect(end(stalled).value).toBe('settling');
  });

  it('is not waited for where no session ever began: the human’s edit counts', () => {
    const notBegun: MachineEvent = { type: 'FAILED', at: 6_500, doing: 'dispatch', message: 'no disk' };
    expect(walk([notBegun, read(facts({ status: 'PAUSED' }), { digest: 'd9' })], working()).value).toBe(
      'parked',
    );
  });
});

describe('the human wins', () => {
  it('with an answer that came after the session’s end, where no runner was there to see it', () => {
    const answered = settled(
      facts({ status: 'ESCALATE', escalation: question, answer: 'A', note: 'mine', operatorDecision: 'w' }),
    );
    const late = walk([ended(orderOf(working()), { type: 'done' }, { late: true }), answered], working());
    const { verdict } = late.context;
    expect(verdict.type === 'write' ? verdict.change : {}).not.toHaveProperty('answer');
    expect(verdict.type === 'write' ? verdict.round?.wordsSeen : '').toBeNull();
    expect(takenOut(late.context, answered.handoff)).toBeNull();
    const own = walk([answered], end(working()));
    expect(takenOut(own.context, answered.handoff)).toBe(
      'Taken out of the handoff, because it stood there when the session ended: answer "A", note "mine". If it is yours, give it again.',
    );
  });

  it('over a session that saved over PAUSED: it is handed over paused, or given back paused', () => {
    const stopped = { type: 'stopped', why: 'paused' } as const;
    const done = walk([settled(ready), { type: 'GATED', at: 6_000, gates: [] }], end(working(), stopped));
    expect(done.context.verdict).toMatchObject({ change: { status: 'PAUSED', 'next-role': 'implementer' } });
    const half = walk(
      [settled(facts({ status: 'WORKING' }), { artifacts: missing })],
      end(working(), stopped),
    );
    expect(half.context.verdict).toMatchObject({ change: { status: 'PAUSED', 'next-role': 'architect' } });
  });

  it('with a PAUSED that came just as the role finished: nothing of it is run again', () => {
    const state = walk(
      [settled(facts({ status: 'PAUSED' })), { type: 'GATED', at: 6_000, gates: [] }],
      end(working()),
    );
    expect(state.context.verdict).toMatchObject({ change: { status: 'PAUSED', 'next-role': 'implementer' } });
  });

  it('over a gate that is red: a paused role is given back, not sent to mend it', () => {
    const finding = {
      id: 'x',
      gate: 'artifact-contract',
      severity: 'MAJOR',
      file: null,
      line: null,
      text: 'm',
    } as const;
    const red = gated([finding]);
    const state = walk([settled(facts({ status: 'PAUSED' })), red], end(working()));
    expect(state.context.verdict).toMatchObject({ change: { status: 'PAUSED', 'next-role': 'architect' } });
  });

  it('with a word of his own in a file whose session failed', () => {
    const crash = { type: 'failed', class: 'crashed', message: 'exit 1', resetsAt: null } as const;
    for (const odd of [facts({ status: 'BLOCKED' }), facts({ status: null, statusText: 'HOLD' })]) {
      const { verdict } = walk([settled(odd)], end(working(), crash)).context;
      expect(verdict).toMatchObject({ type: 'write' });
      expect(verdict.type === 'write' && verdict.change).not.toHaveProperty('status');
    }
  });

  it('over a default: PAUSED over an open question is not turned into READY at the deadline', () => {
    const escalation = { ...question, default: 'A', deadline: '1970-01-01T00:00:05Z' };
    const asking = walk([read(facts({ status: 'ESCALATE', escalation }))]);
    expect(step(policy, asking, due).state.value).toBe('writing');
    const paused = walk([read(facts({ status: 'PAUSED', escalation }), { digest: 'd2' })], asking);
    expect(wishes(policy, paused)).toEqual([]);
    expect(step(policy, paused, due).changed).toBe(false);
  });

  it('over a cap, also when the file said something else between BLOCKED and READY', () => {
    const capped = testPolicy({
      digest: 'capped',
      caps: { perRole: 0, perRound: 10, perDispatch: 2, fixes: 9, fixUsd: 99 },
    });
    const go = (events: readonly MachineEvent[]): MachineState =>
      events.reduce((state, event) => step(capped, state, event).state, initialState());
    const after = go([
      read(facts()),
      { type: 'WRITTEN', at: 2_000, digest: 'd2', commit: null },
      read(facts({ status: 'BLOCKED' }), { digest: 'd2' }),
      read(facts({ status: 'PAUSED' }), { digest: 'd3' }),
      read(null, { digest: 'd4' }),
      read(facts(), { digest: 'd5' }),
    ]);
    expect(after.context.round?.granted.sessions).toBeGreaterThan(0);
  });
});
