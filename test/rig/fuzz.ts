/**
 * Feeds what nobody would write to everything that reads a model's or a person's words: the codec of the handoff, and
 * the line reader of every agent. Cases are the real files and recordings, mutated, and text made from their pieces.
 * Everything follows from one seed, so a case that fails can be had again. It throws on the first broken promise.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { agents } from '../../src/agents/index.ts';
import { emptyTally, fold } from '../../src/agents/tally.ts';
import { clean } from '../../src/cli/text.ts';
import { decisionPath, staysInside } from '../../src/protocol/artifact.ts';
import { decode, edit } from '../../src/protocol/codec.ts';
import { noFacts } from '../../src/protocol/agentfacts.ts';
import type { AgentFacts } from '../../src/protocol/agentfacts.ts';
import { statuses } from '../../src/protocol/handoff.ts';
import { shippedFacts } from '../agents/facts.ts';

export type Fuzzed = { readonly cases: number; readonly understood: number; readonly refused: number };

/** Bytes of one mutated case; the codec's own bound is far above, and has its own test. */
const caseBytesMax = 20_000;
/** No case may take longer, however the machine is loaded. */
const caseMsMax = 10_000;
/** A session's fold must stay small enough for the journal, in JSON characters. */
const tallyCharsMax = 40_000;
/** Lines folded into one tally. */
const linesPerSession = 50;

/** A small generator with a seed (mulberry32): a million cases are no work for it. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Pieces that have broken readers of such files before. */
const nasty = [
  '\u0000',
  '\u001b[2J',
  '\u001b]0;x\u0007',
  '\u009b31m',
  '\u202e',
  '\ufeff',
  '\ud800',
  '\r',
  '\r\n',
  '\n---\n',
  '---js\n',
  '--- !!js/function\n',
  '...\n',
  '{',
  '}',
  '[',
  ']',
  '[[[[[[',
  '&a ',
  '*a',
  '!!binary ',
  '<<: *a',
  '? ',
  '- - - ',
  ': ',
  '"',
  "'",
  '\\',
  '|',
  '>-',
  '#',
  '%YAML 9\n',
  '\t',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '/etc/passwd',
  'C:\\x',
  'status: READY\n',
  'STATUS: WORKING\n',
  'answer: A\n',
  'escalation:\n',
  '1e999',
  '-0',
  'null',
  'true',
  '"type":"result"',
  '"is_error":true',
  '"subtype":"success"',
  '\u2028',
  'é',
  '🙂',
  'a'.repeat(3_000),
];

type Mutate = (text: string) => string;

function mutator(random: (below: number) => number, others: readonly string[]): Mutate {
  const at = (text: string): number => random(text.length + 1);
  const piece = (): string => nasty[random(nasty.length)] ?? '';
  const once: Mutate = (text) => {
    const from = at(text);
    const to = Math.min(text.length, from + random(40));
    switch (random(9)) {
      case 0:
        return text.slice(0, from) + text.slice(to);
      case 1:
        return text.slice(0, from) + piece() + text.slice(from);
      case 2:
        return text.slice(0, from) + text.slice(from, to).repeat(1 + random(50)) + text.slice(to);
      case 3:
        return text.slice(0, from);
      case 4:
        return text.slice(0, from) + String.fromCharCode(random(0x300)) + text.slice(from + 1);
      case 5: {
        const other = others[random(others.length)] ?? '';
        return text.slice(0, from) + other.slice(at(other));
      }
      case 6: {
        const lines = text.split('\n');
        const moved = lines.splice(random(lines.length), 1);
        lines.splice(random(lines.length + 1), 0, ...moved);
        return lines.join('\n');
      }
      case 7:
        return text.slice(0, from) + text.slice(from, to).toUpperCase() + text.slice(to);
      default:
        return piece() + text;
    }
  };
  return (text) => {
    let mutated = text;
    for (let left = 1 + random(6); left > 0; left -= 1) mutated = once(mutated).slice(0, caseBytesMax);
    return mutated;
  };
}

function filesUnder(folder: string, ending: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
}

/** Real handoffs: fixtures, templates, examples, and every example of the protocol. */
function handoffs(): readonly string[] {
  const spec = readFileSync('docs/SPEC.md', 'utf8');
  const examples = [...spec.matchAll(/```next-role-md\n([\s\S]*?)```/g)].map(([, text = '']) => text);
  const found = ['test/protocol/fixtures', 'templates', 'examples'].flatMap((folder) =>
    filesUnder(folder, '.md'),
  );
  return [...examples, ...found];
}

/** Real lines of every agent that was recorded. */
function lines(): readonly string[] {
  return filesUnder('test/cassettes', '.stdout').flatMap((text) => text.split('\n').filter(Boolean));
}

/** Reads and edits mutated handoffs. */
export function fuzzCodec(cases: number, seed: number): Fuzzed {
  const random = randomFrom(seed);
  const seeds = handoffs();
  const mutate = mutator(random, seeds);
  let understood = 0;
  for (let n = 0; n < cases; n += 1) {
    const text = mutate(seeds[random(seeds.length)] ?? '');
    const startedAt = performance.now();
    guard(`codec case ${n} of seed ${seed}`, text, () => {
      if (tryHandoff(text)) understood += 1;
      if (performance.now() - startedAt > caseMsMax) throw new Error('it took too long');
    });
  }
  return { cases, understood, refused: cases - understood };
}

/** Promises of the codec for any text; returns whether it was understood. */
export function tryHandoff(text: string): boolean {
  const { handoff, diagnostics } = decode(text);
  const lineCount = text.split(/\r\n|\r|\n/).length;
  for (const { line, message, hint } of diagnostics) {
    promise(Number.isInteger(line) && line >= 1 && line <= lineCount, `line ${line} of ${lineCount}`);
    promise(message !== '' && hint !== '', 'a diagnostic without words');
  }
  const edited = edit(text, { status: 'WORKING', note: null });
  if (handoff === null) {
    promise(diagnostics.length > 0, 'refused without a reason');
    return false;
  }
  promise(handoff.status === null || statuses.includes(handoff.status), `status ${String(handoff.status)}`);
  const outside = handoff.inputs.filter((input) => !staysInside(input));
  const told = diagnostics.filter(({ code }) => code === 'input-outside');
  promise(told.length >= new Set(outside).size, `not told that an input leaves: ${outside.join(' ')}`);
  if (handoff.escalation !== null)
    promise(staysInside(decisionPath(handoff.escalation.id ?? '')), 'a decision leaves');
  if (edited.ok)
    promise(decode(edited.text).handoff?.status === 'WORKING', 'an edit that does not read back');
  return true;
}

/** Reads mutated lines with every agent's reader. */
export function fuzzReaders(cases: number, seed: number): Fuzzed {
  const random = randomFrom(seed);
  const seeds = lines();
  const mutate = mutator(random, seeds);
  let understood = 0;
  let tallies = agents.map(() => emptyTally());
  for (let n = 0; n < cases; n += 1) {
    const line = mutate(seeds[random(seeds.length)] ?? '').replaceAll('\n', ' ');
    const at = random(agents.length);
    guard(`line case ${n} of seed ${seed}, agent ${agents[at]?.kind ?? ''}`, line, () => {
      const tally = tallies[at] ?? emptyTally();
      const next = tryLine(line, at, tally);
      if (next !== tally) understood += 1;
      tallies[at] = next;
    });
    if (n % linesPerSession === 0) tallies = agents.map(() => emptyTally());
  }
  return { cases, understood, refused: cases - understood };
}

/** Promises of a line reader, and of what is kept of a session. */
export function tryLine(line: string, at: number, tally: ReturnType<typeof emptyTally>) {
  const agent = agents[at];
  if (agent === undefined) throw new Error(`no agent ${at}`);
  const facts = factsOf(agent.kind);
  const event = agent.read(line, facts);
  for (const value of Object.values(event)) {
    if (typeof value === 'number') promise(Number.isFinite(value), 'a number that JSON cannot keep');
  }
  const next = fold(tally, event);
  promise(
    JSON.stringify(next).length <= tallyCharsMax,
    `a tally of ${JSON.stringify(next).length} characters`,
  );
  for (const code of [0, 1, 127]) agent.judge({ type: 'exited', code }, next, facts);
  return next;
}

/** Text of no shape at all, from fast-check, through the same promises. */
export function fuzzAnything(cases: number, seed: number): Fuzzed {
  let understood = 0;
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.array(fc.constantFrom(...nasty)).map((all) => all.join('')),
  );
  fc.assert(
    fc.property(text, (any) => {
      if (tryHandoff(any)) understood += 1;
      agents.forEach((_, at) => tryLine(any, at, emptyTally()));
      promise(
        !/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(clean(any)),
        'a control character',
      );
    }),
    { numRuns: cases, seed },
  );
  return { cases, understood, refused: cases - understood };
}

/** What is known of a program, as it is shipped; the command and the scripted agent need none. */
function factsOf(kind: string): AgentFacts {
  const shipped: Readonly<Record<string, AgentFacts>> = shippedFacts;
  return shipped[kind] ?? noFacts;
}

function promise(holds: boolean, broken: string): void {
  if (!holds) throw new Error(broken);
}

function guard(name: string, text: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${name}: ${why}\n${JSON.stringify(text).slice(0, 2_000)}`, { cause: error });
  }
}
