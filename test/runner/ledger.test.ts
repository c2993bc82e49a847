import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openJournal } from '../../src/effects/journal.ts';
import type { JournalEntry } from '../../src/protocol/journal.ts';
import { journalPath, type Project } from '../../src/protocol/project.ts';
import { readLedgers, runningLedger, type RunningLedger } from '../../src/runner/ledger.ts';

let root: string;
let project: Project;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'next-role-ledger-'));
  const handoffName = 'coordination/NEXT-ROLE.md';
  project = { root, handoffName, handoff: join(root, handoffName), own: join(root, '.next-role') };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** What a session leaves in the journal, as far as a ledger reads it. */
function session(round: string, n: number): readonly JournalEntry[] {
  const order = { id: `${round}.${n}-one`, round, role: 'one', tier: 'solo' };
  const entry = (event: object, effects: readonly object[]): JournalEntry =>
    ({
      event,
      state: { version: '2', value: 'working', context: { n } },
      effects,
    }) as unknown as JournalEntry;
  return [
    entry({ type: 'CLAIMED', at: n }, [{ kind: 'dispatch', order }]),
    entry({ type: 'ENDED', at: n, order: order.id }, [{ kind: 'settle', order }]),
    entry({ type: 'READ', at: n }, [{ kind: 'read' }]),
  ];
}

/** Works sessions as a run does: each decision into the journal, and to the ledger. */
function work(ledger: RunningLedger | null, ...sessions: readonly (readonly JournalEntry[])[]): void {
  const journal = openJournal(journalPath(project));
  journal.load();
  for (const entry of sessions.flat()) {
    journal.append(entry);
    ledger?.take(entry);
  }
  journal.close();
}

const whole = (round: string) => readLedgers(project).find((each) => each.round === round) ?? null;

it('knows a round that was worked in this run without reading the journal', () => {
  const ledger = runningLedger(project, true);
  work(ledger, session('R01', 1), session('R01', 2), session('R02', 1));
  const known = whole('R02');
  rmSync(journalPath(project));
  expect(ledger.of('R02')).toEqual(known);
  expect(known?.work).toHaveLength(1);
});

it('knows all of a round that began in an earlier run, or was worked before another one', () => {
  work(null, session('R01', 1), session('R02', 1));
  const ledger = runningLedger(project, false);
  work(ledger, session('R02', 2), session('R03', 1));
  expect(ledger.of('R03')).toEqual(whole('R03'));
  work(ledger, session('R02', 3));
  expect(ledger.of('R02')).toEqual(whole('R02'));
  expect(ledger.of('R02')?.work).toHaveLength(3);
  expect(ledger.of('R09')).toBeNull();
});

it('reads the journal once for a round that is new in a project that is not', () => {
  work(null, session('R01', 1));
  const ledger = runningLedger(project, false);
  work(ledger, session('R02', 1));
  const known = ledger.of('R02');
  rmSync(journalPath(project));
  expect(ledger.of('R02')).toEqual(known);
});
