import { describe, expect, it } from 'vitest';
import { initialState, step, type MachineState } from '../../src/domain/machine.ts';
import { describe as situate } from '../../src/domain/situation.ts';
import type { MachineEvent } from '../../src/protocol/event.ts';
import { ended, facts, question, read, settled } from '../rig/facts.ts';
import { testPolicy } from '../rig/policy.ts';

const policy = testPolicy();
const go = (events: readonly MachineEvent[], from: MachineState = initialState()): MachineState =>
  events.reduce((state, event) => step(policy, state, event).state, from);
const escalated = read(facts({ status: 'ESCALATE', role: 'implementer', escalation: question }));

describe('describe()', () => {
  it.each<[string, MachineEvent, number, string]>([
    ['a finished round', read(facts({ status: 'ROUND-COMPLETE' })), 0, 'finished'],
    ['an open question', escalated, 2, 'implementer asks: Which one rules?'],
    ['a blocked round', read(facts({ status: 'BLOCKED', statusNote: 'no luck' })), 1, 'Blocked: no luck'],
    ['a pause', read(facts({ status: 'PAUSED' })), 2, 'A human paused the round'],
    ['a plan to approve', read(facts({ status: 'WAVE-PLAN-READY' })), 2, 'approve'],
    ['a file that is ours to answer', read(facts({ role: 'human' })), 2, 'yours'],
    ['an unknown status', read(facts({ status: null, statusText: 'DONE-ISH' })), 2, 'DONE-ISH'],
    ['a foreign WORKING', read(facts({ status: 'WORKING' })), 2, 'WORKING'],
    [
      'an unreadable file',
      read(null, {
        problems: [{ code: 'header-yaml', line: 3, severity: 'error', message: 'Bad YAML', hint: 'Mend it' }],
      }),
      2,
      'Bad YAML',
    ],
  ])('says of %s what it is and exits with its code', (_, event, code, words) => {
    const situation = situate(policy, go([event]));
    expect(situation.rest).toBe(code);
    expect(situation.headline).toContain(words);
    expect(situation.next[0]).not.toBe('');
  });

  it('names the recommended letter in the command to type', () => {
    expect(situate(policy, go([escalated])).next).toEqual(['next-role resume --choose B']);
    expect(situate(policy, go([escalated])).question).toMatchObject({
      id: 'R01-implementer-1',
      askedBy: 'implementer',
    });
  });

  it.each([
    ['a status that nobody knows', facts({ status: null, statusText: 'REDY', role: 'implementer' })],
    ['a pause', facts({ status: 'PAUSED', role: 'implementer' })],
    ['BLOCKED', facts({ status: 'BLOCKED', role: 'implementer' })],
    ['a foreign WORKING', facts({ status: 'WORKING', role: 'implementer' })],
  ])('leads from %s over an open question back to the question, never to READY', (_, handoff) => {
    const { headline, next } = situate(policy, go([escalated, read(handoff, { digest: 'd2' })]));
    expect(headline).toContain('implementer still asks (R01-implementer-1): Which one rules?');
    expect(next).toContain('next-role set status=ESCALATE');
    expect(next.join(' ')).not.toContain('READY');
  });

  it.each([
    ['tier', facts({ tier: 'ful' }), 'next-role set tier=full', 'did you mean "full"?'],
    ['preset', facts({ preset: 'cheapo' }), 'next-role set preset!', 'is not known (careful, quick)'],
    ['preset', facts({ preset: 'carefull' }), 'next-role set preset=careful', 'did you mean "careful"?'],
  ])('names the command that mends an unknown %s', (_, handoff, command, words) => {
    const preset = { about: '', classes: {}, risk: 'both', escalate: true } as const;
    const rules = testPolicy({ digest: 'p2', presets: { careful: preset, quick: preset } });
    const situation = situate(rules, step(rules, initialState(), read(handoff)).state);
    expect(situation.next[0]).toBe(command);
    expect(situation.headline).toContain(words);
  });

  it('says of a given answer whom the next run resumes', () => {
    const given = facts({ status: 'ESCALATE', role: 'implementer', escalation: question, answer: 'A' });
    const answered = go([escalated, read(given, { digest: 'd2' })]);
    expect(situate(policy, answered)).toMatchObject({
      headline: 'R01-implementer-1 is answered A; the next run resumes implementer',
      next: ['next-role run'],
    });
  });

  it('bounds a working session by its total clock, and a pause by its end', () => {
    const working = go([read(facts()), { type: 'CLAIMED', at: 2_000, digest: 'd2', baseline: {} }]);
    expect(situate(policy, working)).toMatchObject({
      waitsFor: 'session',
      role: 'architect',
      since: 2_000,
      until: 602_000,
      rest: null,
    });
    const order = working.context.order!;
    const busy = { type: 'failed', class: 'overloaded', message: 'busy', resetsAt: null } as const;
    const cooling = go(
      [ended(order.id, busy), settled(facts({ status: 'WORKING', dispatch: order.id }))],
      working,
    );
    expect(situate(policy, cooling)).toMatchObject({ waitsFor: 'clock', until: 9_000, rest: null });
    expect(situate(policy, cooling).headline).toContain('busy');
  });
});
