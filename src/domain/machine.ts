/**
 * The heart: one round of one project as a state machine. It is pure. Events carry the time and the ids they need,
 * decisions are functions of (policy, memory, event), and what must be done about them comes out as data: the effects
 * of the state that was entered. It never invokes, spawns or delays anything, and keeps no state between calls.
 *
 *                         READ                    dispatch             CLAIMED
 *      ┌──▶ reading ─────────────▶ deciding* ─────────────▶ claiming ─────────────▶ working
 *      │       ▲                    │  │  ▲                  │                        │   │
 *      │       │ LOST, POLICY       │  │  │ READ (new)       │ LOST                   │   │ STOP
 *      │       └────────────────────│──│──│──────────────────┘                  ENDED │   ▼
 *      │                            │  │  │                                           │ stopping
 *      │        park, stall,        │  │  │                                           │   │ ENDED
 *      │        unreadable, finish  │  │  │                                           ▼   ▼
 *      │   ┌────────────────────────┘  │  │                    SETTLED               settling
 *      │   ▼                           │  └──────────────────────────────────────────┘
 *      │ parked · stalled ·            │ gate                 GATED
 *      │ unreadable · finished         ├─────────▶ gating ─────────────▶ deciding*
 *      │   (a new READ, a TICK or      │ cool                 TICK
 *      │    a POLICY leads on)         ├─────────▶ cooling ────────────▶ claiming
 *      │                               │ write
 *      │            WRITTEN            ▼
 *      └──────────────────────────── writing ── LOST ──▶ settling (a session's result) or reading
 *
 * A stall leads back to what it kept from being done: to `working` where a session has run and its end is not told, to
 * `settling` where its result is not written.
 *
 * `deciding*` is passed through without waiting: the verdict in the memory says where to. The same chart is generated
 * to state/machine.mmd, and a test holds both to the code.
 */
import { and, assign, setup, transition } from 'xstate';
import type { Effect, MachineEvent } from '../protocol/event.ts';
import type { Policy } from '../protocol/policy.ts';
import { takeDefault } from './answer.ts';
import { decide } from './decide.ts';
import { deadlineOf, wanted } from './effects.ts';
import { gated } from './gate.ts';
import { claimed, ended, failed, retried, written } from './memory.ts';
import { emptyContext, type Context } from './round.ts';
import { settle } from './settle.ts';
import { isStateName, type MachineState, type StateName } from './state.ts';
import { limited } from './wait.ts';

export { initialState, machineVersion, restore, stateNames, store } from './state.ts';
export type { MachineState, StateName } from './state.ts';

export type Stepped = {
  readonly state: MachineState;
  readonly effects: readonly Effect[];
  readonly changed: boolean;
};

/** The chart under one policy. Every state but `deciding` wishes for its effects when it is entered. */
export function chart(policy: Policy) {
  const wish = (value: StateName) => ({
    type: 'effect' as const,
    params: ({ context }: { context: Context }) => ({ effects: wanted(policy, value, context) }),
  });
  const on = {
    fail: { target: 'stalled', actions: 'fail' },
    newer: { guard: 'newer', target: 'deciding', actions: 'decide' },
    again: { target: 'reading' },
    policy: { target: 'reading', actions: 'policy' },
    resume: [{ guard: 'judging', target: 'settling' }, { target: 'reading' }],
    end: { guard: 'ours', target: 'settling', actions: 'end' },
  } as const;
  return setup({
    types: { context: {} as Context, events: {} as MachineEvent },
    actions: {
      effect: (_, _params: { readonly effects: readonly Effect[] }) => undefined,
      decide: assign(({ context, event }) =>
        event.type === 'READ' ? decide(policy, context, event) : context,
      ),
      settle: assign(({ context, event }) =>
        event.type === 'SETTLED' ? settle(policy, context, event) : context,
      ),
      gate: assign(({ context, event }) =>
        event.type === 'GATED' ? gated(policy, context, event) : context,
      ),
      claim: assign(({ context, event }) =>
        event.type === 'CLAIMED' ? claimed(policy, context, event) : context,
      ),
      end: assign(({ context, event }) => (event.type === 'ENDED' ? ended(context, event) : context)),
      stop: assign(({ context, event }) =>
        event.type === 'STOP' ? { ...context, stopping: event.why } : context,
      ),
      written: assign(({ context, event }) =>
        event.type === 'WRITTEN' ? written(policy, context, event) : context,
      ),
      retry: assign(({ context, event }) => retried(context, event.at)),
      takeDefault: assign(({ context, event }) => takeDefault(policy, context, event.at)),
      limit: assign(({ context, event }) => (event.type === 'LIMITED' ? limited(context, event) : context)),
      note: assign(({ context, event }) =>
        event.type === 'READ' ? { ...context, digest: event.digest } : context,
      ),
      policy: assign(({ context, event }) =>
        event.type === 'POLICY' ? { ...context, policy: event.policy.digest } : context,
      ),
      fail: assign(({ context, event }) => (event.type === 'FAILED' ? failed(context, event) : context)),
    },
    guards: {
      dispatch: ({ context }) => context.verdict.type === 'dispatch',
      resumeWorking: ({ context }) => context.verdict.type === 'resume' && context.verdict.at === 'working',
      resumeSettling: ({ context }) => context.verdict.type === 'resume' && context.verdict.at === 'settling',
      gate: ({ context }) => context.verdict.type === 'gate',
      write: ({ context }) => context.verdict.type === 'write',
      cool: ({ context }) => context.verdict.type === 'cool',
      park: ({ context }) => context.verdict.type === 'park',
      unreadable: ({ context }) => context.verdict.type === 'unreadable',
      finish: ({ context }) => context.verdict.type === 'finish',
      /** A session has ended and its result is not on disk yet: a lost write or a failed hand must not forget it. */
      judging: ({ context }) => context.order !== null && context.outcome !== null,
      /** A session ran, and a hand failed before its end was told: it is asked for again, and never started anew. */
      endUntold: ({ context }) =>
        context.order !== null &&
        context.outcome === null &&
        context.verdict.type === 'stall' &&
        context.verdict.ran === true,
      newer: ({ context, event }) => event.type === 'READ' && event.digest !== context.digest,
      waiting: ({ context }) => context.verdict.type === 'cool' && context.verdict.wait !== null,
      cooled: ({ context, event }) => context.verdict.type === 'cool' && event.at >= context.verdict.until,
      deadline: ({ context, event }) => {
        const deadline = deadlineOf(policy, context);
        return deadline !== null && event.at >= deadline;
      },
      retryDue: ({ context, event }) =>
        context.verdict.type === 'stall' &&
        context.verdict.retryAt !== null &&
        event.at >= context.verdict.retryAt,
      ours: ({ context, event }) => event.type === 'ENDED' && event.order === context.order?.id,
    },
  }).createMachine({
    id: 'round',
    context: emptyContext,
    initial: 'reading',
    on: { POLICY: { actions: 'policy' } },
    states: {
      reading: {
        entry: wish('reading'),
        on: { READ: { target: 'deciding', actions: 'decide' }, FAILED: on.fail },
      },
      deciding: {
        always: [
          { guard: 'dispatch', target: 'claiming' },
          { guard: 'resumeWorking', target: 'working' },
          { guard: 'resumeSettling', target: 'settling' },
          { guard: 'gate', target: 'gating' },
          { guard: 'write', target: 'writing' },
          { guard: 'cool', target: 'cooling' },
          { guard: 'park', target: 'parked' },
          { guard: 'unreadable', target: 'unreadable' },
          { guard: 'finish', target: 'finished' },
          { target: 'stalled' },
        ],
      },
      claiming: {
        entry: wish('claiming'),
        on: {
          CLAIMED: { target: 'working', actions: 'claim' },
          LIMITED: { target: 'deciding', actions: 'limit' },
          LOST: on.again,
          FAILED: on.fail,
        },
      },
      working: {
        entry: wish('working'),
        on: { ENDED: on.end, STOP: { target: 'stopping', actions: 'stop' }, FAILED: on.fail },
      },
      stopping: { entry: wish('stopping'), on: { ENDED: on.end, FAILED: on.fail } },
      settling: {
        entry: wish('settling'),
        on: { SETTLED: { target: 'deciding', actions: 'settle' }, FAILED: on.fail },
      },
      gating: {
        entry: wish('gating'),
        on: { GATED: { target: 'deciding', actions: 'gate' }, FAILED: on.fail },
      },
      writing: {
        entry: wish('writing'),
        on: { WRITTEN: { target: 'reading', actions: 'written' }, LOST: on.resume, FAILED: on.fail },
      },
      cooling: {
        entry: wish('cooling'),
        on: {
          READ: on.newer,
          TICK: { guard: 'cooled', target: 'claiming', actions: 'retry' },
          LIFTED: { guard: 'waiting', target: 'claiming', actions: 'retry' },
        },
      },
      parked: {
        entry: wish('parked'),
        on: {
          READ: on.newer,
          TICK: { guard: 'deadline', target: 'deciding', actions: 'takeDefault' },
          POLICY: on.policy,
        },
      },
      stalled: {
        entry: wish('stalled'),
        on: {
          READ: [
            { guard: and(['newer', 'judging']), target: 'settling', actions: 'note' },
            { guard: and(['newer', 'endUntold']), target: 'working', actions: 'note' },
            on.newer,
          ],
          TICK: [
            { guard: and(['retryDue', 'judging']), target: 'settling' },
            { guard: and(['retryDue', 'endUntold']), target: 'working' },
            { guard: 'retryDue', target: 'reading' },
          ],
          LOOK: [
            { guard: 'judging', target: 'settling' },
            { guard: 'endUntold', target: 'working' },
            { target: 'reading' },
          ],
          POLICY: [
            { guard: 'judging', target: 'settling', actions: 'policy' },
            { guard: 'endUntold', target: 'working', actions: 'policy' },
            on.policy,
          ],
          // Asking it to stop failed, and it has ended all the same.
          ENDED: on.end,
        },
      },
      unreadable: { on: { READ: on.newer, POLICY: on.policy } },
      finished: { on: { READ: on.newer } },
    },
  });
}

/**
 * One step: the state after an event, and what must be done. An event that no transition takes leaves the state as it
 * was (`changed` false). POLICY takes effect with its own step.
 *
 * @throws Error when the chart itself is broken (a loop of decisions): a bug, never a condition.
 */
export function step(policy: Policy, state: MachineState, event: MachineEvent): Stepped {
  const machine = machineUnder(event.type === 'POLICY' ? event.policy : policy);
  const before = machine.resolveState({ value: state.value, context: state.context });
  const [after, actions] = transition(machine, before, event);
  if (after.status === 'error')
    throw new Error(`The machine failed on ${event.type} in "${state.value}"`, { cause: after.error });
  if (after === before) return { state, effects: [], changed: false };
  const effects = actions.flatMap((action) => effectsOf(action));
  return { state: { value: nameOf(after.value), context: after.context }, effects, changed: true };
}

/** The wishes of a state that was restored: what a restarted runner compares with the world. */
export function wishes(policy: Policy, state: MachineState): readonly Effect[] {
  return wanted(policy, state.value, state.context);
}

type Chart = ReturnType<typeof chart>;
let latest: { readonly digest: string; readonly machine: Chart } | null = null;

/** Building a chart takes a millisecond; a round uses one policy, so the last one is kept. */
function machineUnder(policy: Policy): Chart {
  if (latest?.digest !== policy.digest) latest = { digest: policy.digest, machine: chart(policy) };
  return latest.machine;
}

function effectsOf(action: { readonly type: string; readonly params?: unknown }): readonly Effect[] {
  if (action.type !== 'effect') return [];
  return (action.params as { readonly effects: readonly Effect[] }).effects;
}

function nameOf(value: unknown): StateName {
  if (isStateName(value)) return value;
  throw new Error(`The machine is in "${String(value)}", which is no state`);
}
