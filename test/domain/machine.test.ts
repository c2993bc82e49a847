import { readFileSync } from 'node:fs';
import { getShortestPaths } from 'xstate/graph';
import { describe, expect, it } from 'vitest';
import {
  chart,
  initialState,
  machineVersion,
  restore,
  stateNames,
  step,
  store,
  wishes,
  type MachineState,
} from '../../src/domain/machine.ts';
import { drawChart } from '../../src/domain/draw.ts';
import type { MachineEvent } from '../../src/protocol/event.ts';
import { ended, facts, question, read, settled } from '../rig/facts.ts';
import { testPolicy } from '../rig/policy.ts';

const policy = testPolicy();

/** Steps through events, giving the last state and all effects. */
function walk(events: readonly MachineEvent[], from: MachineState = initialState()) {
  let state = from;
  const effects = [];
  for (const event of events) {
    const stepped = step(policy, state, event);
    state = stepped.state;
    effects.push(...stepped.effects);
  }
  return { state, effects };
}

/** The events of one successful session of the role that a READY handoff names. */
function upTo(stage: 'claiming' | 'working' | 'settling', role = 'architect'): MachineState {
  const claiming = walk([read(facts({ role }))]).state;
  if (stage === 'claiming') return claiming;
  const working = walk([{ type: 'CLAIMED', at: 2_000, digest: 'd2', baseline: {} }], claiming).state;
  if (stage === 'working') return working;
  return walk([ended(working.context.order?.id ?? '')], working).state;
}

describe('the machine', () => {
  it('leads a READY handoff through claim, session, settling, gate and one write back to reading', () => {
    const claiming = step(policy, initialState(), read(facts()));
    expect(claiming.state.value).toBe('claiming');
    expect(claiming.effects).toMatchObject([
      { kind: 'claim', expect: 'd1', order: { role: 'architect', attempt: 1 } },
    ]);
    const working = step(policy, claiming.state, { type: 'CLAIMED', at: 2_000, digest: 'd2', baseline: {} });
    expect(working.effects).toMatchObject([{ kind: 'dispatch' }]);
    const settling = step(policy, working.state, ended(working.state.context.order!.id));
    expect(settling.effects).toMatchObject([{ kind: 'settle' }]);
    const gating = step(policy, settling.state, settled(facts({ role: 'implementer' })));
    expect(gating.effects).toMatchObject([{ kind: 'gate' }]);
    const writing = step(policy, gating.state, { type: 'GATED', at: 6_000, gates: [] });
    expect(writing.effects).toMatchObject([
      {
        kind: 'write',
        expect: 'd3',
        change: { 'next-role': 'implementer', status: 'READY', dispatch: null },
      },
    ]);
    const reading = step(policy, writing.state, { type: 'WRITTEN', at: 7_000, digest: 'd4', commit: null });
    expect(reading.state.value).toBe('reading');
    expect(reading.effects).toEqual([{ kind: 'read' }]);
    expect(reading.state.context.order).toBeNull();
  });

  it('starts nothing when the claim is lost to a newer hand edit, and reads again', () => {
    const { state, effects } = walk([{ type: 'LOST', at: 2_000 }], upTo('claiming'));
    expect(state.value).toBe('reading');
    expect(effects).toEqual([{ kind: 'read' }]);
    expect(state.context.round?.sessions).toBe(0);
  });

  it('ignores events that belong to another session or state', () => {
    const working = upTo('working');
    for (const event of [
      ended('somebody-else'),
      read(facts({ status: 'READY' })),
      { type: 'TICK', at: 9 } as const,
    ]) {
      expect(step(policy, working, event).changed).toBe(false);
    }
  });

  it('ignores a reading of the same bytes while it rests', () => {
    const parked = walk([read(facts({ status: 'PAUSED' }))]).state;
    expect(parked.value).toBe('parked');
    expect(step(policy, parked, read(facts({ status: 'PAUSED' }))).changed).toBe(false);
    expect(step(policy, parked, read(facts(), { digest: 'd9' })).state.value).toBe('claiming');
  });

  it('stops a working session on STOP and gives its order back without counting it', () => {
    const working = upTo('working');
    const stopping = step(policy, working, { type: 'STOP', at: 3_000, why: 'interrupted' });
    expect(stopping.effects).toMatchObject([{ kind: 'dispatch' }, { kind: 'stop', why: 'interrupted' }]);
    const order = working.context.order!;
    const after = walk(
      [
        ended(order.id, { type: 'stopped', why: 'interrupted' }),
        settled(facts({ status: 'WORKING', dispatch: order.id })),
      ],
      stopping.state,
    );
    expect(after.state.value).toBe('writing');
    expect(after.effects.at(-1)).toMatchObject({
      kind: 'write',
      change: { status: 'READY', 'next-role': 'architect' },
    });
    const released = step(policy, after.state, { type: 'WRITTEN', at: 8_000, digest: 'd9', commit: null });
    expect(released.state.context.round).toMatchObject({ sessions: 0, visits: { architect: 0 } });
  });

  it('asks a hand that failed again after a pause, from a fresh reading', () => {
    const stalled = walk(
      [{ type: 'FAILED', at: 2_000, doing: 'claim', message: 'The disk is full' }],
      upTo('claiming'),
    ).state;
    expect(stalled.value).toBe('stalled');
    const [wake] = wishes(policy, stalled);
    expect(wake).toMatchObject({ kind: 'wake' });
    expect(step(policy, stalled, { type: 'TICK', at: 2_001 }).changed).toBe(false);
    expect(step(policy, stalled, { type: 'TICK', at: 70_000 }).state.value).toBe('reading');
    expect(step(policy, stalled, { type: 'LOOK', at: 2_001 }).state.value).toBe('reading');
  });

  it('takes its own WORKING up again where it was', () => {
    const working = upTo('working');
    const order = working.context.order!;
    const stalled = walk(
      [{ type: 'FAILED', at: 3_000, doing: 'dispatch', message: 'no space' }],
      working,
    ).state;
    const again = walk(
      [{ type: 'LOOK', at: 4_000 }, read(facts({ status: 'WORKING', dispatch: order.id }), { digest: 'd2' })],
      stalled,
    );
    expect(again.state.value).toBe('working');
    expect(again.effects.at(-1)).toMatchObject({ kind: 'dispatch', order: { id: order.id } });
  });

  it('stalls on a WORKING that is nobody’s', () => {
    const { state } = walk([read(facts({ status: 'WORKING', by: 'claude', dispatch: 'R01.9-x' }))]);
    expect(state.value).toBe('stalled');
    expect(state.context.verdict).toMatchObject({ why: expect.stringContaining('no session') as string });
  });

  it('re-reads a parked file when the policy changes', () => {
    const parked = walk([read(facts({ tier: 'wide' }))]).state;
    expect(parked.value).toBe('parked');
    const wider = { ...policy, digest: 'policy-2', tiers: { ...policy.tiers, wide: policy.tiers['full']! } };
    const reread = step(policy, parked, { type: 'POLICY', at: 2_000, policy: wider });
    expect(reread.state.value).toBe('reading');
    expect(reread.state.context.policy).toBe('policy-2');
    expect(step(wider, reread.state, read(facts({ tier: 'wide' }))).state.value).toBe('claiming');
  });

  it('survives its own JSON: a restored state wishes for the same effects', () => {
    for (const state of [initialState(), upTo('claiming'), upTo('working'), upTo('settling')]) {
      const back = restore(JSON.parse(JSON.stringify(store(state))) as ReturnType<typeof store>);
      expect(back).toEqual(JSON.parse(JSON.stringify(state)));
      expect(wishes(policy, back!)).toEqual(wishes(policy, state));
    }
    expect(restore({ ...store(initialState()), version: `${machineVersion}-other` })).toBeNull();
  });

  it('wishes for exactly what it gave out when the state was entered', () => {
    for (const state of [upTo('claiming'), upTo('working'), upTo('settling')]) {
      expect(wishes(policy, state).length).toBeGreaterThan(0);
    }
    const entered = step(policy, initialState(), read(facts()));
    expect(wishes(policy, entered.state)).toEqual(entered.effects);
  });

  it('reaches every state, by the shortest paths over a small set of events', () => {
    const order = walk([read(facts())]).state.context.order!;
    const working = facts({ status: 'WORKING', dispatch: order.id });
    const events: MachineEvent[] = [
      read(facts()),
      read(facts({ status: 'PAUSED' }), { digest: 'd5' }),
      read(facts({ status: 'ROUND-COMPLETE' }), { digest: 'd6' }),
      read(facts({ status: 'ESCALATE', escalation: question }), { digest: 'd7' }),
      read(null, { digest: 'd8', problems: [] }),
      { type: 'CLAIMED', at: 2_000, digest: 'd2', baseline: {} },
      { type: 'LOST', at: 2_000 },
      { type: 'FAILED', at: 2_000, doing: 'write', message: 'full' },
      { type: 'STOP', at: 3_000, why: 'paused' },
      ended(order.id),
      ended(order.id, { type: 'failed', class: 'overloaded', message: 'busy', resetsAt: null }),
      settled(working),
      settled(facts({ role: 'implementer' })),
      { type: 'GATED', at: 6_000, gates: [] },
      { type: 'WRITTEN', at: 7_000, digest: 'd4', commit: null },
      { type: 'TICK', at: 900_000 },
      { type: 'LOOK', at: 900_000 },
    ];
    const paths = getShortestPaths(chart(policy), {
      events,
      limit: 20_000,
      serializeState: (snapshot) => {
        const context = snapshot.context;
        return [snapshot.value, context.verdict.type, context.outcome?.type, context.digest].join('|');
      },
    });
    const reached = new Set(paths.map((path) => path.state.value));
    // `deciding` is passed through, never rested in.
    expect([...reached].sort()).toEqual(stateNames.filter((name) => name !== 'deciding').sort());
    // One more step from every place reached: no event may break the machine.
    for (const path of paths) {
      const state = { value: path.state.value, context: path.state.context } as MachineState;
      for (const event of events) expect(stateNames).toContain(step(policy, state, event).state.value);
    }
  });

  it('is drawn in state/machine.mmd as it is in the code', () => {
    expect(readFileSync('state/machine.mmd', 'utf8')).toBe(drawChart(chart(policy)));
  });

  it('names every state in the drawing at the top of its file', () => {
    const header = readFileSync('src/domain/machine.ts', 'utf8').split('*/')[0] ?? '';
    for (const name of stateNames) expect(header).toContain(name);
  });
});
