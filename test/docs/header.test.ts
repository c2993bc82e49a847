/**
 * Holds state/handoff.schema.json to the code: headers as they are shipped and as edit() leaves them fit it, headers that
 * nobody should write do not, and its lists are the code's own.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { decode, edit } from '../../src/protocol/codec.ts';
import type { Escalation } from '../../src/protocol/escalation.ts';
import { statuses } from '../../src/protocol/handoff.ts';
import type { HandoffChange } from '../../src/protocol/handoff.ts';
import { textOf } from './page.ts';
import { asked, misfits, openSchema } from './schema.ts';

const { schema: headerSchema, fits: fitsHeader } = openSchema('state/handoff.schema.json');

/** The front matter of a handoff as plain data, every scalar as text. */
function headerOf(text: string): unknown {
  const block = /^---\n([\s\S]*?)\n---\n/.exec(text)?.[1];
  if (block === undefined) throw new Error(`no front matter in:\n${text}`);
  return parse(block, { schema: 'failsafe' });
}

function edited(text: string, change: HandoffChange, escalation: Escalation | null = null): string {
  const result = edit(text, change, escalation);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.text;
}

const start = '---\nround: R07\nnext-role: architect\nstatus: READY\n---\n\n## Directive\n\nDo it.\n';
const claim = {
  status: 'WORKING',
  by: 'claude (opus)',
  since: '2026-11-22T14:02:11.000Z',
  dispatch: 'R07.1-architect-x',
};
describe('state/handoff.schema.json', () => {
  it.each([
    ['the template', textOf('templates/NEXT-ROLE.md')],
    ['the example', textOf('examples/compare-semver/coordination/NEXT-ROLE.md')],
    ['a plain header', start],
    ['a claim', edited(start, claim)],
    ['an escalation', edited(start, { status: 'ESCALATE' }, asked)],
    [
      'an escalation without options',
      edited(start, { status: 'ESCALATE' }, { ...asked, options: [], recommended: null }),
    ],
    ['an answer', edited(edited(start, { status: 'ESCALATE' }, asked), { answer: 'B', note: 'but log it' })],
    ['a round that looks like a number', edited(start, { round: '0123', 'sha-a': '1234567e89' })],
    ['a run that gave up', edited(start, { status: 'BLOCKED', reason: 'reviewer has had 4 sessions' })],
    ['inputs', start.replace('---\n\n', 'inputs:\n  - coordination/PRD.md\n---\n\n')],
  ])('fits %s, which decodes', (_, text) => {
    expect(decode(text).handoff).not.toBeNull();
    expect(misfits(fitsHeader, headerOf(text))).toEqual([]);
  });

  it('fits whatever edit() writes into any known key', () => {
    const keys = Object.keys(headerSchema.properties ?? {}).filter(
      (key) => !['status', 'escalation', 'inputs', 'tier'].includes(key),
    );
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.string({ minLength: 1, unit: 'grapheme' }), (key, value) => {
        const text = edited(start, { [key]: value });
        expect(misfits(fitsHeader, headerOf(text))).toEqual([]);
      }),
    );
  });

  it.each([
    ['no status', { round: 'R07' }],
    ['a status nobody knows', { status: 'DONE' }],
    ['a nested value', { status: 'READY', round: { id: 'R07' } }],
    ['a question without words', { status: 'ESCALATE', escalation: { options: {} } }],
    [
      'an option that does nothing',
      { status: 'ESCALATE', escalation: { question: 'Which?', options: { A: { then: 'x' } } } },
    ],
    ['inputs that are one text', { status: 'READY', inputs: 'a.md' }],
  ])('refuses %s', (_, value) => {
    expect(misfits(fitsHeader, value)).not.toEqual([]);
  });

  it('lists the statuses of the code, and describes every key', () => {
    expect(headerSchema.properties?.['status']?.enum).toEqual(statuses);
    for (const [key, schema] of Object.entries(headerSchema.properties ?? {})) {
      expect(schema, key).toHaveProperty('description');
    }
  });

  it('names every key that decode() gives a meaning', () => {
    const nested = new Set([
      'dialect',
      'role',
      'roleText',
      'roleNote',
      'statusText',
      'statusNote',
      'operatorDecision',
    ]);
    const facts = decode(start).handoff ?? {};
    const meant = Object.keys(facts).filter(
      (key) => !nested.has(key) && !['directive', 'others'].includes(key),
    );
    const keys = Object.keys(headerSchema.properties ?? {});
    expect(keys).toEqual(expect.arrayContaining([...meant, 'next-role']));
    // Beyond them only `model`, which is read into the models of all roles, and `reason`, which the runner writes and nobody reads.
    expect(keys.filter((key) => !meant.includes(key)).sort()).toEqual(['model', 'next-role', 'reason']);
  });
});
