import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packed, unpacked } from '../../src/effects/journaldelta.ts';
import type { JournalEntry, StoredState } from '../../src/protocol/journal.ts';

const order = { id: 'R01.1-one-abc', because: ['a reason that is long enough to be worth a word'] };
const digest = 'd'.repeat(64);
const before: StoredState = {
  version: '2',
  value: 'claiming',
  context: { at: 1, order, sights: [1], old: true },
};
const entry = (context: unknown): JournalEntry => ({
  event: { type: 'CLAIMED', at: 2, digest, baseline: {} },
  state: { version: '2', value: 'working', context },
  effects: [{ kind: 'dispatch', order } as never],
});

describe('a decision as what changed', () => {
  it('names what changed, what was added and what is gone, and says nothing twice', () => {
    const made = packed(entry({ at: 2, order, sights: [1, 2, 3], digest, verdict: { order } }), before);
    expect(made?.change).toEqual({
      value: ['working'],
      context: {
        at: [2],
        sights: [1, [2, 3]],
        digest: [{ '=': 'event/digest' }],
        verdict: [{ order: { '=': 'state/context/order' } }],
        old: 0,
      },
    });
    expect(made?.effects).toEqual([{ kind: 'dispatch', order: { '=': 'state/context/order' } }]);
  });

  it('is not made where keys changed their places, or where data looks like one of its words', () => {
    const moved = { ...entry({}), state: { value: 'working', version: '2', context: {} } };
    expect(packed(moved, before)).toBeNull();
    expect(packed(entry({ models: { '=': 'event/digest' } }), before)).toBeNull();
    expect(packed(entry({}), { ...before, context: { models: { '=': 'event' } } })).toBeNull();
  });

  it('tells a key apart from what every object has under that name', () => {
    // A baseline is kept by the names of files, and a file may have any name.
    const kept = { a: digest.replaceAll('d', 'a'), b: digest.replaceAll('d', 'b'), c: digest };
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const holding = JSON.parse(JSON.stringify({ ...kept, name: [['f']] }).replace('name', name)) as object;
      const change = (from: object, to: object) =>
        packed(entry({ at: 1, order, sights: [1], old: true, baseline: to }), {
          ...before,
          context: { ...(before.context as object), baseline: from },
        })?.change;
      expect(JSON.stringify(change(kept, holding))).toBe(
        `{"value":["working"],"context":{"baseline":{"${name}":[[["f"]]]}}}`,
      );
      expect(JSON.stringify(change(holding, kept))).toBe(
        `{"value":["working"],"context":{"baseline":{"${name}":0}}}`,
      );
    }
  });

  it('leads back to the same bytes, whatever the two states are', () => {
    const key = fc.constantFrom('order', 'at', 'a/b', '__proto__', 'constructor', 'valueOf', '0', '');
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, true, 0, 1, 'x', digest, [], {}, order),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4 }),
      ),
    }));
    let short = 0;
    fc.assert(
      fc.property(value, value, (from, to) => {
        const old = { ...before, context: { order, from } };
        const next = entry({ order, from: to });
        const made = packed(next, old);
        if (made === null) return;
        short += 1;
        const stored = JSON.parse(JSON.stringify(made)) as typeof made;
        expect(JSON.stringify(unpacked(stored, old))).toBe(JSON.stringify(next));
      }),
      { numRuns: 500 },
    );
    expect(short).toBeGreaterThan(300);
  });
});
