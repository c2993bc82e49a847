import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { initialState, step } from '../../src/domain/machine.ts';
import { describe as situate } from '../../src/domain/situation.ts';
import {
  agentMoves,
  createWorld,
  humanMoves,
  type AgentMove,
  type HumanMove,
  type World,
} from '../rig/world.ts';
import type { Policy } from '../../src/protocol/policy.ts';
import { opinionPolicy, testPolicy } from '../rig/policy.ts';

/** Half of all histories have a second opinion on every review. */
const policies = [testPolicy(), opinionPolicy()] as const;
const { caps } = policies[0];
const policyFor = (moves: readonly AgentMove[]): Policy => policies[moves.length % 2 === 0 ? 0 : 1];
/** More effects than any bounded history needs. */
const actsMax = 2_000;
const limitWaits = 60;

/** Plays agent moves in a circle until the world rests; human moves come between effects where the history says so. */
function play(
  history: readonly ('act' | HumanMove)[],
  moves: readonly AgentMove[],
  look: (world: World) => void = () => undefined,
): World {
  let next = 0;
  const world = createWorld(policyFor(moves), () => moves[next++ % moves.length] ?? 'good');
  for (const move of history) {
    if (move === 'act') world.act();
    else world.human(move);
    look(world);
  }
  for (let acts = 0; acts < actsMax && world.act(); acts += 1) look(world);
  return world;
}

const someMoves = fc.array(fc.constantFrom(...agentMoves), { minLength: 1, maxLength: 8 });
const someHistory = fc.array(
  fc.oneof({ weight: 3, arbitrary: fc.constant('act' as const) }, fc.constantFrom(...humanMoves)),
  { maxLength: 60 },
);
const resting = ['parked', 'stalled', 'unreadable', 'finished'];

describe('what must always be true', () => {
  it('without a human, any agent comes to rest within the round’s cap', () => {
    fc.assert(
      fc.property(someMoves, (moves) => {
        const world = play([], moves);
        expect(resting).toContain(world.state.value);
        const counted = world.sessions.length - (world.state.context.round?.limitWaits ?? 0);
        expect(counted).toBeLessThanOrEqual(caps.perRound);
        expect(world.state.context.round?.limitWaits ?? 0).toBeLessThanOrEqual(limitWaits);
      }),
      { numRuns: 500 },
    );
  });

  it('a role never works the same inputs more often than the cap, unless a human edit or answer raised it', () => {
    fc.assert(
      fc.property(
        someMoves.filter((moves) => !moves.includes('limit') && !moves.includes('overloaded')),
        (moves) => {
          const world = play([], moves);
          const perDispatch = new Map<string, number>();
          for (const { order } of world.sessions) {
            perDispatch.set(order.dispatchId, (perDispatch.get(order.dispatchId) ?? 0) + 1);
          }
          for (const n of perDispatch.values()) expect(n).toBeLessThanOrEqual(caps.perDispatch);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('no session starts while a question is open', () => {
    fc.assert(
      fc.property(someHistory, someMoves, (history, moves) => {
        const world = play(history, moves);
        for (const session of world.sessions) expect(session.openQuestion).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  it('nobody but a human answers a question', () => {
    fc.assert(
      fc.property(someMoves, (moves) => {
        const world = play([], moves);
        expect(world.state.context.round?.decisions ?? []).toEqual([]);
      }),
      { numRuns: 250 },
    );
  });

  it('an order id is worked at most once, whatever is restarted when', () => {
    fc.assert(
      fc.property(someHistory, someMoves, (history, moves) => {
        const world = play(history, moves);
        const ids = world.sessions.map(({ order }) => order.id);
        expect(new Set(ids).size).toBe(ids.length);
      }),
      { numRuns: 1_000 },
    );
  });

  it('the end of every session that was worked is told, so that its cost counts and its work is judged', () => {
    fc.assert(
      fc.property(someHistory, someMoves, (history, moves) => {
        const world = play(history, moves);
        const told = world.log.flatMap(({ event }) => (event.type === 'ENDED' ? [event.order] : []));
        expect(told).toEqual(world.sessions.map(({ order }) => order.id));
      }),
      { numRuns: 500 },
    );
  });

  it('every rest has a reason and a way on', () => {
    fc.assert(
      fc.property(someHistory, someMoves, (history, moves) => {
        play(history, moves, (world) => {
          const situation = situate(policyFor(moves), world.state);
          expect(situation.headline).not.toBe('');
          expect(situation.next.length).toBeGreaterThan(0);
          if (resting.includes(world.state.value)) expect(situation.rest).not.toBeNull();
        });
      }),
      { numRuns: 250 },
    );
  });

  it('the same events give the same states and orders', () => {
    fc.assert(
      fc.property(someHistory, someMoves, (history, moves) => {
        const world = play(
          history.filter((move) => move !== 'restart'),
          moves,
        );
        let state = initialState();
        for (const entry of world.log) {
          const stepped = step(policyFor(moves), state, entry.event);
          expect(stepped.state).toEqual(entry.state);
          expect(stepped.effects).toEqual(entry.effects);
          state = stepped.state;
        }
      }),
      { numRuns: 250 },
    );
  });

  it('a good agent finishes a full round in exactly four sessions', () => {
    const world = play([], ['good']);
    expect(world.state.value).toBe('finished');
    expect(world.sessions.map(({ order }) => order.role)).toEqual([
      'architect',
      'implementer',
      'reviewer',
      'memorial',
    ]);
  });
});
