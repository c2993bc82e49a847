/** Reading the same text twice: the value is kept, its lines and its mistakes are told anew. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readData } from '../../src/protocol/datafile.ts';

const schema = z.strictObject({ tier: z.string(), caps: z.record(z.string(), z.number()).optional() });
const good = 'tier: audit\ncaps:\n  sessions: 3\n';

describe('readData()', () => {
  it('gives the same value for the same text, and still knows the line of each key', () => {
    const [first, second] = [readData(good, schema), readData(good, schema)];
    if (!first.ok || !second.ok) throw new Error('The text is good');
    expect(second.value).toBe(first.value);
    expect(first.lineOf(['caps', 'sessions'])).toBe(3);
    expect(second.lineOf(['caps', 'sessions'])).toBe(3);
  });

  it('keeps what one schema took apart from what another takes', () => {
    expect(readData(good, schema).ok).toBe(true);
    expect(readData(good, z.strictObject({ other: z.string() })).ok).toBe(false);
  });

  it('tells a mistake each time', () => {
    const [first, second] = [readData('tier: 7', schema), readData('tier: 7', schema)];
    expect(first.ok).toBe(false);
    expect(second).toEqual(first);
  });
});
