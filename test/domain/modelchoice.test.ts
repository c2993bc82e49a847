/** Which model an order gets: every source of a choice, what moves a class, and what stands in for a busy model. */
import { describe, expect, it } from 'vitest';
import { chooseModel } from '../../src/domain/modelchoice.ts';
import { route } from '../../src/domain/router.ts';
import { newRound, setBack, type RoundMemory } from '../../src/domain/round.ts';
import { step, type MachineState } from '../../src/domain/machine.ts';
import type { MachineEvent } from '../../src/protocol/event.ts';
import type { Assignment, Policy } from '../../src/protocol/policy.ts';
import type { Routing } from '../../src/protocol/routing.ts';
import type { FailureClass } from '../../src/protocol/session.ts';
import { packageRoot, readCatalog } from '../../src/effects/catalog.ts';
import { initialState } from '../../src/domain/machine.ts';
import { ended, facts, read, settled } from '../rig/facts.ts';
import { testPolicy } from '../rig/policy.ts';

const shipped = (await readCatalog(packageRoot, { path: '' })).policy;
const round = (more: Partial<RoundMemory> = {}): RoundMemory => ({ ...newRound('R01', 'full'), ...more });
const routing = (more: Partial<Routing> = {}): Routing => ({
  tier: 'full',
  confidence: 1,
  score: 0,
  rule: 'risk',
  because: [],
  signals: [],
  alternatives: [],
  risk: 'low',
  work: 'building',
  ...more,
});
const high = routing({
  risk: 'high',
  signals: [{ id: 'auth', group: 'risk', weight: 3, words: ['SAML'], from: 'directive' }],
});
const mechanical = routing({ work: 'mechanical', rule: 'mechanical', tier: 'solo' });
const withAssignment = (role: string, more: Partial<Assignment>): Policy => {
  const own = shipped.assignments[role];
  if (own === undefined) throw new Error(role);
  return { ...shipped, assignments: { ...shipped.assignments, [role]: { ...own, ...more } } };
};
const chosen = (of: RoundMemory, role: string, policy: Policy = shipped): string | null =>
  chooseModel(policy, of, role).model;

describe('chooseModel()', () => {
  it.each([
    ['implementer', 'its class', round(), 'sonnet'],
    ['implementer', 'a risky round', round({ routing: high }), 'opus'],
    ['implementer', 'mechanical work of one session', round({ tier: 'solo', routing: mechanical }), 'haiku'],
    ['implementer', 'mechanical work in a full round', round({ routing: mechanical }), 'sonnet'],
    ['architect', 'a round without risk', round({ routing: routing() }), 'sonnet'],
    ['architect', 'mechanical work', round({ routing: mechanical }), 'haiku'],
    ['architect', 'a risky round', round({ routing: high }), 'opus'],
    ['reviewer', 'a bounded round', round({ tier: 'audit', routing: routing() }), 'sonnet'],
    ['reviewer', 'a full round', round({ routing: routing() }), 'opus'],
    ['reviewer', 'a risky audit round', round({ tier: 'audit', routing: high }), 'opus'],
    ['memorial', 'its class', round({ routing: routing() }), 'haiku'],
    ['implementer', 'the header for all roles', round({ models: { '*': 'm-1' }, routing: high }), 'm-1'],
    [
      'implementer',
      'the header for this role',
      round({ models: { '*': 'm-1', implementer: 'cheap' } }),
      'haiku',
    ],
    ['implementer', 'the preset of the header', round({ preset: 'economic' }), 'haiku'],
    [
      'implementer',
      'risk above a preset that lets it raise',
      round({ preset: 'economic', routing: high }),
      'opus',
    ],
    [
      'reviewer',
      'a preset that lets risk only raise',
      round({ preset: 'strong-gate', tier: 'audit', routing: routing() }),
      'opus',
    ],
    ['implementer', 'a preset that nothing moves', round({ preset: 'fast', routing: high }), 'sonnet'],
    ['memorial', 'the best for all', round({ preset: 'frontier' }), 'opus'],
  ])('gives %s the model of %s', (role, _, of, model) => {
    expect(chosen(of, role)).toBe(model);
  });

  // The four markers by which the original raised its memorial's model, in words as its directives have them.
  it.each([
    ['nothing of note', 'Add a page about tabs.', 'full', 'haiku'],
    ['A: a rule to promote', 'The promotion threshold is met for anti-scope.', 'full', 'sonnet'],
    ['B: lines to consolidate', 'MR-2 Pass over the reinforcements.', 'full', 'sonnet'],
    ['C: a second reviewer who escalated', 'Reviewer-2 raised an ESCALATE on AC-4.', 'full', 'sonnet'],
    ['C, the other way round', 'Record the ESCALATE by Reviewer-2.', 'full', 'sonnet'],
    ['C, by the words of today', 'The second reviewer escalated over AC-4.', 'full', 'sonnet'],
    ['D: what an operator resolved', 'Operator resolution: Option F stands.', 'full', 'sonnet'],
    ['C, where the tier does not ask for it', 'Reviewer-2 raised an ESCALATE.', 'audit', 'haiku'],
    ['a second reviewer alone', 'Reviewer-2 found nothing.', 'full', 'haiku'],
  ])('gives the memorial of a round with %s the model that its records need', (_, directive, tier, model) => {
    const said = route({ directive, prd: '', tiers: Object.keys(shipped.tiers) }, shipped.router);
    expect(chosen(round({ tier, routing: said }), 'memorial')).toBe(model);
  });

  it('holds what the settings fix against every risk, but not against the header', () => {
    const fixed = withAssignment('implementer', { class: 'cheap' });
    expect(chosen(round({ routing: high }), 'implementer', fixed)).toBe('haiku');
    const pinned = withAssignment('implementer', { pinned: ['m-2', 'm-3'] });
    expect(chooseModel(pinned, round({ routing: high }), 'implementer')).toMatchObject({
      model: 'm-2',
      fallbacks: ['m-3'],
      because: ['settings: roles.implementer.model'],
    });
    expect(chosen(round({ models: { implementer: 'm-4' } }), 'implementer', pinned)).toBe('m-4');
  });

  it('says every step, with the words that made the round risky', () => {
    expect(chooseModel(shipped, round({ preset: 'economic', routing: high }), 'implementer').because).toEqual(
      [
        'preset economic (the header): implementer is cheap',
        'cheap → frontier: the round is risky ("SAML")',
        'implementer is class frontier → opus',
      ],
    );
  });

  it('raises one class for each failed attempt, up to the frontier', () => {
    const once = setBack(round({ preset: 'economic' }), 'implementer', { failed: true });
    const twice = setBack(once, 'implementer', { failed: true });
    const often = setBack(setBack(twice, 'implementer', { failed: true }), 'implementer', { failed: true });
    expect([once, twice, often].map((of) => chosen(of, 'implementer'))).toEqual(['sonnet', 'opus', 'opus']);
    expect(chooseModel(shipped, once, 'implementer').because).toContain(
      'cheap → balanced: one attempt failed',
    );
    expect(chosen({ ...once, preset: 'fast' }, 'implementer')).toBe('sonnet');
  });

  it('passes over busy models, and begins again when all are', () => {
    const one = setBack(round(), 'reviewer', { busy: 'opus' });
    expect(chooseModel(shipped, one, 'reviewer')).toMatchObject({ model: 'sonnet', fallbacks: [] });
    expect(chooseModel(shipped, one, 'reviewer').because).toContain(
      'opus was overloaded or at its limit → fallback sonnet',
    );
    expect(chosen(setBack(one, 'reviewer', { busy: 'sonnet' }), 'reviewer')).toBe('opus');
  });
});

describe('a session that failed', () => {
  const ladder = { frontier: ['big', 'mid'], balanced: ['mid', 'big'], cheap: ['small', 'mid'] };
  const base = testPolicy();
  const policy = testPolicy({
    assignments: Object.fromEntries(
      Object.entries(base.assignments).map(([role, its]) => [role, { ...its, ladder }]),
    ),
  });
  const after = (failure: FailureClass): MachineState => {
    let state = initialState();
    const go = (event: MachineEvent): void => {
      state = step(policy, state, event).state;
    };
    go(read(facts({ role: 'implementer' })));
    go({ type: 'CLAIMED', at: 2_000, digest: 'd2', baseline: {} });
    const order = state.context.order?.id ?? '';
    go(ended(order, { type: 'failed', class: failure, message: 'm', resetsAt: 9_000_000 }));
    go(settled(facts({ role: 'implementer', status: 'WORKING' })));
    return state;
  };

  it.each([
    ['overloaded', 'big', 5_000],
    ['rate-limited', 'big', 5_000],
    ['crashed', 'big', 6_000],
  ] as const)('of class %s is followed by one with "%s", not before %i', (failure, model, until) => {
    const { verdict } = after(failure).context;
    expect(verdict).toMatchObject({ type: 'cool', until, order: { model } });
  });

  it('counts what a provider refused to none of the model', () => {
    expect(after('overloaded').context.round?.setbacks).toEqual({
      implementer: { failures: 0, busy: ['mid'] },
    });
    expect(after('crashed').context.round?.setbacks).toEqual({ implementer: { failures: 1, busy: [] } });
  });
});
