/**
 * The tier router: what counts in a directive and what does not, on the shapes the original's directives have; and its grades
 * on both halves of the labelled corpus. The graded half was written and frozen before the first rule.
 */
import { describe, expect, it } from 'vitest';
import { gradedTiers, grade } from '../../src/domain/corpus.ts';
import { prdItemsIn } from '../../src/domain/prditem.ts';
import { patternIn, patternOf } from '../../src/domain/phrase.ts';
import { route } from '../../src/domain/router.ts';
import { clausesOf, namedTierIn } from '../../src/domain/routertext.ts';
import { step, initialState } from '../../src/domain/machine.ts';
import { packageRoot, readCatalog } from '../../src/effects/catalog.ts';
import { readCorpus } from '../../src/effects/corpus.ts';
import { readCase } from '../../src/protocol/corpusfile.ts';
import type { HandoffFacts } from '../../src/protocol/handoff.ts';
import type { Policy } from '../../src/protocol/policy.ts';
import { facts, read } from '../rig/facts.ts';
import { testPolicy } from '../rig/policy.ts';

const { router: rules } = (await readCatalog(packageRoot, { path: '' })).policy;
const routed = (directive: string, prd = '') => route({ directive, prd, tiers: gradedTiers }, rules);

describe('patternIn()', () => {
  const written = (phrase: string): string =>
    phrase.replaceAll(' .. ', ' two words ').replaceAll(/[*?]/g, 'q');

  const wordsBy = (pattern: RegExp | null, text: string): readonly string[] =>
    pattern === null ? [] : [...text.matchAll(pattern)].map(([words]) => words);

  it('finds what the pattern of all phrases finds, and makes none for what is plainly not there', () => {
    let found = 0;
    let denied = 0;
    const others = rules.signals.flatMap((signal) => signal.phrases).filter((_, at) => at % 9 === 0);
    for (const { phrases } of rules.signals) {
      expect(patternIn('x', phrases)).toBe(null);
      const all = patternOf(phrases);
      for (const phrase of [...phrases, ...others]) {
        for (const text of [`${written(phrase)}, and ${written(phrase).toUpperCase()}`]) {
          const pattern = patternIn(text, phrases);
          const words = wordsBy(all, text);
          if (String(wordsBy(pattern, text)) !== String(words)) expect.fail(`not the same in "${text}"`);
          found += Number(words.length > 0);
          denied += Number(pattern === null);
        }
      }
    }
    expect(found).toBeGreaterThan(rules.signals.length);
    expect(denied).toBeGreaterThan(0);
  });

  it('leaves a text with letters outside ASCII to the pattern, which folds more cases', () => {
    expect(patternOf(['task']).test('ta\u017fk')).toBe(true);
    expect(patternIn('ta\u017fk', ['task'])?.test('ta\u017fk')).toBe(true);
  });
});

describe('route()', () => {
  it.each([
    ['solo', 'Fix the typo in the heading of README.md.'],
    [
      'audit',
      'Add a filter for the customer to the list, in the same style as the existing ones, with its test.',
    ],
    ['full', 'Let members sign in with SAML and OAuth.'],
    ['coordinator', 'Write the wave plan: break the PRD down into work units.'],
  ])('says %s to %j', (tier, directive) => {
    expect(routed(directive).tier).toBe(tier);
  });

  it('gives the exact words, the weight, and what would change the answer', () => {
    const routing = routed('Rotate the signing keys every week.');
    expect(routing).toMatchObject({ tier: 'full', rule: 'risk', risk: 'high', work: 'building' });
    expect(routing.signals).toEqual([
      { id: 'crypto', group: 'risk', weight: 3, words: ['rotate the signing keys'], from: 'directive' },
    ]);
    expect(routing.because[0]).toContain('"rotate the signing keys"');
    expect(routing.alternatives.map(({ tier }) => tier)).toEqual(['solo', 'audit', 'coordinator']);
  });

  it('gives the same answer to the same text', () => {
    const text = 'Split the table; keep the nightly jobs running.';
    expect(routed(text)).toEqual(routed(text));
  });

  it.each([
    ['a negated path', 'Do not touch engine/ or the payment code.'],
    ['a negation with a typographic apostrophe', 'Don’t touch the payment code.'],
    ['what is to be left alone', 'Hands off engine/. Leave the payment code alone.'],
    ['a list of what is left alone', '### Anti-scope\n- engine/\n- the database schema, migrations\n'],
    ['halt text', '### Halt conditions\nHALT + DIAGNOSTIC + ESCALATE on an architectural decision.\n'],
    ['halt text in a line', '**Halt conditions:** ESCALATE on any architectural decision.'],
    ['history', '## History\nR61 rewrote the engine after a failed migration.\n'],
    ['an old header', '> STATUS: ESCALATE\n> TIER: full\n> NEXT-ROLE: ARCHITECT\n'],
    ['inputs', '**Inputs:**\n- coordination/CLUSTER-HANDOFF-02-WU3-WU4.md\n'],
    ['code', '```\nauth.login(password)\n```\n'],
    ['what stays', 'The payment flow stays as it is.'],
  ])('passes over %s', (_, noise) => {
    const work = 'Add a column to the report, in the same style as the others.';
    const bare = routed(work);
    expect(bare.tier).toBe('audit');
    for (const text of [`${work}\n\n${noise}`, `${noise}\n\n## Scope\n${work}`]) {
      const { tier, signals } = routed(text);
      expect(tier, text).toBe('audit');
      expect(
        signals.filter(({ group }) => ['risk', 'A', 'coordinator'].includes(group)),
        text,
      ).toEqual([]);
    }
  });

  it('hears the same words when they are not negated', () => {
    expect(routed('Rewrite the payment code.').tier).toBe('full');
    expect(routed('Do not rewrite the payment code. Then migrate the database schema.').tier).toBe('full');
  });

  it.each([
    ['No more plaintext passwords: hash them with argon2.', 'auth'],
    ['Do not only change the docs but migrate the database to the new schema.', 'schema'],
    ['Not just a typo: members must sign in with SAML.', 'auth'],
  ])('takes no work for negated in %j', (directive, id) => {
    const { tier, signals } = routed(directive);
    expect([tier, signals.some((signal) => signal.id === id)]).toEqual(['full', true]);
  });

  it('takes a tier that a field names, and criteria that it cites, before any word', () => {
    const risky = 'Let members sign in with SAML.\n\n';
    expect(routed(`${risky}Tier: audit`)).toMatchObject({ tier: 'audit', rule: 'named' });
    expect(routed(`${risky}### Tier rationale\nS1 and S3, Z2 does not apply.`).tier).toBe('audit');
    expect(namedTierIn('Tier: T1', gradedTiers)?.tier).toBe('audit');
    expect(namedTierIn('> Tier: solo', gradedTiers)).toBeNull();
    expect(namedTierIn('Prices by tier are shown.', gradedTiers)).toBeNull();
  });

  it('goes by the PRD item that the directive names, and says so', () => {
    const prd = '# PRD\n\n## F-1 Refunds\nSupport gives back part of a payment.\n\n## F-2 Footer\nA typo.\n';
    const items = prdItemsIn(prd, 'Build F-1.');
    expect(items).toContain('payment');
    expect(items).not.toContain('typo');
    expect(routed('Build F-1.', items).because.join()).toContain('(PRD)');
    expect(prdItemsIn(prd, 'Build F-12.')).toBe('');
    expect(prdItemsIn(prd, '')).toBe(prd);
  });

  it('settles doubt upward, and says how unsure it is', () => {
    expect(routed('Make it nicer somehow.')).toMatchObject({ tier: 'full', rule: 'doubt', confidence: 0.5 });
    expect(routed('')).toMatchObject({ tier: 'full', rule: 'empty', confidence: 0.3 });
  });

  it('reads a hostile text in linear time', () => {
    const text = 'break a '.repeat(20_000);
    const before = performance.now();
    routed(text);
    expect(clausesOf('x;'.repeat(50_000), rules).length).toBeLessThanOrEqual(2_000);
    expect(performance.now() - before).toBeLessThan(5_000);
  });
});

describe.each([
  ['built', 0.15],
  ['graded', 0.15],
] as const)('the %s half of the corpus', (name, overMax) => {
  it('gets no directive too little care, and few too much', async () => {
    const splits = await readCorpus(`${packageRoot}test/corpus/routing`);
    const files = splits.find((split) => split.name === name)?.files ?? [];
    const cases = files.map((file) => {
      const reading = readCase(file);
      if (!reading.ok) throw new Error(`${file.path}: ${JSON.stringify(reading.diagnostics)}`);
      return { name: file.path, label: reading.label, text: reading.text };
    });
    const grades = grade(cases, rules);
    expect(grades.cases).toBeGreaterThanOrEqual(40);
    expect(grades.under.map((miss) => miss.name)).toEqual([]);
    expect(grades.over.length / grades.cases).toBeLessThanOrEqual(overMax);
    expect(grades.calibrationError).toBeLessThanOrEqual(0.15);
  });
});

describe('a round with the tier "auto"', () => {
  const policy = testPolicy({ autoTier: true });
  const small = routed('Fix the typo in README.md.');
  const opened = (more: Partial<HandoffFacts>, routing = small, under: Policy = policy) =>
    step(under, initialState(), read(facts({ tier: null, ...more }), { routing })).state.context;

  it('runs the routed tier, from its first role, and keeps the reading', () => {
    const context = opened({ role: 'architect' });
    expect(context.order).toMatchObject({ role: 'implementer', tier: 'solo' });
    expect(context.order?.because[0]).toBe(
      'the handoff says READY for architect; tier solo has none, and starts with implementer',
    );
    expect(context.order?.because).toContainEqual(expect.stringContaining('routed solo'));
    expect(context.round?.routing).toEqual(small);
  });

  it('runs the tier a human wrote, whatever the router says', () => {
    expect(opened({ tier: 'full', role: 'architect' }).order).toMatchObject({
      role: 'architect',
      tier: 'full',
    });
    expect(opened({ tier: 'auto' }, small, testPolicy()).order).toMatchObject({ tier: 'solo' });
    expect(opened({}, small, testPolicy()).order).toMatchObject({ role: 'architect', tier: 'full' });
  });

  it('keeps its tier when the directive is edited while it runs', () => {
    const first = step(policy, initialState(), read(facts({ tier: null }), { routing: small })).state;
    const lost = step(policy, first, { type: 'LOST', at: 1_500 }).state;
    const risky = routed('Let members sign in with SAML.');
    const again = step(policy, lost, read(facts({ tier: null }), { digest: 'd9', routing: risky })).state;
    expect(again.context.order).toMatchObject({ tier: 'solo' });
  });
});
