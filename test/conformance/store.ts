/**
 * What every store of decisions must do, whatever it keeps them in. A store's own test file calls `storeConformance`
 * with a way to open a fresh one; nothing here knows about files.
 */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JournalEntry, JournalRecord, Store } from '../../src/protocol/journal.ts';

/** A fresh, empty store, and the means to look at it like a program that starts later. */
export type OpenedStore = {
  readonly store: Store;
  /** Closes what was opened last and opens the same decisions again. */
  reopen(): Store;
  /** Everything that was kept, in order, read independently of the open store. */
  records(): readonly JournalRecord[];
  /** Removes all traces. */
  dispose(): void;
};

/** An entry as the machine makes them; `note` is text that must come back unchanged. */
export function entry(at: number, note = ''): JournalEntry {
  return {
    event: { type: 'FAILED', at, doing: 'read', message: note },
    state: { version: '1', value: 'reading', context: { note, visits: [at, null, { deep: true }] } },
    effects: [{ kind: 'read' }, { kind: 'wake', at: at + 1000 }],
  };
}

/** The rules of `Store`. */
export function storeConformance(name: string, open: () => OpenedStore): void {
  describe(`${name} as a store of decisions`, () => {
    let opened: OpenedStore;
    beforeEach(() => {
      opened = open();
    });
    afterEach(() => opened.dispose());

    it('load() of a fresh store finds nothing', () => {
      expect(opened.store.load()).toEqual({ last: null, torn: null });
      expect(opened.records()).toEqual([]);
    });

    it('append() numbers decisions from 1 without gaps', () => {
      opened.store.load();
      const seqs = [1, 2, 3, 4].map((at) => opened.store.append(entry(at)).seq);
      expect(seqs).toEqual([1, 2, 3, 4]);
    });

    it('append() gives back the entry with its number and a hash', () => {
      opened.store.load();
      const record = opened.store.append(entry(1, 'kept'));
      expect(record).toEqual({ ...entry(1, 'kept'), seq: 1, hash: record.hash });
      expect(record.hash).toMatch(/^[0-9a-f]{64}$/);
    });

    it('load() after a restart gives the last decision as it was', () => {
      opened.store.load();
      opened.store.append(entry(1, 'first'));
      const last = opened.store.append(entry(2, 'zwei\r\n"quoted" \u2028 \ud83d\ude80'));
      expect(opened.reopen().load()).toEqual({ last, torn: null });
    });

    it('goes on numbering and chaining after a restart', () => {
      opened.store.load();
      opened.store.append(entry(1));
      const again = opened.reopen();
      again.load();
      expect(again.append(entry(2)).seq).toBe(2);
      expect(opened.records().map((record) => record.seq)).toEqual([1, 2]);
    });

    it('gives the same decision another hash at another place', () => {
      opened.store.load();
      expect(opened.store.append(entry(1)).hash).not.toBe(opened.store.append(entry(1)).hash);
    });

    it('gives the same story the same hashes', () => {
      const other = open();
      try {
        opened.store.load();
        other.store.load();
        for (const at of [1, 2, 3]) {
          expect(opened.store.append(entry(at)).hash).toBe(other.store.append(entry(at)).hash);
        }
      } finally {
        other.dispose();
      }
    });

    it('keeps 1,000 decisions exactly', () => {
      opened.store.load();
      const given = Array.from({ length: 1000 }, (_, at) => opened.store.append(entry(at, `note ${at}`)));
      expect(opened.records()).toEqual(given);
      expect(opened.reopen().load().last).toEqual(given.at(-1));
    });

    it('gives back any text', () => {
      opened.store.load();
      fc.assert(
        fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (note) => {
          opened.store.append(entry(1, note));
          expect(opened.records().at(-1)?.event).toEqual({
            type: 'FAILED',
            at: 1,
            doing: 'read',
            message: note,
          });
        }),
        { numRuns: 50 },
      );
    });

    it('refuses to append once closed, and close() twice is fine', () => {
      opened.store.load();
      opened.store.append(entry(1));
      opened.store.close();
      opened.store.close();
      expect(() => opened.store.append(entry(2))).toThrow(/closed/);
      expect(opened.records()).toHaveLength(1);
    });
  });
}
