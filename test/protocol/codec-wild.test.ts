/**
 * The words of real projects: every status, role and tier spelling that was seen in the files of the original method,
 * in both dialects. What is not known must park with its text kept, never run on.
 */
import { describe, expect, it } from 'vitest';
import { decode } from '../../src/protocol/codec.ts';
import type { Handoff } from '../../src/protocol/handoff.ts';

const quoted = (value: string): string => JSON.stringify(value);

/** The same header in both dialects. */
function both(role: string, status: string, tier = 'full'): readonly string[] {
  return [
    `---\nround: R1\nnext-role: ${quoted(role)}\nstatus: ${quoted(status)}\ntier: ${quoted(tier)}\n---\n`,
    `CURRENT-ROUND: R1\nNEXT-ROLE: ${role}\nSTATUS: ${status}\nTIER: ${tier}\n\nSTATUS: BLOCKED\n`,
  ];
}

function handoffsOf(
  texts: readonly string[],
  known?: Parameters<typeof decode>[1],
): readonly (Handoff | null)[] {
  return texts.map((text) => decode(text, known).handoff);
}

describe('statuses as they were seen', () => {
  it.each([
    ['READY', 'READY', null],
    ['ready', 'READY', null],
    ['READY (resumed; see decision B)', 'READY', 'resumed; see decision B'],
    ['**READY**', 'READY', null],
    ['`ESCALATE`', 'ESCALATE', null],
    ['ESCALATE — verifier is wrong', 'ESCALATE', 'verifier is wrong'],
    ['**ESCALATE — verifier is wrong**', 'ESCALATE', 'verifier is wrong'],
    ['MERGE-READY', 'MERGE-READY', null],
    ['MERGE_READY', 'MERGE-READY', null],
    ['Merge ready; two notes', 'MERGE-READY', 'two notes'],
    ['ROUND-COMPLETE', 'ROUND-COMPLETE', null],
    ['BLOCKED', 'BLOCKED', null],
    ['PAUSED', 'PAUSED', null],
    ['WORKING', 'WORKING', null],
    ['WAVE-PLAN-READY', 'WAVE-PLAN-READY', null],
    ['WAVE-GATE-READY', 'WAVE-GATE-READY', null],
    ['WAVE-COMPLETE', 'WAVE-COMPLETE', null],
  ])('%s is understood', (written, status, statusNote) => {
    for (const handoff of handoffsOf(both('REVIEWER', written))) {
      expect(handoff).toMatchObject({ status, statusNote, statusText: written, role: 'reviewer' });
    }
  });

  it.each([
    ['MERGE-READY-AFTER-COORDINATION-CHORE', null],
    ['PHASE-1-CLOSED — all gates green; HARD STOP', 'all gates green; HARD STOP'],
    ['PHASE-2-SLICE-1-CLOSED — done; HARD STOP', 'done; HARD STOP'],
    ['RUNNING', null],
    ['DONE', null],
    ['READY-FOR-LUNCH', null],
    ['READYISH', null],
    ['—', null],
  ])('%s parks with its text and one warning', (written, statusNote) => {
    for (const text of both('REVIEWER', written)) {
      const { handoff, diagnostics } = decode(text);
      expect(handoff).toMatchObject({ status: null, statusText: written, statusNote, role: 'reviewer' });
      expect(diagnostics.map(({ code, severity }) => `${code} ${severity}`)).toEqual([
        'status-unknown warning',
      ]);
      expect(diagnostics[0]?.message).toContain(written);
    }
  });

  it.each([
    ['READY-FOR-REVIEWER', 'reviewer'],
    ['ready-for-implementer', 'implementer'],
    ['READY_FOR_MEMORIAL_UPDATER', 'memorial'],
    ['READY-FOR-MEMORIAL-UPDATER', 'memorial'],
    ['READY-FOR-OPERATOR', 'human'],
    ['READY-FOR-SCRIBE', 'scribe'],
  ])('%s is READY for %s', (written, role) => {
    for (const next of ['', role.toUpperCase()]) {
      const texts = both(next, written);
      for (const text of texts) {
        const { handoff, diagnostics } = decode(text, { roles: ['scribe'] });
        expect(handoff).toMatchObject({ status: 'READY', role });
        expect(diagnostics).toEqual([]);
      }
    }
  });

  it('READY-FOR- another role than the next role follows the status, with a warning', () => {
    for (const text of both('IMPLEMENTER', 'READY-FOR-REVIEWER')) {
      const { handoff, diagnostics } = decode(text);
      expect(handoff).toMatchObject({ status: 'READY', role: 'reviewer', roleText: 'IMPLEMENTER' });
      expect(diagnostics.map(({ severity }) => severity)).toEqual(['warning']);
    }
  });
});

describe('roles as they were seen', () => {
  it.each([
    ['ARCHITECT', 'architect', null],
    ['Implementer', 'implementer', null],
    ['reviewer.', 'reviewer', null],
    ['MEMORIAL-UPDATER', 'memorial', null],
    ['MEMORIAL', 'memorial', null],
    ['memorial_updater', 'memorial', null],
    ['COORDINATOR', 'coordinator', null],
    ['OPERATOR', 'human', null],
    ['OPERATOR (wave-plan review)', 'human', 'wave-plan review'],
    ['HUMAN', 'human', null],
    ['(operator decision)', 'human', null],
    ['(operator decision — R08 ARCHITECT or stop)', 'human', 'R08 ARCHITECT or stop'],
    ['(operator decision) = R08 plan', 'human', 'R08 plan'],
    ['OPERATOR DECISION: pick A', 'human', 'pick A'],
    ['IMPLEMENTER (fix-up; R61 = B)', 'implementer', 'fix-up; R61 = B'],
    ['IMPLEMENTER; then REVIEWER', 'implementer', 'then REVIEWER'],
    ['REVIEWER — cold, see R14a', 'reviewer', 'cold, see R14a'],
    ['REVIEWER—cold', 'reviewer', 'cold'],
    ['REVIEWER = second pass', 'reviewer', 'second pass'],
    ['**REVIEWER** (structural only)', 'reviewer', 'structural only'],
    ['`REVIEWER`', 'reviewer', null],
    ['REVIEWER (a) and (b)', 'reviewer', '(a) and (b)'],
    ['REVIEWER-OPUS', 'reviewer', null],
    ['REVIEWER-SONNET', 'reviewer', null],
    ['REVIEWER-MERGE', 'reviewer', null],
    ['COORDINATOR-WAVE-GATE', 'coordinator', null],
    ['sEcUrItY-AuDiToR, please', 'security-auditor', 'please'],
  ])('%s is understood', (written, role, roleNote) => {
    for (const text of both(written, 'READY')) {
      const { handoff, diagnostics } = decode(text, { roles: ['security-auditor'] });
      expect(handoff).toMatchObject({ role, roleNote, roleText: written });
      expect(diagnostics).toEqual([]);
    }
  });

  it.each(['PM', 'TPM', 'SECURITY-AUDITOR', 'REVIEWERS', 'REVIEWER-X', 'R08'])(
    '%s is not known',
    (written) => {
      for (const text of both(written, 'READY')) {
        const { handoff, diagnostics } = decode(text);
        expect(handoff).toMatchObject({ role: null, roleText: written, status: 'READY' });
        expect(diagnostics.map(({ code, severity }) => `${code} ${severity}`)).toEqual([
          'role-unknown error',
        ]);
      }
    },
  );
});

describe('rounds and tiers as they were seen', () => {
  it.each([
    ['R14a', 'R14a'],
    ['`R07`', 'R07'],
    ['0123', '0123'],
    ['R07 (second try)', 'R07'],
    ['R07 — the retry', 'R07'],
    ['R07; see below', 'R07'],
    ['Phase 2', 'Phase 2'],
  ])('the round %s reads as %s', (written, round) => {
    const bare = `CURRENT-ROUND: ${written}\nNEXT-ROLE: HUMAN\nSTATUS: READY\n`;
    const front = `---\nround: ${quoted(written)}\nnext-role: human\nstatus: READY\n---\n`;
    for (const handoff of handoffsOf([bare, front])) expect(handoff?.round).toBe(round);
  });

  it.each(['solo', 'audit', 'full', 'coordinator', 'coordinator-wave-gate'])(
    'the tier %s is understood',
    (tier) => {
      const known = { tiers: ['solo', 'audit', 'full', 'coordinator', 'coordinator-wave-gate'] };
      for (const written of [tier, tier.toUpperCase(), `**${tier}**`, `${tier} (chosen by hand)`]) {
        for (const text of both('REVIEWER', 'READY', written)) {
          expect(decode(text, known)).toMatchObject({ handoff: { tier }, diagnostics: [] });
        }
      }
    },
  );
});
