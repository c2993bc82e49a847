import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Ledger } from '../../src/domain/receipt.ts';
import { digestText } from '../../src/effects/files.ts';
import { sessionFolder } from '../../src/effects/sessionfolder.ts';
import { findProject } from '../../src/effects/project.ts';
import { readPrices } from '../../src/protocol/prices.ts';
import type { ReceiptInputs } from '../../src/protocol/receipt.ts';
import { readInputs } from '../../src/runner/inputs.ts';
import { textOf } from '../docs/page.ts';
import { ended } from '../rig/facts.ts';
import { projectWith, removeFolders } from '../rig/project.ts';
import { multichat, receiptOfShape } from '../rig/shapes.ts';

afterAll(removeFolders);

const sheet = readPrices([{ path: 'state/prices.yaml', text: textOf('state/prices.yaml') }]).sheet;
const ids = receiptOfShape(multichat, sheet).sessions.map(({ order, role }) => ({ order, role }));

/** What is read of a round whose sessions were offered these files; null is a session without a manifest. */
async function inputsOf(
  offered: readonly (Readonly<Record<string, string>> | null)[],
): Promise<ReceiptInputs> {
  const root = projectWith();
  const project = await findProject(root);
  if (project === null) throw new Error('no project');
  const work = offered.map((files, at): Ledger['work'][number] => {
    const { order: id, role } = ids[at] ?? { order: `R01.${at}`, role: 'architect' };
    const folder = sessionFolder(`${project.own}/sessions`, id);
    mkdirSync(folder, { recursive: true });
    const paths = Object.entries(files ?? {}).map(([path, text]) => ({ path, sha256: digestText(text) }));
    const text = files === null ? '{"offe' : JSON.stringify({ offered: paths });
    writeFileSync(join(folder, 'manifest.json'), text);
    const order = { id, round: 'R01', tier: 'full', role } as Ledger['work'][number]['order'];
    return { order, ended: ended(id) };
  });
  const gates = { runs: 0, failed: 0, findings: 0 };
  return readInputs(project, { round: 'R01', work, ordered: work.length, gates });
}

const spec = 'coordination/specs/Q-R01-SPEC.md';
const prd = 'coordination/PRD.md';

it('readInputs() gives the digests of PRD and spec as they were first offered, so that one byte shows', async () => {
  const one = await inputsOf([{ [prd]: 'wanted' }, { [spec]: 'Goal: a' }, { [spec]: 'Goal: changed later' }]);
  const other = await inputsOf([{ [prd]: 'wanted' }, { [spec]: 'Goal: b' }]);
  expect(one).toMatchObject({ tier: 'full', prd: digestText('wanted'), spec: digestText('Goal: a') });
  expect(other.prd).toBe(one.prd);
  expect(other.spec).not.toBe(one.spec);
});

it('readInputs() tells a spec that nobody was offered from one that nobody knows', async () => {
  expect((await inputsOf([{ [prd]: 'wanted' }])).spec).toBe('none');
  expect(await inputsOf([{ [prd]: 'wanted' }, null])).toMatchObject({
    prd: digestText('wanted'),
    spec: null,
  });
});
