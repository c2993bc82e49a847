/** What reaches a session of a real project on disk: of a hidden file not one byte, however it is asked for. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { initialState } from '../../src/domain/machine.ts';
import { packageRoot, readCatalog } from '../../src/effects/catalog.ts';
import { projectAt } from '../../src/effects/project.ts';
import { isHidden } from '../../src/protocol/access.ts';
import { briefFor } from '../../src/runner/briefing.ts';

const { policy } = await readCatalog(packageRoot, { path: '' });
const roles = Object.keys(policy.roles);

/** Places of every kind: those that roles are offered, those that are hidden from some, and any other. */
const path = fc.constantFrom(
  'coordination/PRD.md',
  'coordination/MEMORIAL.md',
  'coordination/specs/Q-R01-SPEC.md',
  'coordination/specs/Q-R01-SPEC-AUDIT.md',
  'coordination/reviews/REVIEWER-REPORT-R01.md',
  'coordination/diagnostics/DIAGNOSTIC-R01-time.md',
  'coordination/acceptance/R01/run.sh',
  'coordination/logs/IMPLEMENTER-R01.log',
  'coordination/logs/ROUND-R00-SUMMARY.md',
  'coordination/history/R00.md',
  'coordination/state/gates.yaml.txt',
  'coordination/.prompt-reviewer.md',
  '.next-role/sessions/R01/stdout',
  'src/a.ts',
);
/** Ways in which a handoff may name a file. */
const spelled = fc.constantFrom<(name: string) => string>(
  (name) => name,
  (name) => `./${name}`,
  (name) => name.replace('/', '//'),
  (name) => `src/../${name}`,
  (name) => `links/${name.replaceAll('/', '-')}`,
);
const file = fc.record({
  path,
  marker: fc.stringMatching(/^[a-z]{16}$/),
  size: fc.constantFrom(1, 200),
  spell: spelled,
});

describe('the brief of every shipped role', () => {
  it('holds no byte of a file that is hidden from it, whatever the handoff lists, spells or links', async () => {
    let hidden = 0;
    let shown = 0;
    const files = fc.uniqueArray(file, { selector: (each) => each.path, minLength: 4, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(files, async (all) => {
        const root = mkdtempSync(join(tmpdir(), 'next-role-brief-'));
        try {
          const put = (name: string, text: string): void => {
            mkdirSync(dirname(join(root, name)), { recursive: true });
            writeFileSync(join(root, name), text);
          };
          mkdirSync(join(root, 'links'));
          mkdirSync(join(root, 'src'));
          for (const each of all) {
            put(each.path, `${each.marker}\n`.repeat(each.size));
            symlinkSync(join(root, each.path), join(root, 'links', each.path.replaceAll('/', '-')));
          }
          const inputs = all.map(({ path: name, spell }) => `  - ${spell(name)}\n`).join('');
          put(
            'coordination/NEXT-ROLE.md',
            `---\nround: R01\nnext-role: reviewer\nstatus: READY\ntier: full\ninputs:\n${inputs}---\n\n## Directive\n\nBuild it.\n`,
          );
          const project = await projectAt(root);
          if (project === null) throw new Error('no project');
          for (const role of roles) {
            const made = await briefFor({ project, policy, state: initialState() }, role, 1);
            if (made === null) throw new Error(role);
            const { system, prompt, manifest } = made.brief;
            const reached = `${system}\n${prompt}\n${JSON.stringify(manifest)}`;
            const offered = manifest.offered.map((each) => each.path);
            for (const each of all) {
              const has = reached.includes(each.marker);
              if (!isHidden(manifest, each.path)) {
                if (has) shown += 1;
                continue;
              }
              hidden += 1;
              expect(has, `${role} was shown ${each.path}`).toBe(false);
              expect(offered, `${role} was offered ${each.path}`).not.toContain(each.path);
            }
          }
        } finally {
          rmSync(root, { recursive: true, force: true });
        }
      }),
      { numRuns: 8 },
    );
    // Both kinds were there, or nothing was tested.
    expect(Math.min(hidden, shown)).toBeGreaterThan(10);
  });
});
