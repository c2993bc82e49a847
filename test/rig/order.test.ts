import { describe, expect, it } from 'vitest';
import { breachesOf } from './order.ts';

const journal = '/p/.next-role/journal.jsonl';
const fresh = '/p/coordination/.NEXT-ROLE.md.nr-0000abcd1234';
const record = [
  { name: 'writeSync', what: journal },
  { name: 'fdatasyncSync', what: journal },
];
const replace = [
  { name: 'writeSync', what: fresh },
  { name: 'fsync', what: fresh },
  { name: 'rename', what: fresh },
];
const start = { name: 'spawn', what: '/bin/sh' };

describe('breachesOf()', () => {
  it('finds nothing in a record, its write, the next record, and the start it orders', () => {
    expect(breachesOf([...record, ...replace, ...record, start])).toEqual([]);
  });

  it('names a step before its record is synced, a name before its content, and a start without a record', () => {
    expect(breachesOf([record[0]!, ...replace])).toHaveLength(4);
    expect(breachesOf([...record, replace[0]!, replace[2]!])).toEqual([
      `rename ${fresh} before its content was synced`,
    ]);
    expect(breachesOf([...record, ...replace, start])).toEqual([
      'spawn /bin/sh without a record since the last thing the world saw',
    ]);
  });
});
