import { describe, expect, it } from 'vitest';
import { found, isMisconfigured } from '../../src/cli/found.ts';
import { store } from '../../src/domain/machine.ts';
import { asking, contextWith, lookWith, noon, order } from './values.ts';

const problem = (severity: 'error' | 'warning') =>
  ({
    file: 'coordination/next-role.yaml',
    diagnostics: [{ code: 'data-invalid', line: 4, severity, message: '"x" is no key', hint: 'Remove it' }],
  }) as const;
const runner = {
  pid: 4711,
  startTime: '815',
  bootId: 'b',
  command: 'next-role run',
  host: 'here',
  since: new Date(noon).toISOString(),
};
const working = { value: 'working', context: contextWith({ order }) } as const;
const event = { type: 'LOOK', at: noon } as const;
const last = { seq: 1, hash: 'h', event, state: store(working), effects: [] };

describe('found()', () => {
  it('knows since when only from a record that the file still agrees with', () => {
    expect(found(lookWith(working, { last })).situation.since).toBe(noon);
    expect(found(lookWith(working, { last, edited: true })).situation.since).toBe(0);
    expect(found(lookWith(working)).situation.since).toBe(0);
  });

  it('says that a run would start nothing where a file has errors, and shows no order that would not come', () => {
    const { situation } = found(lookWith(working, { problems: [problem('error')] }));
    expect(situation).toMatchObject({
      headline: 'coordination/next-role.yaml has errors: a run would start nothing',
      waitsFor: 'human',
      rest: 2,
      order: null,
      role: null,
      next: ['next-role doctor'],
    });
  });

  it('keeps the open question, and who asked', () => {
    const seen = found(lookWith({ value: 'parked', context: asking }, { problems: [problem('error')] }));
    expect(seen.situation).toMatchObject({ role: 'implementer', question: { id: 'R07-implementer-1' } });
  });

  it.each([
    ['a warning', { problems: [problem('warning')] }],
    ['a runner that goes on with the last good settings', { problems: [problem('error')], runner }],
  ])('leaves the situation alone beside %s', (_, more) => {
    const seen = lookWith(working, { last, ...more });
    expect(isMisconfigured(seen)).toBe(false);
    expect(found(seen).situation).toEqual(seen.situation);
  });
});
