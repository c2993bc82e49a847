/**
 * Holds what docs/SPEC.md says of answers to the code: which edits answer a question and which words are too old for it,
 * where the round resumes, and how decisions are filed. The decision files are real ones, outside a git repository.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { MachineState } from '../../src/domain/machine.ts';
import { digestOf } from '../../src/effects/files.ts';
import { projectAt } from '../../src/effects/project.ts';
import type { Effect, MachineEvent } from '../../src/protocol/event.ts';
import type { HandoffFacts, Status } from '../../src/protocol/handoff.ts';
import type { Unstamped } from '../../src/protocol/notice.ts';
import type { Policy } from '../../src/protocol/policy.ts';
import { decisionText } from '../../src/runner/decision.ts';
import { createHands } from '../../src/runner/hands.ts';
import { openRound } from '../../src/runner/open.ts';
import { ended, facts, question, read, settled } from '../rig/facts.ts';
import { coded, section, table } from './page.ts';
import { plain, play, policyWith } from './play.ts';

const asking = (more: Partial<HandoffFacts> = {}): HandoffFacts =>
  facts({ role: 'implementer', status: 'ESCALATE', escalation: question, ...more });
const open = play([read(asking())]);

/** The verdict on an edit while the question is open. */
function answering(edit: Partial<HandoffFacts>, from: MachineState = open): unknown {
  return play([read(asking(edit), { digest: 'edited' })], plain, from).context.verdict;
}

describe('the answers of docs/SPEC.md', () => {
  const rows = table('way', section('Answers'));
  const going = ['READY', 'MERGE-READY'] as const;
  /** The edits of each row of the table, in its order; null for the way without an edit. */
  const edits: readonly (readonly Partial<HandoffFacts>[] | null)[] = [
    [{ answer: 'b' }],
    going.map((status) => ({ status, answer: 'B' })),
    going.flatMap((status) => [
      { status, note: 'n' },
      { status, note: 'n', operatorDecision: 'new' },
    ]),
    going.map((status) => ({ status, operatorDecision: 'new' })),
    going.map((status) => ({ status })),
    null,
  ];

  it('are told apart by the words in the decision file', () => {
    expect(rows).toHaveLength(edits.length);
    rows.forEach(([way = '', via], at) => {
      for (const edit of edits[at] ?? []) {
        expect(answering(edit), way).toMatchObject({
          type: 'write',
          decision: { answer: { via: coded(via)[0] } },
        });
      }
    });
  });

  it('are taken by default only where all that the table names is there', () => {
    const deadline = '2026-11-23T09:00:00Z';
    const allowed = policyWith({ allowDefaults: true });
    const taken = (policy: Policy, more: object): boolean => {
      const escalation = { ...question, default: 'A', deadline, ...more };
      const late: MachineEvent = { type: 'TICK', at: Date.parse(deadline) };
      return play([read(asking({ escalation })), late], policy).value === 'writing';
    };
    expect(taken(allowed, {})).toBe(true);
    expect(taken(plain, {})).toBe(false);
    expect(taken(allowed, { default: 'Z' })).toBe(false);
    expect(taken(allowed, { deadline: 'tomorrow' })).toBe(false);
    const escalation = { ...question, default: 'A', deadline };
    for (const status of ['PAUSED', 'BLOCKED'] as const) {
      const over = read(asking({ escalation, status }), { digest: status });
      const late: MachineEvent = { type: 'TICK', at: Date.parse(deadline) };
      expect(play([read(asking({ escalation })), over, late], allowed).value, status).toBe('parked');
    }
  });

  it('do not hold words that stood there when a session asked, nor those of the last answer', () => {
    const working = play([
      read(facts({ role: 'implementer' })),
      { type: 'CLAIMED', at: 2_000, digest: 'c', baseline: {} },
    ]);
    const order = working.context.order?.id ?? '';
    const old = { operatorDecision: 'old' };
    const asked = play(
      [ended(order), settled(asking(old)), { type: 'WRITTEN', at: 6_000, digest: 'w', commit: null }],
      plain,
      working,
    );
    const parked = play([read(asking(old), { digest: 'w' })], plain, asked);
    expect(answering({ ...old, status: 'READY' }, parked)).toMatchObject({
      decision: { answer: { via: 'ready-without-answer', words: null } },
    });
    expect(answering({ ...old, answer: 'A' }, parked)).toMatchObject({
      decision: { answer: { words: null } },
    });
    const used = play(
      [
        read(asking({ status: 'READY', operatorDecision: 'new' }), { digest: 'e1' }),
        { type: 'WRITTEN', at: 7_000, digest: 'e2', commit: null },
        read(asking({ operatorDecision: 'new' }), { digest: 'e3' }),
      ],
      plain,
      parked,
    );
    expect(answering({ status: 'READY', operatorDecision: 'new' }, used)).toMatchObject({
      decision: { answer: { via: 'ready-without-answer', words: null } },
    });
  });

  it('that are stale stay refused until the letter or the note changes', () => {
    const changed = { ...question, question: 'Which one rules now?' };
    const saved = (digest: string, more: Partial<HandoffFacts>, from: MachineState): MachineState =>
      play([read(asking({ escalation: changed, ...more }), { digest, question: 'q2' })], plain, from);
    const stale = saved('s1', { answer: 'A' }, open);
    const again = saved('s2', { answer: 'A', inputs: ['coordination/PRD.md'] }, stale);
    expect([stale.value, again.value]).toEqual(['parked', 'parked']);
    expect(saved('s3', { answer: 'A', note: 'yes' }, again).value).toBe('writing');
    expect(saved('s3', { answer: 'B' }, again).value).toBe('writing');
    expect(saved('s4', { answer: 'A' }, saved('s3', {}, again)).value).toBe('writing');
    expect(answering({ answer: 'A' }, again)).toMatchObject({ type: 'write' });
  });

  it('resume where the list says: the role READY names, the letter of the runner’s question, the role that asked', () => {
    const claimed = [
      read(facts({ role: 'implementer' })),
      { type: 'CLAIMED', at: 2_000, digest: 'c', baseline: {} } as const,
    ];
    const id = play(claimed).context.order?.id ?? '';
    const lost = [ended(id, { type: 'lost' }), settled(facts({ role: 'implementer', status: 'WORKING' }))];
    const broken = play([...claimed, ...lost]);
    const own = broken.context.verdict.type === 'write' ? broken.context.verdict.question : null;
    const runners = play(
      [
        { type: 'WRITTEN', at: 6_000, digest: 'w', commit: null },
        read(asking({ escalation: own?.escalation ?? null }), { digest: 'w' }),
      ],
      plain,
      broken,
    );
    const escalation = own?.escalation ?? null;
    const leads = (edit: Partial<HandoffFacts>, from?: MachineState): unknown => {
      const verdict = answering(edit, from) as { change?: Readonly<Record<string, string | null>> };
      return verdict.change?.['next-role'] ?? verdict.change?.['status'];
    };
    expect(leads({ status: 'READY', role: 'architect', answer: 'A' })).toBe('architect');
    expect(leads({ status: 'READY', role: 'architect', answer: 'C', escalation }, runners)).toBe('architect');
    expect(leads({ role: 'architect', answer: 'A' })).toBe('implementer');
    expect(leads({ status: 'MERGE-READY', role: 'memorial' })).toBe('implementer');
    expect(leads({ status: 'READY', role: 'human' })).toBe('implementer');
    expect(leads({ status: 'READY', role: null })).toBe('implementer');
    expect(leads({ answer: 'B', escalation }, runners)).toBe('reviewer');
    expect(leads({ answer: 'C', escalation }, runners)).toBe('BLOCKED');
    expect(escalation).not.toBeNull();
    const reworded = { ...(escalation ?? question), question: 'What now?' };
    const other = { ...reworded, options: reworded.options.map((one) => ({ ...one, do: 'Ask me' })) };
    expect(leads({ status: 'READY', answer: 'B', escalation: reworded }, runners)).toBe('reviewer');
    expect(leads({ status: 'READY', answer: 'B', escalation: other }, runners)).toBe('implementer');
  });

  it('are waited for under every status but those that the section names', () => {
    const kept = (status: Status | null): boolean =>
      play([read(asking({ status }), { digest: 'x' })], plain, open).context.question !== null;
    expect((['PAUSED', 'BLOCKED', 'WAVE-PLAN-READY', 'WORKING', null] as const).map(kept)).not.toContain(
      false,
    );
    expect((['ROUND-COMPLETE', 'WAVE-COMPLETE'] as const).map(kept)).not.toContain(true);
  });
});

describe('a decision file by docs/SPEC.md', () => {
  const folders: string[] = [];
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  /** Answers a question twice under one id; a real folder, outside a git repository. */
  async function answerTwice(
    words: readonly string[],
  ): Promise<{ text: string; said: readonly Unstamped[] }> {
    const root = mkdtempSync(join(tmpdir(), 'next-role-decision-'));
    folders.push(root);
    mkdirSync(join(root, 'coordination'));
    const handoff = join(root, 'coordination/NEXT-ROLE.md');
    const project = await projectAt(root);
    if (project === null) throw new Error('the project was not found');
    const said: Unstamped[] = [];
    const say = (notice: Unstamped): void => void said.push(notice);
    writeFileSync(handoff, 'CURRENT-ROUND: R07\nNEXT-ROLE: implementer\nSTATUS: ESCALATE\n');
    const opened = await openRound(project, { say, now: () => 1 });
    if (opened.type !== 'open') throw new Error(opened.type);
    said.length = 0;
    const path = 'coordination/decisions/D-Q.md';
    for (const one of words) {
      writeFileSync(handoff, 'CURRENT-ROUND: R07\nNEXT-ROLE: implementer\nSTATUS: ESCALATE\n');
      const effect: Effect = {
        kind: 'write',
        expect: (await digestOf(handoff)) ?? '',
        change: { status: 'READY' },
        escalation: null,
        decision: decisionOf(path, one),
        commit: 'Q answered',
      };
      const event = await new Promise<MachineEvent>((push) => {
        createHands(opened.round, { push, say, now: () => 1, self: [] }).perform(effect);
      });
      expect(event).toMatchObject({ type: 'WRITTEN', commit: null });
    }
    await opened.round.close();
    return { text: readFileSync(join(root, path), 'utf8'), said };
  }

  function decisionOf(path: string, words: string) {
    const answer = { escalationId: 'Q', choice: null, words, via: 'section' } as const;
    return { path, role: 'implementer', question: 'Which?', options: [], answer, chosen: '' };
  }

  it('keeps an earlier answer above a newer one, and the same answer once', async () => {
    const { text } = await answerTwice(['first', 'second', 'second']);
    const path = 'coordination/decisions/D-Q.md';
    expect(text).toBe(
      `${decisionText(decisionOf(path, 'first'))}\n${decisionText(decisionOf(path, 'second'))}`,
    );
  });

  it('is committed nowhere outside a git repository, and nothing is said about it', async () => {
    const { said } = await answerTwice(['only']);
    expect(said).toEqual([]);
  });

  it('has an id of its own within the round, counted over all its questions', () => {
    const written = { ...question, id: 'Q' };
    const once = play([
      read(asking({ escalation: written })),
      read(asking({ escalation: written, answer: 'A' }), { digest: 'd2' }),
      { type: 'WRITTEN', at: 3_000, digest: 'd3', commit: null },
    ]);
    const again = (escalation: typeof question, role: string): string | undefined =>
      play([read(asking({ role, escalation }), { digest: 'd4' })], plain, once).context.question?.id;
    expect(again(written, 'implementer')).toBe('R01-implementer-2');
    expect(again(question, 'reviewer')).toBe('R01-reviewer-2');
    expect(again({ ...question, id: 'P' }, 'reviewer')).toBe('P');
  });
});
