/** What a session did to the configuration, or to its own record, is found and does not count, whatever the plan says by then. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readCatalog } from '../../src/effects/catalog.ts';
import { restoreRecords } from '../../src/effects/sessionrecord.ts';
import type { FileChange } from '../../src/protocol/touch.ts';
import { recordAfter } from '../../src/runner/audit.ts';
import type { AuditedSession } from '../../src/runner/auditgates.ts';
import { gateCaseOf } from '../../src/runner/gatecase.ts';
import { runGates } from '../../src/runner/gates.ts';
import { configurationLeft, guardedFindings, runGuarded } from '../../src/runner/guard.ts';
import { noteClaim, readTrees } from '../../src/runner/roundtrees.ts';
import { isolated, removeIsolated } from '../rig/isolated.ts';
import { sealedManifest } from '../rig/manifest.ts';

const folders: string[] = [];
afterEach(() => {
  removeIsolated();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const gates = 'coordination/state/gates.yaml';
const weaker = 'gates:\n  tests: { off: true }\n';
const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
const made: FileChange = { path: gates, before: null, after: digest(weaker) };

const manifest = sealedManifest({ writable: ['**'] });

type Place = {
  readonly put: (path: string, text: string) => void;
  readonly root: string;
  readonly of: (order: string) => AuditedSession;
  readonly worked: (order: string, files: readonly FileChange[], more?: object) => AuditedSession;
};

async function project(): Promise<Place> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'next-role-guard-')));
  folders.push(root);
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const sessions = join(root, '.next-role/sessions');
  const { policy } = await readCatalog(root);
  const of = (order: string): AuditedSession => ({ root, sessions, policy, round: 'R01', order });
  const worked = (order: string, files: readonly FileChange[], more: object = {}): AuditedSession => {
    const role = order.split('-')[1] ?? '';
    const folder = `.next-role/sessions/${order}`;
    put(`${folder}/manifest.json`, JSON.stringify({ ...manifest, order, role }));
    put(`${folder}/changes.json`, JSON.stringify({ files, whole: true, ...more }));
    put(`${folder}/stdout`, '{"type":"tool","tool":"Bash","target":"sh build.sh"}\n');
    return of(order);
  };
  return { root, put, of, worked };
}

const told = async (...sessions: readonly AuditedSession[]) =>
  (await guardedFindings(sessions)).map(({ severity, file }) => [severity, file]);

describe('guardedFindings()', () => {
  it('finds a session that nothing is on record of, and one whose record is no record', async () => {
    const { put, of, worked } = await project();
    const file = '.next-role/sessions/R01.1-implementer/manifest.json';
    expect(await told(of('R01.1-implementer'))).toEqual([['CRITICAL', file]]);
    worked('R01.1-implementer', []);
    put(file, '{}');
    expect(await told(of('R01.1-implementer'))).toEqual([['CRITICAL', file]]);
  });

  it('finds records that were rewritten, and nothing where all is as it was', async () => {
    const { worked } = await project();
    const file = '.next-role/sessions/R01.2-implementer/before.json';
    expect(await told(worked('R01.1-implementer', []))).toEqual([]);
    expect(await told(worked('R01.2-implementer', [], { rewritten: ['before.json'] }))).toEqual([
      ['CRITICAL', file],
    ]);
  });
});

describe('runGuarded()', () => {
  it('judges also the session beside, whatever the plan names', async () => {
    const { root, put, worked } = await project();
    put(gates, weaker);
    const session = worked('R01.1-reviewer', []);
    const beside = worked('R01.2-second-reviewer', [made]);
    const { policy } = await readCatalog(root);
    const here = { root, policy, tier: 'full', owed: [], scopes: [], reports: [], oracle: null, against: [] };
    const given = { ...here, change: 'unknown', keep: root, mark: 'x', session };
    expect(await runGuarded(given, [])).toEqual([]);
    const results = await runGuarded(given, ['write-policy'], [beside]);
    expect(results.map(({ gate, pass, findings }) => [gate, pass, findings.map(({ file }) => file)])).toEqual(
      [['write-policy', false, [gates]]],
    );
    expect(await runGuarded(given, [], [beside])).toMatchObject([{ gate: 'write-policy', pass: false }]);
  });
});

describe('configurationLeft()', () => {
  it('holds what any session of the round left, until it is put back or a human edits it', async () => {
    const place = await project();
    place.put(gates, weaker);
    place.worked('R01.1-implementer', [made]);
    place.worked('R01.2-reviewer', []);
    expect(await configurationLeft(place.of(''), 'R01')).toEqual([gates]);
    expect(await configurationLeft(place.of(''), 'R02')).toEqual([]);
    place.put(gates, `# I want it so.\n${weaker}`);
    expect(await configurationLeft(place.of(''), 'R01')).toEqual([]);
    rmSync(join(place.root, gates));
    expect(await configurationLeft(place.of(''), 'R01')).toEqual([]);
  });
});

describe('a session in a copy', () => {
  it('is found and held by what it left in the settings of the project itself', async () => {
    const at = await isolated({ 'src/a.ts': 'a\n' });
    writeFileSync(join(at.folder, 'stdout'), '{"type":"tool","tool":"Bash","target":"sh build.sh"}\n');
    at.byHand(gates, weaker);
    await recordAfter(at.project.root, at.folder, new Map());
    const { policy } = await readCatalog(at.project.root);
    const { id: order, round } = at.order;
    const place = { root: at.project.root, sessions: dirname(at.folder), policy };
    expect(await told({ ...place, round, order })).toEqual([['CRITICAL', gates]]);
    expect(await configurationLeft(place, round)).toEqual([gates]);
  });
});

describe('a round whose start was taken away', () => {
  it('is red in the gates that compare with it, and does not begin anew', async () => {
    const at = await isolated({ 'src/a.ts': 'a\n' });
    execFileSync('git', ['init', '-q'], { cwd: at.project.root });
    const { policy } = await readCatalog(at.project.root);
    const names = ['anti-scope', 'weakened-tests', 'self-confirming-tests'] as const;
    const red = async () =>
      (await runGates(await gateCaseOf({ project: at.project, policy }, at.order), names)).filter(
        ({ pass }) => !pass,
      );
    await noteClaim(at.project, at.order);
    const start = (await readTrees(at.project, at.order.round))?.start;
    const kept = JSON.parse(readFileSync(join(at.folder, 'manifest.json'), 'utf8')) as object;
    writeFileSync(join(at.folder, 'manifest.json'), JSON.stringify({ ...kept, start }));
    expect(await red()).toEqual([]);
    rmSync(join(at.project.own, 'trees'), { recursive: true });
    expect((await red()).map(({ gate }) => gate)).toEqual(names);
    await noteClaim(at.project, { ...at.order, id: `${at.order.id}x` });
    expect((await red()).map(({ gate }) => gate)).toEqual(names);
  });
});

describe('restoreRecords()', () => {
  it('puts back what was changed, removed or replaced by a folder, and takes away what was made', async () => {
    const { root, put } = await project();
    const records = { 'manifest.json': 'm', 'before.json': 'b', same: 's' };
    put('s/manifest.json/x', 'in the way');
    put('s/same', 's');
    put('s/changes.json', '{"files":[],"whole":true}');
    const names = ['manifest.json', 'before.json', 'changes.json'];
    expect(await restoreRecords(join(root, 's'), records, 'changes.json')).toEqual(names);
    for (const [name, text] of Object.entries(records))
      expect(readFileSync(join(root, 's', name), 'utf8')).toBe(text);
    expect(await restoreRecords(join(root, 's'), records, 'changes.json')).toEqual([]);
  });
});
