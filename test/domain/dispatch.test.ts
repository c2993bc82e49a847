/**
 * Dispatch over random histories: commands of a human, a runner that is restarted, and an agent that does anything. After
 * each command the whole record so far must keep the promises; a history that breaks one is shrunk to its shortest form.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Context, RoundMemory } from '../../src/domain/round.ts';
import { testPolicy } from '../rig/policy.ts';
import {
  agentMoves,
  createWorld,
  humanMoves,
  type AgentMove,
  type HumanMove,
  type World,
} from '../rig/world.ts';

const policy = testPolicy();
const { caps } = policy;

/** What a history knows beside the world itself: how often a human did something that could be meant as a grant. */
type Model = { edits: number; checked: number };
type Real = { readonly world: World };

class Act implements fc.Command<Model, Real> {
  check = (): boolean => true;
  run(model: Model, { world }: Real): void {
    world.act();
    promises(model, world);
  }
  toString = (): string => 'act';
}

class Settle implements fc.Command<Model, Real> {
  check = (): boolean => true;
  run(model: Model, { world }: Real): void {
    for (let acts = 0; acts < 400 && world.act(); acts += 1) promises(model, world);
  }
  toString = (): string => 'settle';
}

class Human implements fc.Command<Model, Real> {
  readonly move: HumanMove;
  constructor(move: HumanMove) {
    this.move = move;
  }
  check = (): boolean => true;
  run(model: Model, { world }: Real): void {
    if (this.move !== 'restart' && this.move !== 'stop') model.edits += 1;
    world.human(this.move);
    promises(model, world);
  }
  toString = (): string => this.move;
}

/** Checks every step that was logged since the last look. */
function promises(model: Model, { log, sessions }: World): void {
  let before: Context | null = log[model.checked - 1]?.state.context ?? null;
  for (const { event, state } of log.slice(model.checked)) {
    const { context } = state;
    const { round } = context;
    if (round !== null && before?.round?.id === round.id) {
      if (isGrant(before.round, round)) {
        // Only an edit leads from BLOCKED to READY, and only an answer closes a question.
        const byEdit = event.type === 'READ' && before.round.blocked;
        const byAnswer =
          event.type === 'WRITTEN' && before.verdict.type === 'write' && before.verdict.decision !== null;
        expect(byEdit || byAnswer, `a grant on ${event.type}`).toBe(true);
      }
      if (event.type === 'CLAIMED' && context.order !== null)
        withinCaps(round, context.order.role, context.order.dispatchId);
    }
    before = context;
  }
  model.checked = log.length;
  const ids = sessions.map(({ order }) => order.id);
  expect(new Set(ids).size, 'an order is worked once').toBe(ids.length);
  for (const { openQuestion } of sessions)
    expect(openQuestion, 'no session beside an open question').toBe(false);
  const grants = log.filter(({ state }, at) => {
    const earlier = log[at - 1]?.state.context.round;
    const { round } = state.context;
    return earlier != null && round !== null && earlier.id === round.id && isGrant(earlier, round);
  });
  expect(grants.length, 'grants without an edit').toBeLessThanOrEqual(model.edits);
}

function isGrant(before: RoundMemory, after: RoundMemory): boolean {
  return JSON.stringify(before.granted) !== JSON.stringify(after.granted);
}

function withinCaps(round: RoundMemory, role: string, dispatchId: string): void {
  expect(round.sessions).toBeLessThanOrEqual(Math.max(caps.perRound, round.granted.sessions));
  expect(round.visits[role] ?? 0).toBeLessThanOrEqual(
    Math.max(caps.perRole, round.granted.visits[role] ?? 0),
  );
  expect(round.attempts[dispatchId] ?? 0).toBeLessThanOrEqual(caps.perDispatch);
}

const someMoves = fc.array(fc.constantFrom<AgentMove>(...agentMoves), { minLength: 1, maxLength: 10 });
const someCommands = fc.commands(
  [
    fc.constant(new Act()),
    fc.constant(new Act()),
    fc.constant(new Settle()),
    ...humanMoves.map((move) => fc.constant(new Human(move))),
  ],
  { maxCommands: 80 },
);

describe('dispatch, over any history of edits, failures and restarts', () => {
  it('keeps its caps, grants only what a human granted, works an order once, and starts nobody beside a question', () => {
    fc.assert(
      fc.property(someMoves, someCommands, (moves, commands) => {
        let next = 0;
        const setup = (): { model: Model; real: Real } => ({
          model: { edits: 0, checked: 0 },
          real: { world: createWorld(policy, () => moves[next++ % moves.length] ?? 'good') },
        });
        fc.modelRun(setup, commands);
      }),
      { numRuns: 600 },
    );
  });

  it('refuses the same inputs beyond the cap, whoever is restarted whenever, until a human edits', () => {
    fc.assert(
      fc.property(someMoves, fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }), (moves, restarts) => {
        let next = 0;
        const world = createWorld(policy, () => moves[next++ % moves.length] ?? 'good');
        for (let acts = 0; acts < 1_000; acts += 1) {
          if (restarts[acts % restarts.length] === true) world.human('restart');
          if (!world.act()) break;
        }
        const waits = world.state.context.round?.limitWaits ?? 0;
        const counts = new Map<string, number>();
        for (const { order } of world.sessions)
          counts.set(order.dispatchId, (counts.get(order.dispatchId) ?? 0) + 1);
        for (const n of counts.values()) expect(n).toBeLessThanOrEqual(caps.perDispatch + waits);
        expect(world.sessions.length).toBeLessThanOrEqual(caps.perRound + waits);
      }),
      { numRuns: 400 },
    );
  });
});
