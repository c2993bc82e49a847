/**
 * The loops that other orchestrators' users paid for, one test per way of failing, each named after the report it comes
 * from. The world plays the agent that provoked it there; here it must end, within the caps, at a rest with a reason.
 */
import { describe, expect, it } from 'vitest';
import { describe as situate } from '../../src/domain/situation.ts';
import { step } from '../../src/domain/machine.ts';
import type { Policy } from '../../src/protocol/policy.ts';
import { readSettings } from '../../src/protocol/settings.ts';
import { testPolicy } from '../rig/policy.ts';
import { createWorld, type AgentMove, type HumanMove, type World } from '../rig/world.ts';

const policy = testPolicy();
/** Far more effects than any bounded round has. */
const actsMax = 5_000;

/** Lets an agent make these moves, the last one for ever, until the world rests; `between` comes before each effect. */
function run(
  moves: readonly AgentMove[],
  { under = policy, between = () => undefined }: { under?: Policy; between?: (world: World) => void } = {},
): World {
  let next = 0;
  const world = createWorld(under, () => moves[Math.min(next++, moves.length - 1)] ?? 'good');
  settle(world, between);
  return world;
}

function settle(world: World, between: (world: World) => void = () => undefined): void {
  let acts = 0;
  for (;;) {
    between(world);
    if (!world.act()) return;
    acts += 1;
    if (acts > actsMax) throw new Error(`It never rests: ${world.sessions.length} sessions so far`);
  }
}

const roles = (world: World): readonly string[] => world.sessions.map(({ order }) => order.role);
const restart = (world: World): void => world.human('restart');
const goodRound = ['architect', 'implementer', 'reviewer', 'memorial'];

function rest(world: World): {
  readonly state: string;
  readonly words: string;
  readonly next: readonly string[];
} {
  const { headline, next, rest: code } = situate(policy, world.state);
  expect(code, headline).not.toBeNull();
  return { state: world.state.value, words: headline, next };
}

describe('a finished task', () => {
  it('that its agent finds done and changes nothing about is not dispatched a hundred times (gsd-build/gsd-2#462)', () => {
    const world = run(['nothing']);
    expect(roles(world)).toEqual(['architect', 'architect']);
    expect(rest(world).words).toContain('the cap for unchanged inputs');
  });

  it('is recognised as finished although the agent did not say so (gsd-build/gsd-2#1558)', () => {
    expect(roles(run(['untouched']))).toEqual(goodRound);
    expect(roles(run(['crash-after-work']))).toEqual(goodRound);
  });

  it('whose promise never comes ends the loop all the same (anthropics/claude-plugins-official#1699)', () => {
    const world = run(['good', 'nothing']);
    // The implementer of this policy owes no file, so the reviewer is the first whose silence shows.
    expect(roles(world)).toEqual(['architect', 'implementer', 'reviewer', 'reviewer']);
    expect(rest(world).next.length).toBeGreaterThan(0);
  });

  it('is not taken up again once the round is over, whatever is touched (open-gsd/gsd-pi#454)', () => {
    const world = run(['good']);
    expect(world.state.value).toBe('finished');
    for (let n = 0; n < 200; n += 1) {
      world.human('touch');
      settle(world);
    }
    expect(roles(world)).toEqual(goodRound);
  });
});

describe('a cap', () => {
  it.each([1, 2, 3, 5])(
    'of %i that stands in the settings is enforced (gsd-build/gsd-2#2654)',
    (perDispatch) => {
      const caps = { perRole: 9, perRound: 30, perDispatch, fixes: 9, fixUsd: 99 };
      expect(
        run(['crash'], { under: testPolicy({ caps, digest: `caps-${perDispatch}` }) }).sessions,
      ).toHaveLength(perDispatch);
      expect(
        run(['malformed', 'crash'], { under: testPolicy({ caps, digest: `caps-${perDispatch}` }) }).sessions
          .length,
      ).toBeLessThanOrEqual(perDispatch);
    },
  );

  it('holds for every role, also one that a project adds (gsd-build/gsd-2#6394, open-gsd/gsd-pi#34)', () => {
    const { implementer } = policy.roles;
    const added = {
      digest: 'with-translator',
      roles: { ...policy.roles, translator: { ...implementer!, name: 'translator' } },
      assignments: { ...policy.assignments, translator: policy.assignments['implementer']! },
      tiers: { full: { ...policy.tiers['full']!, roles: [...goodRound, 'translator'] } },
    };
    for (const [at, role] of [...goodRound, 'translator'].entries()) {
      const world = run([...Array.from({ length: at }, () => 'good' as const), 'crash'], {
        under: testPolicy(added),
      });
      expect(
        roles(world).filter((each) => each === role),
        role,
      ).toHaveLength(policy.caps.perDispatch);
    }
  });

  it('is not reset by a recovery that finds the file it looked for (gsd-build/gsd-2#5564)', () => {
    const world = run(['no-artifact', 'crash-after-work', 'malformed', 'malformed', 'malformed']);
    expect(world.sessions.length).toBeLessThanOrEqual(policy.caps.perRound);
    const counted = new Map<string, number>();
    for (const { order } of world.sessions)
      counted.set(order.dispatchId, (counted.get(order.dispatchId) ?? 0) + 1);
    for (const [id, n] of counted) expect(n, id).toBeLessThanOrEqual(policy.caps.perDispatch);
  });

  it.each(['crash', 'malformed', 'no-artifact', 'nothing', 'send-back', 'overloaded'] as const)(
    'survives a restart before every single effect: an agent that only makes "%s" (gsd-build/gsd-2#4382)',
    (move) => {
      const calm = run([move]);
      const world = run([move], { between: restart });
      expect(roles(world)).toEqual(roles(calm));
    },
  );

  it('counts a repair and a retry together, so that alternating does not double it (gsd-build/gsd-2#5242)', () => {
    for (const moves of [
      ['no-artifact', 'crash', 'no-artifact', 'crash'],
      ['crash', 'no-artifact', 'crash', 'no-artifact'],
    ] as const) {
      expect(run(moves).sessions).toHaveLength(policy.caps.perDispatch);
    }
  });

  it('written as nothing at all is refused, not taken for "no limit" (anthropics/claude-code#18646)', () => {
    for (const value of ['0', '-1', '.inf', 'null', '"3 --completion-promise=DONE"']) {
      const { diagnostics } = readSettings(`caps:\n  perRound: ${value}\n`, { roles: [], tiers: [] });
      expect(
        diagnostics.map(({ severity }) => severity),
        value,
      ).toContain('error');
    }
  });
});

describe('a verdict', () => {
  it('that is no pass does not dispatch the next step again and again (gsd-build/gsd-2#5661)', () => {
    const world = run(['good', 'good', ...Array.from({ length: 40 }, () => 'send-back' as const)]);
    for (const role of goodRound) {
      const sessions = roles(world).filter((each) => each === role);
      expect(sessions.length, role).toBeLessThanOrEqual(policy.caps.perRole);
    }
    expect(['parked', 'finished']).toContain(rest(world).state);
  });

  it('that sends back work which then changes is no loop: real progress is not stopped (mikeyobrien/ralph-orchestrator#234)', () => {
    const world = run(['good', 'good', 'send-back', 'good', 'send-back', 'good', 'good']);
    expect(roles(world)).toEqual([
      'architect',
      'implementer',
      'reviewer',
      'implementer',
      'reviewer',
      'implementer',
      'reviewer',
      'memorial',
    ]);
    expect(world.state.value).toBe('finished');
  });
});

describe('a wait', () => {
  it('for a human starts nobody meanwhile, also when the runner is started over and over (gsd-build/gsd-2#3362, #6351)', () => {
    const world = run(['escalate']);
    for (let n = 0; n < 200; n += 1) {
      world.human(n % 2 === 0 ? 'restart' : 'touch');
      settle(world);
    }
    expect(roles(world)).toEqual(['architect']);
    expect(rest(world).next[0]).toContain('resume');
  });

  it('for a blocker that no retry mends asks once instead of thrashing (gsd-build/gsd-2#5242, gastownhall/gascity#4114)', () => {
    const world = run(['auth'], { between: restart });
    expect(roles(world)).toEqual(['architect']);
    expect(rest(world).words).toContain('not logged in');
  });

  it.each(['crash', 'escalate', 'good', 'auth'] as const)(
    'costs nothing: no tick, hint or restart wakes anybody after "%s" (gastownhall/gascity#1752)',
    (move) => {
      const world = run([move]);
      const before = world.sessions.length;
      for (let n = 0; n < 100; n += 1) {
        const idle = step(policy, world.state, { type: 'TICK', at: 1e12 + n });
        expect(idle.changed).toBe(false);
        world.human('restart');
        settle(world);
      }
      expect(world.sessions).toHaveLength(before);
    },
  );

  it('for a provider’s limit is counted, so that a limit that never lifts ends in a question', () => {
    const world = run(['limit'], { between: restart });
    expect(rest(world).words).toMatch(/rate-limited.*has waited 50 times/);
    expect(world.state.context.round?.sessions).toBeLessThanOrEqual(1);
  });
});

describe('a human who keeps saving READY', () => {
  it('grants one allowance with each answer to a blocked round, and none with a save that changes nothing', () => {
    const world = run(['crash']);
    const moves: readonly HumanMove[] = ['touch', 'touch', 'ready', 'touch', 'ready', 'touch'];
    const counts = moves.map((move) => {
      world.human(move);
      settle(world);
      return world.sessions.length;
    });
    expect(counts).toEqual([2, 2, 4, 4, 6, 6]);
  });
});
