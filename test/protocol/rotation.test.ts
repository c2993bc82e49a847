import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode } from '../../src/protocol/codec.ts';
import { rotateHandoff, rotateMemorial } from '../../src/protocol/rotation.ts';

const link = '- [R07.md](history/R07.md)';
const front = '---\nround: R07\nnext-role: human\nstatus: ROUND-COMPLETE\n---\n';
const bare = 'CURRENT-ROUND: R07\r\nNEXT-ROLE: OPERATOR\r\nSTATUS: ROUND-COMPLETE\r\n';

/** Pieces of a body: prose, old headers, sections, open items, links, fences; in both line ends. */
const piece = fc.constantFrom(
  '\n## Directive\n\nBuild it.\n',
  '\n## Open items\n\n- F-3 is left\n\n### detail\n\nmore\n',
  '\r\n## Open operator decisions\r\n\r\n- which day?\r\n',
  '- [R06.md](history/R06.md)\n',
  '\n---\nCURRENT-ROUND: R05\nSTATUS: BLOCKED\n',
  '\n```md\n## Open in a fence\n```\n',
  '\nProse, with ünïcödé — and no end',
  '\n\n\n',
);

describe('rotateHandoff()', () => {
  it.each([
    ['front matter', front, '\n'],
    ['a bare header', bare, '\r\n'],
  ])('moves everything under %s but the open items and earlier links', (_, head, end) => {
    const body = `${end}## Directive${end}${end}Build it.${end}${end}- [R06.md](history/R06.md)${end}${end}## Open items${end}${end}- F-3${end}`;
    expect(rotateHandoff(head + body, link)).toEqual({
      text: `${head}${end}${link}${end}- [R06.md](history/R06.md)${end}## Open items${end}${end}- F-3${end}`,
      moved: `${end}## Directive${end}${end}Build it.${end}${end}${end}`,
    });
  });

  it('loses no byte, keeps the header and its meaning, and moves nothing twice, whatever stands in the body', () => {
    fc.assert(
      fc.property(fc.constantFrom(front, bare), fc.array(piece, { maxLength: 8 }), (head, pieces) => {
        const text = head + pieces.join('');
        const rotated = rotateHandoff(text, link);
        if (rotated === null) return;
        expect(rotated.text.startsWith(head)).toBe(true);
        const before = decode(text).handoff;
        const after = decode(rotated.text).handoff;
        expect({ ...after, inputs: [], directive: null }).toEqual({ ...before, inputs: [], directive: null });
        expect(after?.directive ?? null).toBeNull();
        // Every character of the body is in what moved or in what stayed, as often as before.
        const stayed = rotated.text.slice(head.length).replace(link, '');
        const letters = (part: string): string => part.replace(/\s/g, '').split('').sort().join('');
        expect(letters(rotated.moved + stayed)).toBe(letters(text.slice(head.length)));
        expect(rotateHandoff(rotated.text, link)?.moved.trim() ?? '').toBe('');
      }),
      { numRuns: 300 },
    );
  });

  it('leaves a text alone that has nothing to move, or no header', () => {
    expect(rotateHandoff(front, link)).toBeNull();
    expect(rotateHandoff(`${front}\n## Open items\n\n- F-3\n`, link)).toBeNull();
    expect(rotateHandoff('---\nstatus: [\n---\nbody\n', link)).toBeNull();
  });
});

describe('rotateMemorial()', () => {
  const line = (n: number): string => `VIOLATION | anti-scope | src/a.ts:${n} | R${n} | implementer\n`;
  const head = '# Memorial\n\n<!-- one line per lesson -->\n\n';

  it('moves the oldest lines and nothing else, byte for byte', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.integer({ min: 50, max: 2_000 }), (count, bytesMax) => {
        const lines = Array.from({ length: count }, (_, n) => line(n)).join('');
        const rotated = rotateMemorial(head + lines, bytesMax, link);
        if (rotated === null) return;
        expect(rotated.text.startsWith(`${head}${link}\n`)).toBe(true);
        expect(rotated.moved + rotated.text.slice(head.length + link.length + 1)).toBe(lines);
      }),
    );
  });

  it('leaves one alone that is short enough, or has no line', () => {
    expect(rotateMemorial(head + line(1), 1_000, link)).toBeNull();
    expect(rotateMemorial('prose '.repeat(100), 100, link)).toBeNull();
  });
});
