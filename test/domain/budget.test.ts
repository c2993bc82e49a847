import { describe, expect, it } from 'vitest';
import { allowed, budgetStop, budgetWarnings, capUsd, nothingSpent, spend } from '../../src/domain/budget.ts';
import type { Spent } from '../../src/domain/budget.ts';
import { initialState, restore, step, store } from '../../src/domain/machine.ts';
import type { MachineState } from '../../src/domain/machine.ts';
import type { MachineEvent } from '../../src/protocol/event.ts';
import { budgetOf, readSettings } from '../../src/protocol/settings.ts';
import { order as someOrder } from '../cli/values.ts';
import { pricedUsage } from '../rig/cost.ts';
import { ended, facts, read, settled } from '../rig/facts.ts';
import { testPolicy } from '../rig/policy.ts';

const noon = Date.parse('2026-11-27T12:00:00Z');
const known = { roles: ['architect', 'implementer', 'second-reviewer'], tiers: [] };
const budget = (text: string) => {
  const { settings, diagnostics } = readSettings(`budget: ${text}`, known);
  expect(diagnostics).toEqual([]);
  return { budget: budgetOf(settings) };
};
const order = (role = 'implementer', round = 'R07') => ({ ...someOrder, role, round });

/** Sessions of the implementer, each of so many tokens at a micro-dollar each. */
function after(
  ...sessions: readonly {
    tokens: number | null;
    at?: number;
    role?: string;
    round?: string;
    priced?: boolean;
  }[]
): Spent {
  return sessions.reduce<Spent>((spent, { tokens, at = noon, role, round, priced = true }) => {
    const usage = tokens === null ? null : pricedUsage(tokens);
    const microUsd = priced ? tokens : null;
    return spend(spent, order(role, round), {
      ...ended('x'),
      at,
      usage,
      priced: { microUsd, prices: 'test' },
    });
  }, nothingSpent);
}
const stop = (text: string, spent: Spent, role?: string, at = noon): string | null =>
  budgetStop(budget(`{ mode: enforce, ${text} }`), spent, order(role), at);

describe('budgetStop()', () => {
  it('stops before the session that would pass the budget, and says the figures', () => {
    const two = after({ tokens: 23_424 }, { tokens: 23_424 });
    expect(stop('round: { usd: 0.05 }', after({ tokens: 23_424 }))).toBeNull();
    expect(stop('round: { usd: 0.05 }', two)).toBe(
      'the budget of round R07 is $0.0500: $0.0468 is spent, and a session of implementer comes to $0.0234 (the mean of its sessions so far, 2)',
    );
    expect(stop('round: { usd: 0.070272 }', two)).toBeNull();
    expect(stop('round: { usd: 0.070271 }', two)).not.toBeNull();
  });

  it('expects of a role without history what the others came to', () => {
    const spent = after({ tokens: 30_000, role: 'architect' });
    expect(stop('round: { usd: 0.05 }', spent)).toMatch(
      /comes to \$0\.0300 \(the mean of all sessions so far, 1\)/,
    );
  });

  it('starts the first session of a project, unless the budget is nothing', () => {
    expect(stop('round: { usd: 0.05 }', nothingSpent)).toBeNull();
    expect(stop('round: { usd: 0 }', nothingSpent)).toMatch(/is \$0: \$0 is spent/);
    expect(stop('round: { tokens: 0 }', nothingSpent)).toMatch(/is 0 tokens: 0 are spent/);
  });

  it.each([
    ['role: { tokens: 100 }', 'implementer', 'implementer in round R07'],
    ['role: { tokens: 100 }', 'architect', null],
    ['roles: { implementer: { tokens: 500 } }, role: { tokens: 1 }', 'implementer', null],
    ['round: { tokens: 100 }', 'architect', 'round R07'],
    ['day: { tokens: 100 }', 'architect', 'the day 2026-11-27 (UTC)'],
    ['project: { tokens: 100 }', 'architect', 'the project'],
  ])('%s holds for %s: %s', (text, role, scope) => {
    const found = stop(text, after({ tokens: 100 }), role);
    expect(found === null ? null : /the budget of (.*?) is/.exec(found)?.[1]).toBe(scope);
  });

  it('counts a day from its first second, and a round from its first session', () => {
    const spent = after({ tokens: 100 });
    expect(stop('day: { tokens: 150 }', spent)).not.toBeNull();
    expect(stop('day: { tokens: 150 }', spent, 'implementer', noon + 12 * 3_600_000)).toBeNull();
    const next = budget('{ mode: enforce, round: { tokens: 150 } }');
    expect(budgetStop(next, spent, order('implementer', 'R08'), noon)).toBeNull();
    const both = after({ tokens: 100 }, { tokens: 10, round: 'R08' });
    expect(both.round).toMatchObject({ id: 'R08', amount: { tokens: 10 } });
    expect(both.project.tokens).toBe(110);
  });

  it('cannot count a session nobody knows, nor in money one without a price', () => {
    const unknown = after({ tokens: null });
    expect(stop('round: { tokens: 9 }', unknown)).toMatch(
      /cannot be counted: nobody knows what 1 session used/,
    );
    expect(stop('round: { usd: 9 }', unknown)).toMatch(/cannot be counted/);
    const unpriced = after({ tokens: 5, priced: false }, { tokens: 5, priced: false });
    expect(stop('round: { tokens: 99 }', unpriced)).toBeNull();
    expect(stop('round: { usd: 9 }', unpriced)).toMatch(
      /in money: 2 sessions worked on a model without a price/,
    );
    // Without a budget there is nothing to count.
    expect(stop('day: {}', unknown)).toBeNull();
  });

  it('expects two sessions where a second opinion is worked beside the first', () => {
    const spent = after({ tokens: 20_000 });
    const both = { ...order('reviewer'), companion: order('second-reviewer') };
    const enforced = budget('{ mode: enforce, round: { usd: 0.05 } }');
    expect(budgetStop(enforced, spent, order('reviewer'), noon)).toBeNull();
    expect(budgetStop(enforced, spent, both, noon)).toBe(
      'the budget of round R07 is $0.0500: $0.0200 is spent, and sessions of reviewer and second-reviewer come to $0.0400 (the mean of all sessions so far, 1)',
    );
    const own = budget('{ mode: enforce, roles: { second-reviewer: { tokens: 5 } } }');
    expect(budgetStop(own, spent, both, noon)).toMatch(
      /^the budget of second-reviewer in round R07 is 5 tokens/,
    );
  });

  it('lets one session pass at a word of the human, who then knows of what was not counted', () => {
    const spent = allowed(after({ tokens: 100 }, { tokens: null }));
    expect(stop('round: { tokens: 50 }', spent)).toBeNull();
    expect(stop('round: { tokens: 50 }', { ...spent, pass: false })).not.toMatch(/cannot be counted/);
    expect(stop('round: { tokens: 50 }', { ...spent, pass: false })).toMatch(/100 are spent/);
  });

  it('takes no session that nobody could count into the mean, nor its tokens, after a word of the human either', () => {
    const spent = after({ tokens: 40_000 }, { tokens: null }, { tokens: 60_000, priced: false });
    for (const each of [spent, { ...allowed(spent), pass: false }]) {
      expect(stop('round: { usd: 0.07 }', each)).toMatch(
        /comes to \$0\.0400 \(the mean of its sessions so far, 1\)/,
      );
      expect(stop('round: { tokens: 139999 }', each)).toMatch(/comes to 40000 \(/);
      expect(stop('round: { tokens: 140000 }', each) ?? '').not.toMatch(/are spent/);
    }
  });

  it('only warns where the project only audits', () => {
    const audit = budget('{ round: { tokens: 50 } }');
    const spent = after({ tokens: 100 });
    expect(budgetStop(audit, spent, order(), noon)).toBeNull();
    expect(budgetWarnings(audit, spent, order(), noon)).toHaveLength(1);
    expect(budgetWarnings(budget('{ mode: enforce, round: { tokens: 50 } }'), spent, order(), noon)).toEqual(
      [],
    );
  });
});

describe('capUsd()', () => {
  it('is what is left in the narrowest budget of money, where it is enforced', () => {
    const spent = after({ tokens: 20_000 });
    const cap = (text: string) => capUsd(budget(text), spent, order(), noon);
    expect(cap('{ mode: enforce, round: { usd: 0.05 }, project: { usd: 9 } }')).toBe(0.03);
    expect(cap('{ mode: enforce, round: { tokens: 5 } }')).toBeNull();
    expect(cap('{ mode: enforce, round: { usd: 0.01 } }')).toBeNull();
    expect(cap('{ round: { usd: 0.05 } }')).toBeNull();
    // Two at once have half each of what both count in, and all of what is their own.
    const beside = { ...order('reviewer'), companion: order('second-reviewer') };
    const halved = budget('{ mode: enforce, round: { usd: 0.1 } }');
    expect(capUsd(halved, spent, beside, noon)).toBe(0.04);
    expect(capUsd(halved, spent, { ...beside.companion, kind: 'opinion' }, noon)).toBe(0.04);
    expect(capUsd(budget('{ mode: enforce, role: { usd: 0.1 } }'), spent, beside, noon)).toBe(0.1);
    // 0.01 is left and a session comes to 0.02: it is started only if a human let it pass, and then not cut off.
    expect(cap('{ mode: enforce, round: { usd: 0.03 } }')).toBeNull();
  });
});

describe('the machine under a budget', () => {
  const policy = testPolicy(budget('{ mode: enforce, round: { tokens: 150 } }'));
  const run = (from: MachineState, ...events: readonly MachineEvent[]): MachineState =>
    events.reduce((state, event) => step(policy, state, event).state, from);
  /** Kept and read back, as over a restart. */
  const restarted = (state: MachineState): MachineState =>
    restore(JSON.parse(JSON.stringify(store(state))) as ReturnType<typeof store>) ?? initialState();

  const claim: MachineEvent = { type: 'CLAIMED', at: noon, digest: 'd2', baseline: {} };
  /** The architect has worked 100 tokens; the implementer is next. */
  function handedOver(): MachineState {
    const claimed = run(initialState(), read(facts(), { at: noon }), claim);
    const id = claimed.context.order?.id ?? '';
    const used = { usage: pricedUsage(100), priced: { microUsd: 100, prices: 'test' }, at: noon };
    return run(
      claimed,
      ended(id, { type: 'done' }, used),
      settled(facts({ role: 'implementer', roleText: 'implementer' }), { at: noon }),
      { type: 'GATED', at: noon, gates: [] },
      { type: 'WRITTEN', at: noon, digest: 'd4', commit: null },
    );
  }
  const implementer = facts({ role: 'implementer', roleText: 'implementer' });

  it('asks instead of starting the session that would pass it, also after a restart', () => {
    const asked = run(restarted(handedOver()), read(implementer, { at: noon, digest: 'd5' }));
    expect(asked.value).toBe('writing');
    const { verdict } = asked.context;
    expect(verdict.type === 'write' ? verdict.change : {}).toMatchObject({
      status: 'ESCALATE',
      'next-role': 'implementer',
    });
    expect(verdict.type === 'write' ? verdict.escalation?.question : '').toMatch(
      /is not started: the budget of round R01 is 150 tokens: 100 are spent/,
    );
  });

  it('starts it once at the word of the human, and asks again before the next', () => {
    const asked = run(handedOver(), read(implementer, { at: noon, digest: 'd5' }), {
      type: 'WRITTEN',
      at: noon,
      digest: 'd6',
      commit: null,
    });
    const question = {
      ...facts({ role: 'implementer', roleText: 'implementer', status: 'ESCALATE', statusText: 'ESCALATE' }),
    };
    const escalation = asked.context.question?.escalation ?? null;
    const answer = read({ ...question, escalation, answer: 'A' }, { at: noon, digest: 'd7' });
    const released = run(asked, answer, { type: 'WRITTEN', at: noon, digest: 'd8', commit: null });
    expect(released.context.spent.pass).toBe(true);
    const started = run(released, read(implementer, { at: noon, digest: 'd9' }));
    expect(started.value).toBe('claiming');
    expect(run(started, claim).context.spent.pass).toBe(false);
  });
});
