/**
 * The escalation in both dialects: read from a block or a section in every shape a role may give it, written back so
 * that it reads as the same.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decode, edit } from '../../src/protocol/codec.ts';
import type { Escalation } from '../../src/protocol/escalation.ts';

const fixture = (name: string): string =>
  readFileSync(new URL(`fixtures/${name}.md`, import.meta.url), 'utf8');

const front = (block: string, body = ''): string =>
  `---\nround: R1\nnext-role: human\nstatus: ESCALATE\n${block}---\n${body}`;
const bare = (section: string, status = 'ESCALATE'): string =>
  `CURRENT-ROUND: R1\nNEXT-ROLE: HUMAN\nSTATUS: ${status}\n\n${section}`;
const read = (text: string): Escalation | null | undefined => decode(text).handoff?.escalation;
const codes = (text: string): readonly string[] =>
  decode(text).diagnostics.map(({ code, severity, line }) => `${code}/${severity}@${line}`);

const full: Escalation = {
  id: 'R07-implementer-1',
  question: 'The spec says tokens expire after 1 h, the API returns 24 h. Which one rules?',
  options: [
    { letter: 'A', do: 'Follow the spec', then: 'clients must refresh hourly' },
    { letter: 'B', do: 'Follow the API', then: "the spec's AC-4 changes" },
  ],
  recommended: 'B',
  default: 'B',
  deadline: '2026-11-23T09:00:00Z',
  diagnostic: 'coordination/diagnostics/DIAGNOSTIC-R07-expiry.md',
};
const awkward: Escalation = {
  id: '0123',
  question: '# "Why": {a, b} — really? **yes** <!-- no -->',
  options: [
    { letter: 'A', do: 'first — then second', then: '' },
    { letter: 'B', do: 'Option A: again -> on', then: '— a dash, {a: b}' },
    { letter: 'C', do: '', then: 'nothing is done' },
    { letter: 'KEEP', do: '(keep) **all** of it', then: '' },
    { letter: '9', do: '', then: '' },
  ],
  recommended: 'not A: something else',
  default: null,
  deadline: null,
  diagnostic: null,
};

describe('decode() of an escalation block', () => {
  it('reads the block of the specification', () => {
    const text = front(
      [
        'escalation:',
        '  id: R07-implementer-1',
        `  question: ${full.question}`,
        '  options:',
        '    A: { do: Follow the spec, then: clients must refresh hourly }',
        "    B: { do: Follow the API, then: the spec's AC-4 changes }",
        '  recommended: B',
        '  default: B            # used at the deadline only',
        '  deadline: 2026-11-23T09:00:00Z',
        '  diagnostic: coordination/diagnostics/DIAGNOSTIC-R07-expiry.md',
        '',
      ].join('\n'),
    );
    expect(read(text)).toEqual(full);
    expect(read(text.replaceAll('\n', '\r\n'))).toEqual(full);
    expect(codes(text)).toEqual([]);
  });

  it.each([
    ['letters with texts', '{ A: wait, b: go }'],
    ['a list of texts', '[wait, go]'],
    ['a list of labelled texts', '["Option A: wait", "B) go"]'],
    ['a list of one-letter maps', '[{ A: wait }, { "Option B": go }]'],
    ['a list of maps', '[{ letter: A, do: wait }, { do: go }]'],
    ['maps', '{ A: { do: wait }, Option B: { Do: go, then: "" } }'],
  ])('reads options written as %s', (_name, options) => {
    expect(read(front(`escalation:\n  question: q\n  options: ${options}\n`))?.options).toEqual([
      { letter: 'A', do: 'wait', then: '' },
      { letter: 'B', do: 'go', then: '' },
    ]);
  });

  it('reads a recommendation that names its option in words', () => {
    const block =
      'escalation:\n  question: q\n  options: { A: wait, B: go }\n  recommended: Option b — cheaper\n';
    expect(read(front(block))?.recommended).toBe('B');
    expect(read(front(block.replace('Option b — cheaper', 'a coin toss')))?.recommended).toBe('a coin toss');
  });

  it('reads a plain text as the question, and remarks that there are no options', () => {
    const text = front('escalation: Which one rules?\n');
    expect(read(text)).toMatchObject({ question: 'Which one rules?', options: [] });
    expect(codes(text)).toEqual(['escalation-no-options/warning@5']);
  });

  it.each(['escalation:\n', 'escalation: (none)\n', 'escalation: (none — settled)\n', ''])(
    'takes %j for no block and reads the body instead',
    (block) => {
      expect(read(front(block, '## Escalation items\n- Option A: x — y\n'))?.options).toHaveLength(1);
      expect(codes(front(block))[0]).toContain('escalation-invalid/warning');
      expect(read(front(block))).toBeNull();
    },
  );

  it('prefers the block to the body, and leaves the body alone without ESCALATE', () => {
    const body = '## Escalation items\n**Question:** old?\n';
    expect(read(front('escalation: new?\n', body))?.question).toBe('new?');
    expect(read(front('', body).replace('ESCALATE', 'READY'))).toBeNull();
  });

  it('remarks upon a missing question and a list', () => {
    expect(codes(front('escalation:\n  options: { A: x }\n'))).toEqual(['escalation-invalid/warning@5']);
    expect(codes(front('escalation: [a]\n'))).toEqual(['escalation-invalid/warning@5']);
  });
});

describe('decode() of an escalation section', () => {
  it('reads quoted options under a heading that shouts, past a section that says (none)', () => {
    const text = fixture('bare-escalation');
    expect(read(text)).toEqual({
      id: null,
      question: full.question,
      options: [
        { letter: 'A', do: 'Follow the spec', then: 'clients must refresh hourly' },
        { letter: 'B', do: 'Follow the API.', then: "the spec's AC-4 changes" },
        { letter: 'C', do: 'Verify with `sh verify.sh`', then: '' },
      ],
      recommended: 'B',
      default: 'B',
      deadline: '2026-11-23T09:00:00Z',
      diagnostic: 'coordination/diagnostics/DIAGNOSTIC-R62-expiry.md',
    });
    expect(codes(text)).toEqual([]);
  });

  it.each([
    ['- Option A: wait — a day\n- Option B: go → risk'],
    ['- **Option A** — wait — a day\n- **Option B** — go — risk'],
    ['**Option A — wait.** a day\n\n**Option B — go.** risk'],
    ['* (A) wait -- a day\n* (B) go -- risk'],
    ['1. **A:** wait\n   Then: a day\n2. **B:** go\n   **Consequence:** risk'],
    ['> - Option A: wait —\n>   a day\n> - Option B: go => risk'],
    ['### Option A: wait — a day\n\n### Option B\n go — risk'],
  ])('reads the options of %j', (lines) => {
    for (const heading of [
      '## Escalation items',
      '# § ESCALATION',
      '## R7 ESCALATION (open)',
      '## 2. Escalations',
    ]) {
      const found = read(bare(`${heading}\n\nQuestion: which?\n\n${lines}\n\n# Next\n- Option C: no\n`));
      expect(found?.question).toBe('which?');
      const plain = found?.options.map((option) => ({ ...option, do: option.do.replace(/\.$/, '') }));
      expect(plain).toEqual([
        { letter: 'A', do: 'wait', then: 'a day' },
        { letter: 'B', do: 'go', then: 'risk' },
      ]);
    }
  });

  it('takes prose for the question, and a path alone for the diagnostic', () => {
    expect(read(bare('## Escalation items\n\n- Which database,\n  and why?\n'))).toMatchObject({
      question: 'Which database, and why?',
      options: [],
    });
    expect(read(bare('## Escalation items\n- coordination/diagnostics/D-1.md\n'))).toMatchObject({
      question: '',
      diagnostic: 'coordination/diagnostics/D-1.md',
    });
    expect(codes(bare('## Escalation items\n- coordination/diagnostics/D-1.md\n'))).toEqual([
      'escalation-invalid/warning@3',
      'escalation-no-options/warning@3',
    ]);
  });

  it.each(['(none)', '(none — all settled)', '- (none)', '**(none)**', 'None.', '', '<!-- write here -->'])(
    'takes %j for no escalation',
    (content) => {
      const text = bare(`## Escalation items\n\n${content}\n\n## Routing notes\n- Option A: no\n`);
      expect(read(text)).toBeNull();
      expect(codes(text)).toEqual(['escalation-invalid/warning@3']);
    },
  );

  it('asks one question: the next one in the section is not mixed in', () => {
    const found = read(bare('## Escalation items\nQuestion: one?\n- A: x\n\nQuestion: two?\n- B: y\n'));
    expect(found).toMatchObject({ question: 'one?', options: [{ letter: 'A' }] });
    expect(read(bare('## Escalation items\n- A: x\n- B: y\n\n- A: z\n'))?.options).toHaveLength(2);
  });

  it('keeps a settled question readable after READY, but takes no prose for one', () => {
    const text = fixture('bare-escalation');
    const section = '## Escalation items\n\nQuestion: which?\n- Option A: x\n';
    expect(read(bare(section, 'READY'))?.question).toBe('which?');
    expect(read(bare('## Escalation items\nnothing this time\n', 'READY'))).toBeNull();
    expect(read(text.replace('ESCALATE\n', 'READY\n'))).toBeNull();
    expect(codes(bare('## Escalation items\nnothing this time\n', 'READY'))).toEqual([]);
  });
});

describe('edit() with an escalation', () => {
  const headers = [
    ['front matter', '---\nround: R1\nnext-role: human\nstatus: READY\n---\n\n## Escalation items\n\nkeep\n'],
    [
      'CRLF front matter',
      '---\r\nstatus: READY\r\nescalation: # was\r\n  question: old?\r\nround: R1\r\n---\r\nbody',
    ],
    ['indented front matter', '---\n  status: READY\n  round: R1\n---\n'],
    ['a bare header', 'CURRENT-ROUND: R1\nSTATUS: READY\n'],
    ['a bare header at the end of the file', 'CURRENT-ROUND: R1\r\nSTATUS: READY'],
    [
      'a section',
      bare('## § R0 ESCALATION resolved\n\nWhich?\n\n## Escalation items\n(none)\n\n## Next\nx\n'),
    ],
    ['a section at the end', bare('## Escalation items', 'READY')],
  ] as const;

  it.each(headers)('writes it into %s so that it reads back', (_name, text) => {
    for (const escalation of [full, awkward]) {
      const once = edit(text, { status: 'ESCALATE' }, escalation);
      if (!once.ok) throw new Error(JSON.stringify(once.problems));
      expect(read(once.text)).toEqual(escalation);
      const twice = edit(once.text, {}, full);
      expect(twice.ok && read(twice.text)).toEqual(full);
      expect(edit(once.text, {}, escalation)).toEqual(once);
      const gone = edit(once.text, { status: 'READY', escalation: null });
      expect(gone.ok && read(gone.text)).toBeNull();
    }
  });

  it('writes the block of the specification', () => {
    const edited = edit('---\nstatus: READY\n---\nbody\n', { status: 'ESCALATE' }, full);
    expect(edited.ok && edited.text).toBe(
      [
        '---',
        'status: ESCALATE',
        'escalation:',
        '  id: R07-implementer-1',
        '  question: "The spec says tokens expire after 1 h, the API returns 24 h. Which one rules?"',
        '  options:',
        '    A: { do: Follow the spec, then: clients must refresh hourly }',
        '    B: { do: Follow the API, then: "the spec\'s AC-4 changes" }',
        '  recommended: B',
        '  default: B',
        '  deadline: "2026-11-23T09:00:00Z"',
        '  diagnostic: coordination/diagnostics/DIAGNOSTIC-R07-expiry.md',
        '---',
        'body',
        '',
      ].join('\n'),
    );
  });

  it('writes plain lines into the section and leaves the rest of the body alone', () => {
    const text = bare('intro\n\n## Escalation items\n\n(none)\n\n---\n\nan old block\n\n## Next\nx\n');
    const edited = edit(text, { status: 'ESCALATE' }, { ...full, deadline: null, diagnostic: null });
    expect(edited.ok && edited.text).toBe(
      text.replace(
        '(none)',
        [
          `**Question:** ${full.question}`,
          '',
          '- Option A: Follow the spec — clients must refresh hourly',
          "- Option B: Follow the API — the spec's AC-4 changes",
          '',
          'Recommended: B',
          'Default: B',
          'Id: R07-implementer-1',
        ].join('\n'),
      ),
    );
  });

  it('writes a question of several lines on one line where it must', () => {
    const question = 'one?\r\ntwo?';
    const front1 = edit(front(''), {}, { ...full, question });
    expect(front1.ok && read(front1.text)?.question).toBe(question);
    const bare1 = edit(bare(''), {}, { ...full, question });
    expect(bare1.ok && read(bare1.text)?.question).toBe('one? two?');
  });

  it('removes the block with all its lines, and nothing else', () => {
    const text = front(
      'escalation:   # asked\n  question: q\n  options:\n    A: x\n\n# after\nby: me\n',
      'body',
    );
    expect(edit(text, { escalation: null })).toEqual({
      ok: true,
      text: front('\n# after\nby: me\n', 'body'),
    });
  });

  it('refuses options that cannot be told apart', () => {
    const twice = { ...full, options: [...full.options, ...full.options] };
    for (const text of [bare(''), front('')]) {
      const edited = edit(text, {}, twice);
      expect(!edited.ok && edited.problems[0]?.code).toBe('escalation-invalid');
    }
  });
});
