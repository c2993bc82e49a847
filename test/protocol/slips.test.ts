import { describe, expect, it } from 'vitest';
import { decode } from '../../src/protocol/codec.ts';
import { keyMeant, optionNamed } from '../../src/protocol/slips.ts';
import { question } from '../rig/facts.ts';

const known = {
  roles: ['architect', 'implementer', 'reviewer'],
  tiers: ['solo', 'full'],
  presets: ['economic', 'fast'],
  models: ['opus', 'sonnet', 'cheap'],
};
const asking = (keys: string, body = ''): string =>
  `---\nround: R01\nnext-role: implementer\nstatus: ESCALATE\nescalation:\n  question: Which?\n  options:\n    A: { do: x }\n    B: { do: y }\n${keys}---\n${body}`;
const remarks = (text: string): readonly string[] =>
  decode(text, known).diagnostics.map(
    ({ code, line, severity, hint }) => `${severity} ${code} ${line} ${hint}`,
  );

describe('what a header passes over in silence', () => {
  it.each<[string, string]>([
    ['anwser: A\n', 'warning key-unknown 10 Did you mean "answer"?'],
    ['preset: ecnomic\n', 'warning preset-unknown 10 Did you mean "economic"?'],
    ['model: opsu\n', 'warning model-unknown 10 Did you mean "opus"?'],
    ['models: reviewr=opus\n', 'warning model-unknown 10 Did you mean "reviewer"?'],
    ['answer: Z\n', 'warning answer-unknown 10 Write "answer: A"'],
    ['tier: ful\n', 'warning tier-unknown 10 Did you mean "full"?'],
  ])('gets a remark with its line: %j', (keys, remark) => {
    const found = remarks(asking(keys));
    expect(found).toHaveLength(1);
    expect(found[0]?.slice(0, remark.length)).toBe(remark);
  });

  it.each([
    'sha-a: 1f3e\n',
    'state: ok\n',
    'model: house-model-7\n',
    'note: x\nnotes: y\n',
    'answer: option b\n',
  ])('gets none where it may be meant: %j', (keys) => {
    expect(remarks(asking(keys))).toEqual([]);
  });

  it('sees an answer below the header, where it answers nothing', () => {
    expect(remarks(asking('', '\n## Notes\n\nanswer: A\n'))).toEqual([
      'warning answer-in-body 14 Move that line into the header, above the body.',
    ]);
    expect(remarks(asking('answer: B\n', '\nanswer: A\n'))).toEqual([]);
    expect(remarks(asking('', '\nanswer: we shall see\n'))).toEqual([]);
  });
});

it('keyMeant() takes a slip of the fingers, and leaves other words alone', () => {
  expect(['statu', 'teir', 'nextrole', 'role', 'inputs', 'state', 'date'].map(keyMeant)).toEqual([
    'status',
    'tier',
    'next-role',
    'next-role',
    null,
    null,
    null,
  ]);
});

it('optionNamed() takes a letter in any case, alone or behind the word Option', () => {
  const letters = ['a', ' B ', '**A**', 'Option b', 'option A.', 'A because', 'C'];
  expect(letters.map((each) => optionNamed(question, each)?.letter ?? null)).toEqual([
    ...['A', 'B', 'A', 'B', 'A'],
    null,
    null,
  ]);
});
