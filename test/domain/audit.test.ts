import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { audit, gather, type AuditFacts } from '../../src/domain/audit.ts';
import { isHidden, mayWrite } from '../../src/protocol/access.ts';
import { unread, type Touch, type TouchVerb } from '../../src/protocol/touch.ts';

const access = {
  hidden: ['.next-role/', 'coordination/logs/', 'coordination/specs/Q-*-SPEC-AUDIT.md'],
  writable: ['**'],
  protected: ['coordination/PRD.md', 'coordination/specs/'],
  owed: ['coordination/specs/Q-R01-SPEC.md'],
  handoff: 'coordination/NEXT-ROLE.md',
};
const facts: AuditFacts = {
  access,
  given: access,
  hiddenFiles: ['coordination/logs/R01.log', 'coordination/specs/Q-R01-SPEC-AUDIT.md'],
  roots: ['/p'],
  touches: [],
  changes: [],
  past: [],
  isolated: false,
  rewritten: [],
  observed: true,
};

function touch(verb: TouchVerb, target: string, end: Touch['end'] = 'done'): Touch {
  const tool = { read: 'Read', search: 'Grep', write: 'Edit', run: 'Bash', other: 'Task' }[verb];
  return { tool, verb, target, end };
}

const found = (touches: readonly Touch[], more: Partial<AuditFacts> = {}): readonly string[] =>
  audit({ ...facts, touches, ...more }).map(
    ({ gate, severity, file }) => `${gate} ${severity} ${file ?? ''}`,
  );

describe('audit(): hidden paths', () => {
  it.each<[string, Touch]>([
    ['a path in the project', touch('read', 'coordination/logs/R01.log')],
    ['an absolute one', touch('read', '/p/coordination/logs/R01.log')],
    ['an odd spelling', touch('read', '/p/src/..//coordination/./logs/R01.log')],
    ['cat', touch('run', 'cat coordination/logs/R01.log')],
    ['quotes', touch('run', 'cat "coordination/logs/R01.log"')],
    ['a script in quotes', touch('run', 'sh -c "head -5 coordination/logs/R01.log | tail"')],
    ['another folder first', touch('run', 'cd coordination && cat logs/R01.log')],
    ['a wildcard', touch('run', 'cat coordination/*/R01.log')],
    ['an option with a value', touch('run', 'awk --file=coordination/logs/R01.log')],
    ['a redirection', touch('run', 'wc -l <coordination/logs/R01.log')],
    ['a variable of ours', touch('run', 'cat $NEXT_ROLE_PROJECT/coordination/logs/R01.log')],
    ['where it stands', touch('run', 'cat ${PWD}/coordination/logs/R01.log')],
    ['git', touch('run', 'git show HEAD:coordination/logs/R01.log')],
    ['an escaped blank beside it', touch('run', 'cat a\\ b coordination/logs/R01.log')],
  ])('blocks one that was opened: %s', (_, given) => {
    expect(found([given])).toEqual(['hidden-read MAJOR coordination/logs/R01.log']);
  });

  it('knows a folder and a pattern for what they cover', () => {
    expect(found([touch('search', 'coordination/logs')])).toEqual(['hidden-read MAJOR coordination/logs']);
    expect(found([touch('search', 'coordination/logs/**/*.log')])).toEqual([
      'hidden-read MAJOR coordination/logs',
    ]);
    expect(found([touch('run', 'ls coordination/logs/')])).toEqual(['hidden-read MAJOR coordination/logs']);
  });

  it('knows a check that lies outside the project, and what reaches it', () => {
    const outside = { access: { ...facts.access, hidden: ['/checks/'] }, hiddenFiles: [] };
    const reaching = [
      touch('read', '/checks/run.sh'),
      touch('read', '../checks/run.sh'),
      touch('run', 'cat ../checks/run.sh'),
      touch('run', 'cd .. && sh checks/run.sh'),
      touch('run', 'cd / ; cat checks/run.sh'),
    ];
    for (const each of reaching) expect(found([each], outside)).toEqual(['hidden-read MAJOR /checks/run.sh']);
    expect(found([touch('write', '../checks/run.sh')], outside)).toEqual([
      'write-policy MAJOR /checks/run.sh',
    ]);
    expect(found([touch('read', '/other/run.sh'), touch('write', '/tmp/x')], outside)).toEqual([]);
  });

  it.each(['rm -f coordination/logs/R01.log', 'git checkout -- coordination/logs/R01.log'])(
    'lets a role take back what it should not have written: %s',
    (command) => {
      expect(found([touch('run', command)])).toEqual([]);
      expect(found([touch('run', `${command} && cat coordination/logs/R01.log`)])).toHaveLength(1);
    },
  );

  it('finds it when what the runner knows of the round is removed', () => {
    expect(found([touch('run', 'rm -rf .next-role/trees')])).toEqual(['hidden-read MAJOR .next-role/trees']);
  });

  it('still sees a search of the whole project that is started above it', () => {
    expect(found([touch('run', 'cd .. && grep -r secret')])).toEqual(['hidden-read MINOR /']);
  });

  it('only notes one that was refused or not there', () => {
    expect(found([touch('read', 'coordination/logs/R01.log', 'refused')])).toEqual([
      'hidden-read OBS coordination/logs/R01.log',
    ]);
    expect(found([touch('read', 'coordination/logs/R01.log', 'failed')])).toEqual([
      'hidden-read OBS coordination/logs/R01.log',
    ]);
    // A command that failed may have read on the way.
    expect(found([touch('run', 'cat coordination/logs/R01.log nowhere', 'failed')])).toEqual([
      'hidden-read MAJOR coordination/logs/R01.log',
    ]);
  });

  it('says "may have" where a program opens all of a folder that has hidden files in it', () => {
    expect(found([touch('run', 'grep -rn token coordination/')])).toEqual(['hidden-read MINOR coordination']);
    expect(found([touch('run', 'rg token')])).toEqual(['hidden-read MINOR .']);
    expect(found([touch('run', 'grep -rn token src/')])).toEqual([]);
    expect(found([touch('run', 'ls coordination')])).toEqual([]);
  });

  it('is silent about what is open to the role', () => {
    const open = [
      touch('read', 'coordination/PRD.md'),
      touch('read', '/elsewhere/coordination/logs/R01.log'),
      touch('run', 'npm test -- --reporter=dot'),
      touch('run', 'cat coordination/specs/Q-R01-SPEC.md'),
      touch('run', 'cat *.md'),
      touch('search', 'src/**'),
    ];
    expect(found(open)).toEqual([]);
  });
});

describe('audit(): the write policy', () => {
  const changed = { path: 'coordination/PRD.md', before: 'x', after: 'y' };

  it('blocks a change that a tool call of the session made', () => {
    expect(found([touch('write', '/p/coordination/PRD.md')], { changes: [changed] })).toEqual([
      'write-policy MAJOR coordination/PRD.md',
    ]);
  });

  it('blocks a change that a command may have made, and a by-product of one not', () => {
    const run = touch('run', 'make');
    expect(found([run], { changes: [changed] })).toEqual(['write-policy MAJOR coordination/PRD.md']);
    const narrow = { ...facts.access, writable: ['coordination/reviews/'] };
    const made = { path: 'coverage/out.json', before: null, after: 'z' };
    expect(found([run], { access: narrow, changes: [made] })).toEqual([
      'write-policy MINOR coverage/out.json',
    ]);
    const deleted = { path: 'src/a.ts', before: 'z', after: null };
    expect(found([run], { access: narrow, changes: [deleted] })).toEqual(['write-policy MAJOR src/a.ts']);
  });

  it('only notes a change that nobody in the session can have made', () => {
    expect(found([touch('read', 'src/a.ts')], { changes: [changed] })).toEqual([
      'write-policy OBS coordination/PRD.md',
    ]);
    // An agent whose stream tells nothing may have made any.
    expect(found([], { changes: [changed], observed: false })).toEqual([
      'write-policy MAJOR coordination/PRD.md',
    ]);
  });

  it('only notes an attempt that was refused', () => {
    expect(found([touch('write', 'coordination/PRD.md', 'refused')])).toEqual([
      'write-policy OBS coordination/PRD.md',
    ]);
  });

  it('is silent about what the role may write, owes, and about the handoff', () => {
    const changes = ['src/a.ts', 'coordination/specs/Q-R01-SPEC.md', 'coordination/NEXT-ROLE.md'].map(
      (path) => ({
        path,
        before: 'x',
        after: 'y',
      }),
    );
    expect(found([touch('run', 'make')], { changes })).toEqual([]);
  });
});

describe('audit(): whatever was touched', () => {
  it('finds each hidden path that a file tool opened and each foreign change, and nothing else', () => {
    const path = fc.constantFrom(
      'coordination/logs/R01.log',
      'coordination/logs/deep/x.md',
      'coordination/PRD.md',
      'coordination/specs/Q-R01-SPEC.md',
      'coordination/specs/Q-R02-SPEC.md',
      'src/a.ts',
      'README.md',
    );
    const read = path.map((target) => touch('read', target));
    const write = path.map((target) => touch('write', target));
    fc.assert(
      fc.property(fc.array(fc.oneof(read, write)), (touches) => {
        const written = [
          ...new Set(touches.flatMap(({ verb, target }) => (verb === 'write' ? [target ?? ''] : []))),
        ];
        const changes = written.map((each) => ({ path: each, before: 'x', after: 'y' }));
        const blocking = new Set(
          audit({ ...facts, touches, changes }).map(
            ({ gate, severity, file }) => `${gate} ${severity} ${file ?? ''}`,
          ),
        );
        const wanted = new Set(
          touches.flatMap(({ verb, target }) => {
            const at = target ?? '';
            if (verb === 'read') return isHidden(facts.access, at) ? [`hidden-read MAJOR ${at}`] : [];
            return mayWrite(facts.access, at) ? [] : [`write-policy MAJOR ${at}`];
          }),
        );
        expect(blocking).toEqual(wanted);
      }),
    );
  });

  it('survives any command line, in time that grows with its length alone', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 400 }), (target) => {
        expect(() => audit({ ...facts, touches: [touch('run', target)] })).not.toThrow();
      }),
    );
    const long = 'cat '.repeat(20_000) + '*'.repeat(200);
    const startedAt = performance.now();
    audit({ ...facts, touches: [touch('run', long)] });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

describe('gather()', () => {
  it('joins a call with its refusal by id, and without one by its tool, the last first', () => {
    const call = (id: string | null, target: string) =>
      ({ type: 'call', id, tool: 'Read', verb: 'read', target }) as const;
    expect(
      gather([
        call('1', 'a'),
        call('2', 'b'),
        { type: 'refused', id: '1', tool: null },
        { type: 'failed', id: '1' },
        { type: 'failed', id: '2' },
        call(null, 'c'),
        call(null, 'd'),
        { type: 'refused', id: null, tool: 'Read' },
        { type: 'refused', id: 'unknown', tool: 'Read' },
      ]).map(({ target, end }) => `${target ?? ''} ${end}`),
    ).toEqual(['a refused', 'b failed', 'c done', 'd refused']);
  });
});

describe('audit(): a session in a copy', () => {
  const isolated = { isolated: true, roots: ['/copies/R01', '/p'] };

  it('tells what it looked for there, where it cannot be', () => {
    const tries = [touch('read', 'coordination/logs/R01.log'), touch('run', 'cat coordination/logs/R01.log')];
    for (const each of [...tries, touch('read', '/copies/R01/coordination/logs/R01.log')])
      expect(found([each], isolated)).toEqual(['hidden-read OBS coordination/logs/R01.log']);
  });

  it.each([
    ['by its name', touch('read', '/p/coordination/logs/R01.log')],
    ['from a shell', touch('run', 'cat /p/coordination/logs/R01.log')],
    ['by climbing', touch('run', 'cd .. && cat ../p/coordination/logs/R01.log')],
    ['by the variable that names it', touch('run', 'cat "$NEXT_ROLE_PROJECT/coordination/logs/R01.log"')],
    ['by that variable in braces', touch('run', 'cd ${NEXT_ROLE_PROJECT}/coordination; cat logs/R01.log')],
  ])('blocks what it opened in the project itself: %s', (_, given) => {
    expect(found([given], isolated)).toEqual(['hidden-read MAJOR coordination/logs/R01.log']);
  });

  it('blocks what it wrote into the project itself, also where its role may write', () => {
    expect(found([touch('write', '/p/src/a.ts')], isolated)).toEqual(['write-policy MAJOR src/a.ts']);
    expect(found([touch('write', '/copies/R01/src/a.ts')], isolated)).toEqual([]);
    expect(found([touch('write', '/p/src/a.ts')])).toEqual([]);
  });

  it('blocks first of all what it did to the settings of the project itself, by a tool or by a command', () => {
    const settings = 'coordination/state/gates.yaml';
    const critical = [`write-policy CRITICAL ${settings}`];
    const past = [{ path: settings, before: null, after: 'a' }];
    expect(found([touch('write', `/p/${settings}`)], isolated)).toEqual(critical);
    expect(found([touch('run', 'sh build.sh')], { ...isolated, past })).toEqual(critical);
    expect(found([], { ...isolated, past })).toEqual([`write-policy OBS ${settings}`]);
    const given = { ...access, writable: ['coordination/state/'] };
    expect(found([touch('run', 'sh build.sh')], { ...isolated, past, access: given, given })).toEqual([]);
  });
});

describe('audit(): what cannot be read', () => {
  const path = 'coordination/PRD.md';
  const told = (before: string | null, after: string | null) =>
    audit({ ...facts, touches: [touch('run', 'x')], changes: [{ path, before, after }] });

  it('is neither deleted nor let pass', () => {
    expect(told('a', unread)).toMatchObject([{ severity: 'MAJOR', file: path }]);
    expect(told('a', unread)[0]?.text).toContain('became unreadable during the session');
  });

  it('is held against nobody where it can be read again', () => {
    expect(told(unread, 'a')).toEqual([]);
  });
});
