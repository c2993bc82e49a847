/** Lines of a memorial as people and models write them, and the ledger's own text. */
import { describe, expect, it } from 'vitest';
import { emptyLedger, readLedger, readMemorial, writeLedger } from '../../src/protocol/memorial.ts';

describe('readMemorial()', () => {
  it.each([
    ['as it is asked for', 'VIOLATION | anti-scope | F-1 src/a.js:3 | R07 | implementer'],
    ['as a list item in bold', '- **VIOLATION** | anti-scope | `F-1 src/a.js:3` | R07 | Implementer'],
    ['as a row of a table', '| violation | Anti-Scope | F-1 src/a.js:3 | R07 | implementer |'],
    ['in a quotation', '> VIOLATION|anti-scope|F-1 src/a.js:3|R07|implementer'],
  ])('reads a line %s', (_, text) => {
    expect(readMemorial(`# Memorial\r\n\r\n${text}\r\n`)).toEqual([
      {
        kind: 'VIOLATION',
        discipline: 'anti-scope',
        evidence: 'F-1 src/a.js:3',
        round: 'R07',
        role: 'implementer',
        lesson: null,
        line: 3,
      },
    ]);
  });

  it('keeps the lesson of a sixth column', () => {
    const [line] = readMemorial('CONFIRMATION | tdd-discipline | t.js:1 | R01 | implementer | test first');
    expect(line?.lesson).toBe('test first');
  });

  it('takes prose, comments and half lines for what they are', () => {
    const text =
      '<!-- VIOLATION | a | b | R01 | c -->\nVIOLATION was seen\nVIOLATION | a | b\nNOTE | a | b | c | d\n';
    expect(readMemorial(text)).toEqual([]);
  });
});

describe('readLedger()', () => {
  it('takes an empty text for an empty ledger', () => {
    expect(readLedger('')).toEqual({ ok: true, ledger: emptyLedger });
    expect(readLedger(writeLedger(emptyLedger))).toEqual({ ok: true, ledger: emptyLedger });
  });

  it('names the line of what it cannot read', () => {
    const reading = readLedger(writeLedger(emptyLedger).replace('"rules": []', '"rules": [{"id": 7}]'));
    expect(reading.ok).toBe(false);
    if (!reading.ok) expect(reading.diagnostics[0]?.line).toBe(5);
  });
});
