import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { misbehaviours, parseScenario, stepsFor } from '../../src/protocol/scenario.ts';
import type { Step } from '../../src/protocol/scenario.ts';

const happy = `about: One round.
roles:
  architect:
    - - say: hello {role}
      - write: { path: 'coordination/specs/Q-{round}-SPEC.md', from: architect/spec.md }
      - append: { path: notes.md, text: "more\\n" }
      - delete: old.md
      - run: npm test
      - run: { command: npm test, allowFail: true }
      - handoff: { next-role: implementer, status: READY, answer: null }
      - pause: 150
    - - say: second visit
  implementer:
    - - escalate:
          question: Which one rules?
          options:
            A: { do: Follow the spec, then: refresh hourly }
            B: Follow the API
          recommended: A
          diagnostic: coordination/diagnostics/DIAGNOSTIC-{round}-expiry.md
      - { when: { answer: B, id: R07-implementer-1 }, steps: [{ raw: '{"type":"noise"}' }, { stderr: oops }] }
      - exit: 3
      - misbehave: linger
      - misbehave: { flood: 1000 }
      - misbehave: { fail: { class: rate-limited, message: later, resetsInMs: 50 } }
`;

const steps = (role: string, visit = 1): readonly Step[] | null => {
  const { scenario, diagnostics } = parseScenario(happy);
  expect(diagnostics).toEqual([]);
  return scenario === null ? null : stepsFor(scenario, role, visit);
};

describe('parseScenario()', () => {
  it('turns one-key maps into tagged steps', () => {
    expect(steps('architect')).toEqual([
      { do: 'say', text: 'hello {role}' },
      { do: 'write', path: 'coordination/specs/Q-{round}-SPEC.md', text: null, from: 'architect/spec.md' },
      { do: 'append', path: 'notes.md', text: 'more\n', from: null },
      { do: 'delete', path: 'old.md' },
      { do: 'run', command: 'npm test', allowFail: false },
      { do: 'run', command: 'npm test', allowFail: true },
      { do: 'handoff', change: { 'next-role': 'implementer', status: 'READY', answer: null } },
      { do: 'pause', ms: 150 },
    ]);
  });

  it('reads escalations, guards and misbehaviour', () => {
    expect(steps('implementer')).toEqual([
      {
        do: 'escalate',
        escalation: {
          id: null,
          question: 'Which one rules?',
          options: [
            { letter: 'A', do: 'Follow the spec', then: 'refresh hourly' },
            { letter: 'B', do: 'Follow the API', then: '' },
          ],
          recommended: 'A',
          default: null,
          deadline: null,
          diagnostic: 'coordination/diagnostics/DIAGNOSTIC-{round}-expiry.md',
        },
      },
      {
        do: 'when',
        answer: 'B',
        id: 'R07-implementer-1',
        steps: [
          { do: 'raw', text: '{"type":"noise"}' },
          { do: 'stderr', text: 'oops' },
        ],
      },
      { do: 'exit', code: 3 },
      { do: 'misbehave', how: 'linger' },
      { do: 'flood', bytes: 1000 },
      { do: 'fail', class: 'rate-limited', message: 'later', resetsInMs: 50 },
    ]);
  });

  it('knows every way to misbehave', () => {
    for (const how of misbehaviours) {
      const { scenario } = parseScenario(`roles: { reviewer: [[{ misbehave: ${how} }]] }`);
      expect(scenario?.roles['reviewer']).toEqual([[{ do: 'misbehave', how }]]);
    }
  });

  /** A mistake in one step on line 4, and what is said about it. */
  const mistakes: readonly (readonly [string, string, string])[] = [
    ['wriet: { path: a }', '"wriet" is no key under "roles.a[0][1]".', 'Did you mean "write"?'],
    ['write: { path: a }', '"roles.a[0][1].write" is a map.', 'exactly one of "text" and "from"'],
    ['write: { path: a, text: b, from: c }', '"roles.a[0][1].write" is a map.', 'exactly one of'],
    ['write: { path: ../a, text: b }', '"roles.a[0][1].write.path" is "../a".', 'without ".."'],
    [
      'append: { path: a, from: /etc/passwd }',
      '"roles.a[0][1].append.from" is "/etc/passwd".',
      'relative path',
    ],
    ['delete: /', '"roles.a[0][1].delete" is "/".', 'relative path'],
    ['pause: soon', '"roles.a[0][1].pause" is "soon".', 'Write a number.'],
    ['run: { cmd: x }', '"roles.a[0][1].run" is a map.', '{command, allowFail}'],
    ['handoff: { round: 07 }', '"roles.a[0][1].handoff.round" is "7".', 'in quotes'],
    ['misbehave: dance', '"roles.a[0][1].misbehave" is "dance".', 'hang, ignore-sigterm'],
    ['{ say: a, pause: 3 }', '"roles.a[0][1]" is a map.', 'exactly one of say, '],
    ['{ when: { answer: A } }', '"roles.a[0][1]" is a map.', '"when" stands beside "steps"'],
    ['{ say: a, steps: [] }', '"roles.a[0][1]" is a map.', '"when" stands beside "steps"'],
    ['{ when: { answer: A }, steps: [{ say: 3 }] }', '"roles.a[0][1].steps[0].say" is "3".', 'Write text'],
    ['exit: 300', '"roles.a[0][1].exit" is "300".', 'at most 255'],
  ];

  it.each(mistakes)('says what is wrong with "%s", and on which line', (step, message, hint) => {
    const { scenario, diagnostics } = parseScenario(`roles:\n  a:\n    - - say: first\n      - ${step}\n`);
    expect(scenario).toBeNull();
    expect(diagnostics).toHaveLength(1);
    expect(diagnostics[0]).toMatchObject({ code: 'data-invalid', line: 4, severity: 'error', message });
    expect(diagnostics[0]?.hint).toContain(hint);
  });

  it('reports what is missing, and YAML that cannot be read, with its line', () => {
    expect(parseScenario('about: x').diagnostics[0]).toMatchObject({ code: 'data-missing' });
    expect(parseScenario('about: x\nroles: {a: [').diagnostics[0]).toMatchObject({
      code: 'data-yaml',
      line: 2,
    });
    expect(parseScenario('roles: { a: [] }').diagnostics[0]?.hint).toBe('Write at least 1 entry.');
  });

  it('never throws', () => {
    const piece = fc.constantFrom(
      ...happy.split(/(?<=[\s:{[])/),
      '&a ',
      '*a',
      '<<: *a',
      '- ',
      '\t',
      '"',
      '!!js ',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(text, (yaml) => {
        const { scenario, diagnostics } = parseScenario(yaml);
        return (scenario === null) === diagnostics.length > 0;
      }),
      { numRuns: 500 },
    );
  });
});

describe('stepsFor()', () => {
  it('gives the nth list for the nth visit, and the last one from then on', () => {
    expect(steps('architect', 2)).toEqual([{ do: 'say', text: 'second visit' }]);
    expect(steps('architect', 9)).toEqual(steps('architect', 2));
  });

  it('gives null for a role without a script, whatever its name', () => {
    expect(steps('reviewer')).toBeNull();
    expect(steps('constructor')).toBeNull();
  });
});
