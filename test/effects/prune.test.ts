import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bootId, startTimeOf } from '../../src/effects/boot.ts';
import { pruneSessions } from '../../src/effects/prune.ts';

let sessions: string;
beforeEach(() => {
  sessions = mkdtempSync(join(tmpdir(), 'nr-prune-'));
});
afterEach(() => {
  rmSync(sessions, { recursive: true, force: true });
});

/** A session folder of a round, changed at a time. */
function session(
  round: string,
  name: string,
  changedAt: number,
  files: Readonly<Record<string, string>> = {},
): void {
  const folder = join(sessions, name);
  mkdirSync(folder, { recursive: true });
  const all = { 'order.json': JSON.stringify({ round }), stdout: 'words\n', ...files };
  for (const [file, text] of Object.entries(all)) writeFileSync(join(folder, file), text);
  utimesSync(folder, changedAt, changedAt);
}

describe('pruneSessions()', () => {
  it('keeps every session of the newest rounds and removes those of older ones', async () => {
    for (let round = 1; round <= 6; round += 1) {
      for (const role of ['architect', 'reviewer']) session(`R${round}`, `R${round}.1-${role}-x`, round);
    }
    expect(await pruneSessions(sessions, 2, 1)).toBe(8);
    expect(readdirSync(sessions).sort()).toEqual(
      ['R5', 'R6'].flatMap((round) => [`${round}.1-architect-x`, `${round}.1-reviewer-x`]),
    );
    expect(await pruneSessions(sessions, 2, 1)).toBe(0);
  });

  it('counts a round by its newest session, and reads its name where the order is not whole', async () => {
    session('R1', 'R1.1-architect-x', 1);
    session('R1', 'R1.2-reviewer-x', 9);
    session('R2', 'R2.1-architect-x', 5, { 'order.json': '{"rou' });
    session('R3', 'R3.1-architect-x', 7, { 'order.json': '[]' });
    expect(await pruneSessions(sessions, 2, 1)).toBe(1);
    expect(readdirSync(sessions).sort()).toEqual(['R1.1-architect-x', 'R1.2-reviewer-x', 'R3.1-architect-x']);
  });

  it('leaves a session alone that still runs', async () => {
    const claim = { pid: process.pid, startTime: startTimeOf(process.pid) ?? '', bootId: bootId() };
    session('R1', 'R1.1-architect-x', 1, { claim: JSON.stringify(claim) });
    session('R2', 'R2.1-architect-x', 2, { claim: JSON.stringify({ ...claim, startTime: '1' }) });
    session('R3', 'R3.1-architect-x', 3);
    expect(await pruneSessions(sessions, 1, 1)).toBe(1);
    expect(readdirSync(sessions).sort()).toEqual(['R1.1-architect-x', 'R3.1-architect-x']);
  });

  it('lets some rounds come together before it looks at each, and then removes all but the newest', async () => {
    for (let round = 1; round <= 4; round += 1)
      session(`R${round}.1-x`, `R${round}.1-x.1-architect-y`, round);
    expect(await pruneSessions(sessions, 2, 3)).toBe(0);
    session('R5.1-x', 'R5.1-x.1-architect-y', 5);
    expect(await pruneSessions(sessions, 2, 3)).toBe(3);
    expect(readdirSync(sessions).sort()).toEqual(['R4.1-x.1-architect-y', 'R5.1-x.1-architect-y']);
  });

  it('has nothing to do in a project without sessions', async () => {
    expect(await pruneSessions(join(sessions, 'none'))).toBe(0);
  });
});
