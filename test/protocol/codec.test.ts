/**
 * decode(): what a handoff means in both dialects, and what is said about one that cannot be read. Tables of whole small
 * files, no doubles.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decode, directiveOf, header } from '../../src/protocol/codec.ts';
import { directiveCharsMax, headerCharsMax } from '../../src/protocol/handoff.ts';

const fixture = (name: string): string =>
  readFileSync(new URL(`fixtures/${name}.md`, import.meta.url), 'utf8');

/** Codes with severities and lines, as `code/severity@line`. */
const told = (text: string, known?: Parameters<typeof decode>[1]): readonly string[] =>
  decode(text, known).diagnostics.map(({ code, severity, line }) => `${code}/${severity}@${line}`);

describe('decode() on front matter', () => {
  it('reads every key of a commented header as text', () => {
    const { handoff, diagnostics } = decode(fixture('front-matter'));
    expect(diagnostics).toEqual([]);
    expect(handoff).toMatchObject({
      dialect: 'front-matter',
      round: 'R07',
      role: 'implementer',
      status: 'READY',
      statusText: 'READY',
      statusNote: null,
      tier: 'full',
      inputs: ['coordination/specs/Q-R07-SPEC.md', 'coordination/diagnostics/DIAGNOSTIC-R06-expiry.md'],
      escalation: null,
      operatorDecision: null,
      directive: 'Keep the token cache warm.\n\n### Anti-scope\n\nNo new dependency.',
      others: { owner: 'Dana: on call', labels: '[auth, tokens]', summary: 'two lines\nof text\n' },
    });
  });

  it.each(['0123', '1234567e89', '1e5', 'true', 'null', '~', '2026-11-22', '12:30:45', '0x1F', '.5'])(
    'keeps the round %s as the text it is',
    (round) => {
      expect(decode(`---\nround: ${round}\nnext-role: human\nstatus: READY\n---\n`).handoff?.round).toBe(
        round,
      );
    },
  );

  it('accepts upper-case keys, the bare spellings, `---yaml`, blanks behind the fences and no final line end', () => {
    const text = '---yaml \nCURRENT-ROUND: R1\nNEXT-ROLE: REVIEWER\nStatus: merge-ready\n---\t';
    expect(decode(text).handoff).toMatchObject({ round: 'R1', role: 'reviewer', status: 'MERGE-READY' });
  });

  it('accepts a missing space behind the colon, emphasis and backquotes', () => {
    const text = '---\nround:R1\nnext-role: `reviewer`\nstatus: **READY**\n---\n';
    expect(decode(text)).toMatchObject({
      handoff: { round: 'R1', role: 'reviewer', status: 'READY', statusText: '**READY**' },
      diagnostics: [],
    });
    expect(decode('---\nround:R1\nnext-role:reviewer\nstatus:READY\n---\n').handoff?.round).toBe('R1');
  });

  it('ends the header at a line of three dashes alone, not at one that starts with them', () => {
    const text = '---\nstatus: READY\nround: R1\n---x: 1\nnext-role: human\nnote: |\n  ---\n---\nbody';
    expect(decode(text).handoff).toMatchObject({ role: 'human', note: '---', others: { '---x': '1' } });
  });

  it('reads the keys around answers and claims as written', () => {
    const text =
      '---\nround: R1\nnext-role: human\nstatus: ESCALATE\nanswer: b\nnote: "**why**: x"\nby: me\nsince: 1\ndispatch: 0e1\nreason: r\n---\n';
    expect(decode(text).handoff).toMatchObject({
      answer: 'b',
      note: '**why**: x',
      by: 'me',
      since: '1',
      dispatch: '0e1',
      others: { reason: 'r' },
    });
  });

  it('reads the same file twice with the same result, also when it is broken', () => {
    for (const text of [fixture('front-matter'), '---\nstatus: [\n---\n']) {
      expect(decode(text)).toEqual(decode(text));
    }
  });
});

describe('decode() on a bare header', () => {
  it('reads the header of an archive and nothing of its quoted headers', () => {
    const { handoff, diagnostics } = decode(fixture('bare-archive'));
    expect(diagnostics).toEqual([]);
    expect(handoff).toMatchObject({
      dialect: 'bare-header',
      round: 'R61',
      role: 'implementer',
      roleText: 'IMPLEMENTER (fix-up; see the R61 decision — not R62)',
      roleNote: 'fix-up; see the R61 decision — not R62',
      status: 'READY',
      tier: 'audit',
      inputs: ['coordination/specs/Q-R61-SPEC.md', 'coordination/reviews/REVIEWER-REPORT-R60.md'],
      escalation: null,
      directive: '1. Deliver the verifier.\n\n### ALLOWED paths\n\n- src/token.ts',
      others: { 'sha-a': '0123456' },
    });
  });

  it.each([
    ['CRLF', 'CURRENT-ROUND: R1\r\nNEXT-ROLE: HUMAN\r\nSTATUS: ESCALATE\r\n\r\nbody\r\n'],
    ['mixed line ends', 'CURRENT-ROUND: R1\r\nNEXT-ROLE: HUMAN\nSTATUS: ESCALATE\r\n\nbody'],
    ['a BOM', '\ufeffCURRENT-ROUND: R1\nNEXT-ROLE: HUMAN\nSTATUS: ESCALATE'],
    ['leading blank lines', '\ufeff\r\n  \n\nCURRENT-ROUND: R1\nNEXT-ROLE: HUMAN\nSTATUS: ESCALATE\n'],
    ['no space behind the colon', 'CURRENT-ROUND:R1\nNEXT-ROLE:HUMAN\nSTATUS:ESCALATE\n'],
    ['blanks around the colon', 'CURRENT-ROUND :\tR1 \nNEXT-ROLE  :  HUMAN\nSTATUS : ESCALATE\t\n'],
    ['bold and back-quoted values', 'CURRENT-ROUND: `R1`\nNEXT-ROLE: **HUMAN**\nSTATUS: **`ESCALATE`**\n'],
    ['bold keys', '**CURRENT-ROUND:** R1\n**NEXT-ROLE**: HUMAN\n**STATUS: ESCALATE**\n'],
    ['lower case', 'round: R1\nnext-role: human\nstatus: escalate\n'],
    ['an indented header', '  CURRENT-ROUND: R1\n  NEXT-ROLE: HUMAN\n  STATUS: ESCALATE\n'],
    ['a rule behind it', 'CURRENT-ROUND: R1\nNEXT-ROLE: HUMAN\nSTATUS: ESCALATE\n---\nSTATUS: READY\n'],
    ['a heading behind it', 'CURRENT-ROUND: R1\nNEXT-ROLE: HUMAN\nSTATUS: ESCALATE\n# X\nSTATUS: READY\n'],
    ['a comment line in it', '<!-- state -->\nCURRENT-ROUND: R1\nNEXT-ROLE: HUMAN\nSTATUS: ESCALATE\n'],
  ])('accepts %s', (_name, text) => {
    expect(decode(text).handoff).toMatchObject({ round: 'R1', role: 'human', status: 'ESCALATE' });
  });

  it('picks the paths out of inline, continued and listed inputs', () => {
    const start = 'CURRENT-ROUND: R1\nNEXT-ROLE: REVIEWER\nSTATUS: READY\n';
    const inputs = (text: string): readonly string[] | undefined => decode(start + text).handoff?.inputs;
    expect(
      inputs(
        'Inputs: the PRD and/or `src/a b`, src/x.ts:12-30; see https://a.example/b.md, v0.1.0, e.g. docs/',
      ),
    ).toEqual(['src/x.ts', 'docs/']);
    expect(
      inputs('Inputs:\n- coordination/PRD.md\n* [spec](coordination/specs/Q.md#goal)\nTIER: solo\n'),
    ).toEqual(['coordination/PRD.md', 'coordination/specs/Q.md']);
    expect(inputs('Inputs: (none)\n')).toEqual([]);
  });

  it('takes the inputs of the body section when the header lists none', () => {
    expect(decode(fixture('bare-escalation')).handoff?.inputs).toEqual(['coordination/specs/Q-R62-SPEC.md']);
  });
});

describe('decode() on a file that cannot be acted upon', () => {
  it.each([
    ['an empty file', '', 'file-empty/error@1'],
    ['blanks and a BOM', '\ufeff \r\n\t\n', 'file-empty/error@1'],
    ['prose', '\n\nHello there\nfoo: bar\n', 'header-missing/error@3'],
    ['a heading first', '# Title\n\nSTATUS: READY\n', 'header-missing/error@1'],
    [
      'a conflict in a bare header',
      'CURRENT-ROUND: R1\n<<<<<<< HEAD\nSTATUS: READY\n',
      'header-missing/error@2',
    ],
    [
      'a conflict in front matter',
      '---\nround: R1\n<<<<<<< HEAD\nstatus: READY\n---\n',
      'header-yaml/error@3',
    ],
    ['a conflict first', '<<<<<<< HEAD\n---\nround: R1\n', 'header-missing/error@1'],
    ['---js', '---js\n{ status: "READY" }\n---\n', 'header-executable/error@1'],
    ['--- json', '\n--- json\n{ "status": "READY" }\n---\n', 'header-executable/error@2'],
    ['---toml', '---toml\nstatus = "READY"\n---\n', 'header-executable/error@1'],
    ['---coffee', '---coffee\nstatus: "READY"\n---\n', 'header-executable/error@1'],
    ['an open quote', '\ufeff\n---\nround: R1\nstatus: "READY\n---\n', 'header-yaml/error@4'],
    ['an open quote, CRLF', '---\r\nround: R1\r\nstatus: READY: no\r\n---\r\n', 'header-yaml/error@3'],
    ['a tab as indentation', '---\nstatus: READY\nescalation:\n\tquestion: q\n---\n', 'header-yaml/error@4'],
    ['text behind "..."', '---\nstatus: READY\n...\nround: R1\n---\n', 'header-yaml/error@3'],
    ['a NUL', '---\nstatus: READY\nround: R\0\n---\n', 'header-yaml/error@3'],
    ['no closing fence', '---\nround: R1\nstatus: READY\n', 'header-unclosed/error@1'],
    ['only a fence', '---', 'header-unclosed/error@1'],
    ['a list', '---\n- status: READY\n---\n', 'header-not-a-map/error@2'],
    ['a word', '---\nREADY\n---\n', 'header-not-a-map/error@2'],
    ['a map in braces', '---\n{ status: READY }\n---\n', 'header-not-a-map/error@2'],
    ['a key twice', '---\nstatus: READY\nround: R1\nSTATUS: BLOCKED\n---\n', 'key-duplicate/error@4'],
    [
      'a nested key twice',
      '---\nstatus: READY\nx:\n  - a: 1\n    b: 2\n    a: 3\n---\n',
      'key-duplicate/error@6',
    ],
    ['two spellings of a key', 'CURRENT-ROUND: R1\nSTATUS: READY\nround: R2\n', 'key-duplicate/error@3'],
    ['no status', '---\nround: R1\n---\n', 'status-missing/error@1'],
    ['an empty status', 'CURRENT-ROUND: R1\nSTATUS:\n', 'status-missing/error@2'],
    ['an empty header', '\n---\n# only a comment\n---\n', 'status-missing/error@2'],
    ['a status list', '---\nround: R1\nstatus: [READY]\n---\n', 'value-not-text/error@3'],
    ['a role map', '---\nstatus: READY\nnext-role:\n  a: b\n---\n', 'value-not-text/error@3'],
    ['nested inputs', '---\nstatus: READY\ninputs:\n  - a: b\n---\n', 'value-not-text/error@3'],
    ['deep nesting', `---\nstatus: READY\na: ${'['.repeat(60_000)}\n---\n`, 'header-yaml/error@3'],
    ['endless front matter', `---\nnote: ${'x'.repeat(headerCharsMax)}\n---\n`, 'header-too-large/error@1'],
    ['endless blank lines', `---\n${'\n'.repeat(30_000)}---\n`, 'header-too-large/error@1'],
    ['an endless bare header', `STATUS: READY\n${'x\n'.repeat(headerCharsMax)}`, 'header-too-large/error@1'],
  ])('says what is wrong with %s', (_name, text, expected) => {
    expect(decode(text).handoff).toBeNull();
    expect(told(text)).toEqual([expected]);
  });

  it('reports a half-saved header instead of throwing', () => {
    const whole = fixture('front-matter');
    for (let length = 0; length < whole.indexOf('\n---\n'); length += 1) {
      expect(decode(whole.slice(0, length)).diagnostics.some(({ severity }) => severity === 'error')).toBe(
        true,
      );
    }
  });

  it('quotes what was found and names the way forward', () => {
    const [problem] = decode('---\nround: R1\nstatus: READY: no\n---\n').diagnostics;
    expect(problem?.message).toContain('"status: READY: no"');
    expect(problem?.hint).toContain('line 3');
    const [missing] = decode('Dear team,\n').diagnostics;
    expect(missing?.message).toContain('"Dear team,"');
    expect(missing?.hint).toContain('NEXT-ROLE: ARCHITECT');
  });

  it('refuses deep nesting before the YAML library sees it, which can end the process on it', () => {
    const steps = Array.from({ length: 120 }, (_, depth) => `${' '.repeat(depth + 1)}a:`).join('\n');
    for (const nested of ['['.repeat(60_000), 'a: '.repeat(101), `\n${'- '.repeat(60)}a`, `\n${steps}`]) {
      const [problem] = decode(`---\nstatus: READY\nround: R1\nx: ${nested}\n---\n`).diagnostics;
      expect(problem).toMatchObject({
        code: 'header-yaml',
        message: expect.stringContaining('more than 100') as string,
      });
    }
    expect(
      decode(`---\nstatus: READY\nround: R1\nx: ${'['.repeat(90)}${']'.repeat(90)}\n---\n`).handoff?.round,
    ).toBe('R1');
  });

  it('names the unfinished merge', () => {
    expect(decode('STATUS: READY\n>>>>>>> theirs\n').diagnostics[0]?.message).toContain('unfinished merge');
  });
});

describe('decode() on a doubtful message', () => {
  it('keeps the handoff beside warnings and errors about its words', () => {
    const text =
      '---\nnext-role: wizard (please)\nstatus: DONE — all of it\ntier: huge\ninputs: [../a.md, /b.md]\n---\n';
    const { handoff, diagnostics } = decode(text, { tiers: ['solo', 'full'], roles: ['scribe'] });
    expect(handoff).toMatchObject({
      round: null,
      role: null,
      roleText: 'wizard (please)',
      roleNote: 'please',
      status: null,
      statusText: 'DONE — all of it',
      statusNote: 'all of it',
      tier: 'huge',
      inputs: ['../a.md', '/b.md'],
    });
    expect(told(text, { tiers: ['solo', 'full'] })).toEqual([
      'round-missing/warning@1',
      'role-unknown/error@2',
      'status-unknown/warning@3',
      'tier-unknown/warning@4',
      'input-outside/warning@5',
      'input-outside/warning@5',
    ]);
    const hints = diagnostics.map(({ hint }) => hint).join('\n');
    expect(hints).toContain(
      'architect, implementer, reviewer, second-reviewer, oracle, memorial, coordinator, scribe, human',
    );
    expect(hints).toContain('READY, WORKING, ESCALATE');
    expect(hints).toContain('solo, full');
  });

  it.each(['ROUND-COMPLETE', 'BLOCKED', 'PAUSED', 'WAVE-PLAN-READY', 'WAVE-GATE-READY', 'WAVE-COMPLETE'])(
    'wants no role beside %s',
    (status) => {
      expect(told(`CURRENT-ROUND: R1\nSTATUS: ${status}\n`)).toEqual([]);
      expect(told(`CURRENT-ROUND: R1\nNEXT-ROLE: (none)\nSTATUS: ${status}\n`)).toEqual([]);
      expect(told(`CURRENT-ROUND: R1\nNEXT-ROLE: R08, later\nSTATUS: ${status}\n`)).toEqual([
        'role-unknown/warning@2',
      ]);
    },
  );

  it.each(['READY', 'WORKING', 'MERGE-READY', 'TO-BE-SEEN'])('wants a role beside %s', (status) => {
    expect(told(`CURRENT-ROUND: R1\nSTATUS: ${status}\n`)).toContain('role-missing/error@1');
    expect(told(`CURRENT-ROUND: R1\nNEXT-ROLE: -\nSTATUS: ${status}\n`)).toContain('role-missing/error@2');
  });

  it('says nothing about tiers unless it is told which there are', () => {
    expect(decode('STATUS: READY\nround: R1\nnext-role: human\nTIER: **FULL** (T3)\n')).toMatchObject({
      handoff: { tier: 'full' },
      diagnostics: [],
    });
  });
});

describe('the body', () => {
  const start = 'CURRENT-ROUND: R12\nNEXT-ROLE: REVIEWER\nSTATUS: READY\n\n';
  const decision = (body: string): string | null | undefined =>
    decode(start + body).handoff?.operatorDecision;
  const directive = (body: string): string | null => directiveOf(start + body);

  it.each([
    ['## Operator decision\n\nB, because\nit is cheap.\n\n---\n\n## Next\nx', 'B, because\nit is cheap.'],
    ['### OPERATOR DECISIONS\r\nB\r\n', 'B'],
    ['## § Operator decision (R12-reviewer-1)\nB', 'B'],
    ['## Operator decision: B\n', 'B'],
    ['## Operator decision — take B\n\nmore', 'take B\nmore'],
    ['## Operator decision\n<!-- your answer\nhere -->\nB\n<!-- end -->', 'B'],
    ['## Operator decision\nNone of these: wait.', 'None of these: wait.'],
    ['## Operator decision\n### Why\nB', '### Why\nB'],
    ['```\n## Operator decision\nB\n```\n', null],
    ['```\nnever closed\n## Operator decision\nB', 'B'],
    ['<!-- never closed\n## Operator decision\nB', 'B'],
    ['> ## Operator decision\n> B', null],
    ['## Operator decision\n\n(none)\n', null],
    ['## Operator decision\n\n<!-- write here -->\n', null],
    ['## Operator decisions (open)\n- which database?', null],
    ['## Open operator decisions\n- which database?', null],
    ['## Operator decision\n\n## Other\nx', null],
  ])('%j has its operator decision read', (body, expected) => {
    expect(decision(body)).toBe(expected);
  });

  it.each([
    ['## § R12 Round-scope directive\nBuild.\n### Sub\nx\n## Next\ny', 'Build.\n### Sub\nx'],
    ['## Directive\nBuild.', 'Build.'],
    ['# Round directive #\n\nBuild.\n', 'Build.'],
    ['## § R11 Round-scope directive\nold\n## § R12 Round-scope directive\nnew', 'new'],
    ['## Notes on directives\nno\n## Round-scope directive\nyes', 'yes'],
    ['## Directive\n\n## Next\nx', null],
    ['no section', null],
  ])('%j has its directive read', (body, expected) => {
    expect(directive(body)).toBe(expected);
  });

  it('cuts a long directive, never inside a character', () => {
    expect(directive(`## Directive\n${'x'.repeat(directiveCharsMax + 9)}`)).toHaveLength(directiveCharsMax);
    const cut = directive(`## Directive\nx${'😀'.repeat(directiveCharsMax)}`);
    expect(cut).toHaveLength(directiveCharsMax - 1);
    expect(cut?.endsWith('😀')).toBe(true);
  });

  it('never changes the state, however many headers it quotes', () => {
    const { handoff } = decode(start + 'STATUS: BLOCKED\n\n---\nSTATUS: PAUSED\nNEXT-ROLE: HUMAN\n---\n');
    expect(handoff).toMatchObject({ status: 'READY', role: 'reviewer', others: {} });
  });

  it('gives the directive of a file without a readable header too', () => {
    expect(directiveOf('## Directive\nBuild.')).toBe('Build.');
    expect(directiveOf('')).toBeNull();
  });
});

describe('header()', () => {
  it('lists keys with canonical names, text and lines on disk', () => {
    expect(header('\ufeff\r\nCURRENT-ROUND: R1\r\nStatus: **READY**\r\n')).toEqual({
      dialect: 'bare-header',
      keys: [
        { key: 'round', value: 'R1', line: 2 },
        { key: 'status', value: '**READY**', line: 3 },
      ],
    });
    expect(header('\n---\n\nstatus: READY\nx:\n  - a\nlast: 1\n---\n')?.keys).toEqual([
      { key: 'status', value: 'READY', line: 4 },
      { key: 'x', value: '- a', line: 5 },
      { key: 'last', value: '1', line: 7 },
    ]);
    expect(header('nothing')).toBeNull();
  });
});
