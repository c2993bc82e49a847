/**
 * Holds docs/SPEC.md to the code: its examples are decoded and edited, its tables are compared with the lists, shipped
 * files and decisions they describe. A change of either side alone fails. Diagnostics, settings and paths have files of
 * their own beside this one.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exits } from '../../src/cli/shell.ts';
import { initialState, step } from '../../src/domain/machine.ts';
import { packageRoot, readCatalog } from '../../src/effects/catalog.ts';
import { reservedNames } from '../../src/effects/shim.ts';
import { fill } from '../../src/protocol/artifact.ts';
import { decode, edit } from '../../src/protocol/codec.ts';
import { directiveCharsMax, headerCharsMax, statuses } from '../../src/protocol/handoff.ts';
import type { HandoffChange } from '../../src/protocol/handoff.ts';
import { failureClasses } from '../../src/protocol/session.ts';
import { decisionText } from '../../src/runner/decision.ts';
import { facts, question, read } from '../rig/facts.ts';
import { testPolicy } from '../rig/policy.ts';
import { coded, fencesOf, section, spec, subject, table, textOf } from './page.ts';
import type { Fence } from './page.ts';

const { policy } = await readCatalog(join(packageRoot, 'no-such-project'), { path: '' });
const known = { roles: Object.keys(policy.roles), tiers: Object.keys(policy.tiers) };
const fences = fencesOf(spec);
const examples = fences.flatMap((fence, at) => {
  if (!/^next-role-md(?! before| after)/.test(fence.info)) return [];
  return [{ fence, wanted: fences[at + 1] }];
});
const edits = fences.flatMap((fence, at) =>
  fence.info === 'next-role-md before'
    ? [{ before: fence, change: fences[at + 1], after: fences[at + 2] }]
    : [],
);

/** An example as a file: some oddities cannot be shown on a page. */
function fileOf({ info, text }: Fence): string {
  const ends = info.includes('crlf') ? text.replaceAll('\n', '\r\n') : text;
  return info.includes('bom') ? `\ufeff${ends}` : ends;
}

describe('the examples of docs/SPEC.md', () => {
  it('are all there, each with what it means', () => {
    expect(examples.length).toBeGreaterThanOrEqual(15);
    for (const { fence, wanted } of examples) expect(wanted?.info, `line ${fence.line}`).toBe('json');
    expect(edits.length).toBeGreaterThanOrEqual(2);
    for (const { before, change, after } of edits) {
      expect([change?.info, after?.info], `line ${before.line}`).toEqual([
        'json change',
        'next-role-md after',
      ]);
    }
  });

  it.each(examples.map((each) => [each.fence.line, each] as const))(
    'on line %i decode as said',
    (_, each) => {
      const reading = decode(fileOf(each.fence), known);
      const { diagnostics = [], ...handoff } = JSON.parse(each.wanted?.text ?? '') as {
        readonly diagnostics?: readonly string[];
        readonly handoff?: null;
      };
      expect(
        reading.diagnostics.map(({ line, code, severity }) => `line ${line}: ${code} (${severity})`),
      ).toEqual(diagnostics);
      if (handoff.handoff === null) expect(reading.handoff).toBeNull();
      else expect(reading.handoff).toMatchObject(handoff);
    },
  );

  it.each(edits.map((each) => [each.before.line, each] as const))(
    'on line %i are written as said',
    (_, each) => {
      const change = JSON.parse(each.change?.text ?? '') as HandoffChange;
      expect(edit(each.before.text, change)).toEqual({ ok: true, text: each.after?.text });
      expect(decode(each.after?.text ?? '', known).diagnostics).toEqual([]);
    },
  );

  it('show a decision file byte for byte', () => {
    const shown = fences.find(({ info }) => info === 'next-role-decision')?.text;
    const answer = {
      escalationId: 'R07-implementer-1',
      choice: 'B',
      words: 'but log every refresh',
      via: 'header',
    } as const;
    const { options } = question;
    const chosen = options[1]?.do ?? '';
    const path = 'coordination/decisions/D-R07-implementer-1.md';
    expect(
      decisionText({ path, role: 'implementer', question: question.question, options, answer, chosen }),
    ).toBe(shown);
  });
});

describe('the tables of docs/SPEC.md', () => {
  it('list every status, and say where each leads', () => {
    const rows = table('status ');
    expect(rows.map(subject)).toEqual(statuses);
    const rules = testPolicy();
    for (const [status = '', , , leads] of rows) {
      const [word = ''] = coded(status);
      const handoff = facts({ status: statuses.find((one) => one === word) ?? null });
      expect(step(rules, initialState(), read(handoff)).state.value, word).toBe(coded(leads)[0]);
    }
    for (const word of ['READY', 'WORKING', 'ESCALATE'])
      expect(section('Statuses').join('\n')).toContain(word);
  });

  it('list the keys that the header schema describes', () => {
    const schema = JSON.parse(textOf('state/handoff.schema.json')) as { properties: Record<string, unknown> };
    expect(table('key ', section('Keys')).map(subject)).toEqual(Object.keys(schema.properties));
  });

  it('name the keys as a bare header spells them', () => {
    const text = `STATUS: PAUSED\n\nCURRENT-ROUND: R01\n`;
    for (const [key = '', bare] of table('key ', section('Keys'))) {
      const [name = ''] = coded(key);
      const [spelled] = coded(bare);
      if (spelled === undefined || name === 'status') continue;
      const edited = edit(text, { [name]: 'x' });
      expect(edited.ok && edited.text, name).toContain(`\n${spelled}: x\n`);
    }
  });

  it('list the spellings of roles that are read', () => {
    const rows = table('role ', section('Roles, rounds'));
    expect(rows.map(subject).sort()).toEqual([...known.roles, 'human'].sort());
    for (const row of rows) {
      for (const spelled of [subject(row), ...coded(row[1])]) {
        expect(decode(`STATUS: PAUSED\nNEXT-ROLE: ${spelled}\n`).handoff?.role, spelled).toBe(subject(row));
      }
    }
  });

  it('list the shipped tiers with their roles, edges and ends', () => {
    const rows = table('tier ', section('Roles, rounds')).map((row) => [
      subject(row),
      row[1],
      row[2],
      coded(row[3])[0],
    ]);
    const shipped = Object.values(policy.tiers).map((tier) => [
      tier.name,
      tier.roles.join(' → '),
      tier.edges.map(({ from, to }) => `${from} → ${to}`).join(', '),
      tier.ends,
    ]);
    expect(rows).toEqual(shipped);
  });

  it('list every file that a shipped role owes', () => {
    const rows = table('role ', section('Owed files')).map((row) => [
      subject(row),
      row[1],
      coded(row[2])[0],
      row[3],
    ]);
    const owed = [
      'architect',
      'implementer',
      'reviewer',
      'second-reviewer',
      'oracle',
      'memorial',
      'coordinator',
    ].flatMap((name) =>
      (policy.roles[name]?.owes ?? []).map(({ path, tiers, sections }) => [
        name,
        tiers.length === 0 ? 'all' : tiers.join(', '),
        fill(path, { round: '<round>' }),
        sections.join(', '),
      ]),
    );
    expect(rows).toEqual(owed);
  });

  it('list what each shipped role may end with, and what is hidden from it', () => {
    const within = section('Owed files');
    const rows = table('role          | `ends`', within).map((row) => [
      subject(row),
      coded(row[1]),
      coded(row[2]),
    ]);
    const shipped = [
      'architect',
      'implementer',
      'reviewer',
      'second-reviewer',
      'oracle',
      'memorial',
      'coordinator',
    ].map((name) => [name, policy.roles[name]?.ends, policy.roles[name]?.hides]);
    expect(rows).toEqual(shipped);
  });

  it('list every class of failure once', () => {
    const rows = table('class of failure');
    expect(rows.flatMap((row) => coded(row[0])).sort()).toEqual([...failureClasses].sort());
  });

  it('list the caps with their defaults', () => {
    const rows = table('cap ').map((row) => [subject(row), Number(row[1])]);
    expect(Object.fromEntries(rows)).toEqual(policy.caps);
  });

  it('list the exit codes that scripts rely on', () => {
    expect(table('code |', section('Exit codes')).map(([code]) => Number(code))).toEqual(
      Object.values(exits),
    );
  });

  it('list the variables that a session is given', () => {
    const named = new Set<string>();
    for (const file of readdirSync(join(packageRoot, 'src'), { recursive: true, encoding: 'utf8' })) {
      if (!/^(agents|effects)\/.*\.ts$/.test(file)) continue;
      for (const [name] of textOf(`src/${file}`).matchAll(/NEXT_ROLE_[A-Z_]*[A-Z]/g)) named.add(name);
    }
    expect(table('variable').map(subject).sort()).toEqual([...named].sort());
  });

  it('list the files of a session folder', () => {
    const listed = table('file ', section('The runner')).flatMap((row) => coded(row[0]));
    expect(listed.sort()).toEqual(
      [...reservedNames.filter((name) => name !== 'exit.tmp'), 'manifest.json'].sort(),
    );
  });

  it('say the bounds of the code', () => {
    const header = headerCharsMax.toLocaleString('en');
    expect(section('The file').join(' ')).toContain(`${header} UTF-16 units`);
    expect(section('The body').join(' ')).toContain(`${directiveCharsMax.toLocaleString('en')} UTF-16 units`);
    expect(section('Diagnostics').find((line) => line.includes('`header-too-large`'))).toContain(header);
  });
});
