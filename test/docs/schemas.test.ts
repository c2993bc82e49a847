/**
 * Holds state/journal.schema.json to the code: records of real decisions fit it, what the code cannot produce does not,
 * and every closed list in it is the code's own. The schema of the header has a file of its own beside this one.
 */
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { initialState, machineVersion, stateNames, step, store } from '../../src/domain/machine.ts';
import type { MachineState } from '../../src/domain/machine.ts';
import { packageRoot, readCatalog } from '../../src/effects/catalog.ts';
import { encodeLine, firstLink, parseLine } from '../../src/effects/journalline.ts';
import type { Link } from '../../src/effects/journalline.ts';
import type { Answer, AnswerVia } from '../../src/protocol/escalation.ts';
import type { Decision, Effect, MachineEvent } from '../../src/protocol/event.ts';
import { severities, type Finding, type GateResult } from '../../src/protocol/finding.ts';
import { statuses } from '../../src/protocol/handoff.ts';
import type { Dialect, HandoffFacts } from '../../src/protocol/handoff.ts';
import type { JournalEntry, StoredState } from '../../src/protocol/journal.ts';
import { failureClasses } from '../../src/protocol/session.ts';
import type { Order, Outcome } from '../../src/protocol/session.ts';
import { ended, facts, gated, read, settled } from '../rig/facts.ts';
import { testPolicy } from '../rig/policy.ts';
import { agentMoves, createWorld, humanMoves } from '../rig/world.ts';
import { asked, misfits, openSchema } from './schema.ts';
import type { Schema } from './schema.ts';

const { schema: journalSchema, fits: fitsRecord } = openSchema('state/journal.schema.json');
const policy = testPolicy();

/** One entry per event, from the first state or a given one. */
function entriesOf(
  events: readonly MachineEvent[],
  from: MachineState = initialState(),
): readonly JournalEntry[] {
  let state = from;
  return events.map((event) => {
    const stepped = step(policy, state, event);
    expect(stepped.changed, event.type).toBe(true);
    state = stepped.state;
    return { event, state: store(state), effects: stepped.effects };
  });
}

/** Records as they are read back from the bytes of a journal. */
function recordsOf(entries: readonly JournalEntry[]): readonly unknown[] {
  let link: Link = firstLink;
  let before: StoredState | null = null;
  return entries.map((entry) => {
    const { bytes, record } = encodeLine(entry, link, before);
    const back = parseLine(bytes.subarray(0, -1), before);
    expect(JSON.stringify(back.state)).toBe(JSON.stringify(entry.state));
    expect(JSON.stringify(back.effects)).toBe(JSON.stringify(entry.effects));
    link = record;
    before = entry.state;
    return back;
  });
}

const claimedEvent: MachineEvent = {
  type: 'CLAIMED',
  at: 2_000,
  digest: 'd2',
  baseline: { 'coordination/a.md': null },
};
const writtenEvent: MachineEvent = { type: 'WRITTEN', at: 7_000, digest: 'd4', commit: '4f0c' };

/** Histories that hold every event and every effect at least once; a test below proves it. */
function histories(): readonly (readonly JournalEntry[])[] {
  const id = (entries: readonly JournalEntry[]): string => {
    const context = entries.at(-1)?.state.context as MachineState['context'];
    return context.order?.id ?? '';
  };
  const claimed = [read(facts()), claimedEvent];
  const order = id(entriesOf(claimed));
  const done = [...claimed, ended(order), settled(facts({ role: 'implementer' }))];
  const problem = { code: 'header-unclosed', line: 1, severity: 'error', message: 'm', hint: 'h' } as const;
  const finding: Finding = { id: 'f', gate: 'g', severity: 'MAJOR', file: 'a.md', line: null, text: 't' };
  const escalated = read(facts({ status: 'ESCALATE', escalation: asked }));
  return [
    entriesOf([
      { type: 'POLICY', at: 1, policy },
      ...done,
      { type: 'GATED', at: 6_000, gates: [] },
      writtenEvent,
    ]),
    entriesOf([...done, gated([finding]), { type: 'TICK', at: 900_000 }]),
    entriesOf([
      ...claimed,
      { type: 'STOP', at: 3_000, why: 'paused' },
      ended(order, { type: 'stopped', why: 'paused' }),
    ]),
    entriesOf([
      ...claimed,
      { type: 'FAILED', at: 3_000, doing: 'dispatch', message: 'm' },
      { type: 'LOOK', at: 4_000 },
    ]),
    entriesOf([
      read(facts()),
      { type: 'LOST', at: 2_000 },
      read(null, { digest: null, problems: [problem] }),
    ]),
    entriesOf([
      ...claimed,
      ended(order, { type: 'failed', class: 'auth', message: 'm', resetsAt: null }),
      settled(facts({ status: 'WORKING' })),
      writtenEvent,
    ]),
    entriesOf([
      ...claimed,
      ended(order, { type: 'failed', class: 'rate-limited', message: 'm', resetsAt: null }),
      settled(facts({ status: 'WORKING' })),
      { type: 'LIFTED', at: 7_000 },
      {
        type: 'LIMITED',
        at: 8_000,
        class: 'rate-limited',
        message: 'm',
        since: 1,
        seen: 2,
        until: 9_000,
        by: '/p',
      },
    ]),
    entriesOf([
      escalated,
      read(facts({ status: 'ESCALATE', escalation: asked, answer: 'A', note: 'n' }), { digest: 'd9' }),
    ]),
  ];
}

/** Alternatives of a schema, by the value of the member that tells them apart. */
function alternatives(schema: Schema | undefined, tag: string): Readonly<Record<string, Schema>> {
  return Object.fromEntries(
    (schema?.oneOf ?? []).map((each) => {
      const found = each.$ref === undefined ? each : journalSchema.$defs?.[each.$ref.split('/').at(-1) ?? ''];
      return [String(found?.properties?.[tag]?.const), found ?? {}];
    }),
  );
}

/** Keys of a type, checked by the compiler in both directions. */
const keysOf = <T>(keys: Readonly<Record<keyof T & string, true>>): readonly string[] =>
  Object.keys(keys).sort();
const wordsOf = <T extends string>(words: Readonly<Record<T, true>>): readonly string[] =>
  Object.keys(words).sort();
const sorted = (list: readonly unknown[] | undefined): readonly unknown[] => [...(list ?? [])].sort();

const eventTypes = wordsOf<MachineEvent['type']>({
  POLICY: true,
  READ: true,
  CLAIMED: true,
  LOST: true,
  LIMITED: true,
  LIFTED: true,
  FAILED: true,
  ENDED: true,
  SETTLED: true,
  GATED: true,
  WRITTEN: true,
  STOP: true,
  LOOK: true,
  TICK: true,
});
const effectKinds = wordsOf<Effect['kind']>({
  read: true,
  claim: true,
  dispatch: true,
  stop: true,
  settle: true,
  gate: true,
  write: true,
  wake: true,
  share: true,
});

describe('state/journal.schema.json', () => {
  it('fits every kind of record that stepping the machine produces', () => {
    const all = histories();
    const seen = { events: new Set<string>(), effects: new Set<string>() };
    for (const entries of all) {
      for (const { event, effects } of entries) {
        seen.events.add(event.type);
        for (const { kind } of effects) seen.effects.add(kind);
      }
      for (const record of recordsOf(entries)) expect(misfits(fitsRecord, record)).toEqual([]);
    }
    expect([...seen.events].sort()).toEqual(eventTypes);
    expect([...seen.effects].sort()).toEqual(effectKinds);
  });

  it('fits whatever an agent and a human make of a round', () => {
    const someMoves = fc.array(fc.constantFrom(...agentMoves), { minLength: 1, maxLength: 6 });
    const someHistory = fc.array(fc.constantFrom('act' as const, 'act' as const, ...humanMoves), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(someHistory, someMoves, (history, moves) => {
        let next = 0;
        const world = createWorld(policy, () => moves[next++ % moves.length] ?? 'good');
        for (const move of history) {
          if (move === 'act') world.act();
          else world.human(move);
        }
        const entries = world.log.map(({ event, state, effects }) => ({
          event,
          state: store(state),
          effects,
        }));
        for (const record of recordsOf(entries)) expect(misfits(fitsRecord, record)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('fits the policy of the shipped files', async () => {
    const shipped = await readCatalog(join(packageRoot, 'no-such-project'), { path: '' });
    const event: MachineEvent = { type: 'POLICY', at: 1, policy: shipped.policy };
    const [record] = recordsOf([{ event, state: store(initialState()), effects: [] }]);
    expect(misfits(fitsRecord, record)).toEqual([]);
  });

  const [record] = recordsOf(entriesOf([read(facts())])) as [Record<string, Record<string, unknown>>];
  it.each([
    ['a record without its hash', { ...record, hash: undefined }],
    ['number 0', { ...record, seq: 0 }],
    ['an event that does not exist', { ...record, event: { type: 'SAVED', at: 1 } }],
    ['an event without its time', { ...record, event: { type: 'LOOK' } }],
    ['an event with a member nobody knows', { ...record, event: { type: 'LOOK', at: 1, why: 'x' } }],
    ['a state that does not exist', { ...record, state: { ...record['state'], value: 'sleeping' } }],
    ['an effect that does not exist', { ...record, effects: [{ kind: 'guess' }] }],
    ['an effect without its order', { ...record, effects: [{ kind: 'dispatch' }] }],
    [
      'a handoff with a status nobody knows',
      { ...record, event: { ...record['event'], handoff: { ...facts(), status: 'DONE' } } },
    ],
  ])('refuses %s', (_, value) => {
    expect(misfits(fitsRecord, JSON.parse(JSON.stringify(value)))).not.toEqual([]);
  });

  it('names the states and the version of the machine', () => {
    const state = journalSchema.$defs?.['state']?.properties;
    expect(state?.['value']?.enum).toEqual(stateNames);
    expect(state?.['version']?.const).toBe(machineVersion);
  });

  it('names every event and effect, each with exactly the members of its type', () => {
    const events = alternatives(journalSchema.properties?.['event'], 'type');
    const effects = alternatives(journalSchema.properties?.['effects']?.items, 'kind');
    expect(Object.keys(events).sort()).toEqual(eventTypes);
    expect(Object.keys(effects).sort()).toEqual(effectKinds);
    for (const [name, schema] of Object.entries({ ...events, ...effects })) {
      const optional = { ENDED: ['companion', 'late'], FAILED: ['ran'] }[name] ?? [];
      expect([...sorted(schema.required), ...optional].sort(), name).toEqual(
        Object.keys(schema.properties ?? {}).sort(),
      );
      expect(schema.additionalProperties, name).toBe(false);
    }
    expect(sorted(events['FAILED']?.properties?.['doing']?.enum)).toEqual(effectKinds);
  });

  it('lists the words and members of the code, where its types are closed', () => {
    const def = (name: string): Schema => journalSchema.$defs?.[name] ?? {};
    const has = (name: string): readonly unknown[] => sorted(def(name).required);
    expect(def('handoff').properties?.['status']?.enum).toEqual([...statuses, null]);
    expect(sorted(def('handoff').properties?.['dialect']?.enum)).toEqual(
      wordsOf<Dialect>({ 'front-matter': true, 'bare-header': true }),
    );
    expect(has('handoff')).toEqual(Object.keys(facts() satisfies HandoffFacts).sort());
    expect(has('escalation')).toEqual(Object.keys(asked).sort());
    // The one member that may be absent.
    expect(Object.keys(def('order').properties ?? {})).toContain('resumeOf');
    expect(has('order')).toEqual(
      keysOf<Omit<Order, 'resumeOf' | 'companion'>>({
        id: true,
        dispatchId: true,
        round: true,
        tier: true,
        role: true,
        agent: true,
        model: true,
        fallbacks: true,
        visit: true,
        attempt: true,
        kind: true,
        feedback: true,
        because: true,
      }),
    );
    const outcomes = alternatives(def('outcome'), 'type');
    expect(Object.keys(outcomes).sort()).toEqual(
      wordsOf<Outcome['type']>({ done: true, stopped: true, lost: true, failed: true }),
    );
    expect(outcomes['failed']?.properties?.['class']?.enum).toEqual(failureClasses);
    expect(has('gate')).toEqual(
      keysOf<GateResult>({ gate: true, pass: true, ms: true, findings: true, note: true }),
    );
    expect(has('finding')).toEqual(
      keysOf<Finding>({ id: true, gate: true, severity: true, file: true, line: true, text: true }),
    );
    expect(def('finding').properties?.['severity']?.enum).toEqual(severities);
    expect(has('option')).toEqual(Object.keys(asked.options[0] ?? {}).sort());
    expect(has('decision')).toEqual(
      keysOf<Decision>({ path: true, role: true, question: true, options: true, answer: true, chosen: true }),
    );
    const answer = def('decision').properties?.['answer'];
    expect(sorted(answer?.required)).toEqual(
      keysOf<Answer>({ escalationId: true, choice: true, words: true, via: true }),
    );
    expect(sorted(answer?.properties?.['via']?.enum)).toEqual(
      wordsOf<AnswerVia>({ header: true, section: true, 'ready-without-answer': true, default: true }),
    );
  });
});
