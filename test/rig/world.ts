/**
 * A world in memory for the pure machine: a file with digests, a human, an agent that does what a stream of choices
 * says. It carries out effects as the hands would, so that random histories can be walked in microseconds. It may be
 * stopped and restored between any two steps.
 */
import { firstReviewer, seatOf, secondReviewer } from '../../src/domain/companion.ts';
import { awaitedPaths, owedPaths } from '../../src/domain/gate.ts';
import { missingOpinion } from '../../src/domain/gates/review.ts';
import type { GateResult } from '../../src/protocol/finding.ts';
import { initialState, restore, step, store, wishes, type MachineState } from '../../src/domain/machine.ts';
import { candidate } from '../../src/domain/route.ts';
import type { Effect, MachineEvent } from '../../src/protocol/event.ts';
import type { HandoffFacts } from '../../src/protocol/handoff.ts';
import type { Policy } from '../../src/protocol/policy.ts';
import type { Order, Outcome } from '../../src/protocol/session.ts';
import { facts, question } from './facts.ts';

export type AgentMove =
  | 'good'
  | 'no-artifact'
  | 'untouched'
  | 'nothing'
  | 'illegal'
  | 'malformed'
  | 'escalate'
  | 'answers-itself'
  | 'crash'
  | 'crash-after-work'
  | 'lost'
  | 'limit'
  | 'overloaded'
  | 'auth'
  | 'send-back'
  | 'untold';
export const agentMoves: readonly AgentMove[] = [
  'good',
  'no-artifact',
  'untouched',
  'nothing',
  'illegal',
  'malformed',
  'escalate',
  'answers-itself',
  'crash',
  'crash-after-work',
  'lost',
  'limit',
  'overloaded',
  'auth',
  'send-back',
  'untold',
];
export type HumanMove =
  'touch' | 'pause' | 'ready' | 'answer' | 'answer-wrong' | 'break' | 'stop' | 'restart';
export const humanMoves: readonly HumanMove[] = [
  'touch',
  'pause',
  'ready',
  'answer',
  'answer-wrong',
  'break',
  'stop',
  'restart',
];

export type World = ReturnType<typeof createWorld>;

export function createWorld(policy: Policy, agent: () => AgentMove, first: Partial<HandoffFacts> = {}) {
  let file: { version: number; handoff: HandoffFacts | null } = { version: 1, handoff: facts(first) };
  let state: MachineState = initialState();
  let todo: Effect[] = [...wishes(policy, state)];
  let now = 1_000;
  let artifacts = 0;
  /** Reports that sent work back: an input of every role, so what follows is other work than before. */
  let reports = 0;
  const log: { event: MachineEvent; state: MachineState; effects: readonly Effect[] }[] = [];
  const sessions: { order: Order; openQuestion: boolean }[] = [];
  const done = new Map<string, MachineEvent>();
  const digest = (): string => `v${file.version}`;
  const save = (handoff: HandoffFacts | null): void => void (file = { version: file.version + 1, handoff });

  function apply(event: MachineEvent): void {
    const stepped = step(policy, state, event);
    if (!stepped.changed) return;
    state = stepped.state;
    log.push({ event, state, effects: stepped.effects });
    todo = [...stepped.effects];
  }

  function readEvent(): MachineEvent {
    const { handoff } = file;
    const role = handoff === null ? null : candidate(policy, handoff);
    return {
      type: 'READ',
      at: now,
      digest: digest(),
      handoff,
      problems: [],
      dispatchId: role === null ? null : `${handoff?.round ?? ''}/${role}/${reports}`,
      question: handoff?.escalation ? 'q' : null,
      words: null,
      routing: null,
    };
  }

  function work(order: Order): MachineEvent {
    const known = done.get(order.id);
    if (known !== undefined) return known;
    sessions.push({ order, openQuestion: state.context.question !== null });
    const move = agent();
    const before = file.handoff ?? facts();
    const tier = policy.tiers[order.tier]!;
    const next = tier.roles[tier.roles.indexOf(order.role) + 1] ?? 'human';
    const propose = (more: Partial<HandoffFacts>): void => save({ ...before, ...more });
    const ok = next === 'human' ? 'ROUND-COMPLETE' : 'READY';
    let outcome: Outcome = { type: 'done' };
    const finish = (): void => {
      artifacts += 1;
      propose({ role: next, roleText: next, status: ok, statusText: ok });
    };
    switch (move) {
      case 'good':
      case 'untold':
        finish();
        break;
      case 'send-back':
        artifacts += 1;
        reports += 1;
        propose({ role: 'implementer', roleText: 'implementer', status: 'READY', statusText: 'READY' });
        break;
      case 'no-artifact':
        propose({ role: next, roleText: next, status: ok, statusText: ok });
        break;
      case 'untouched':
        artifacts += 1;
        break;
      case 'nothing':
        break;
      case 'illegal':
        artifacts += 1;
        propose({ role: 'memorial', roleText: 'memorial', status: 'READY', statusText: 'READY' });
        break;
      case 'malformed':
        artifacts += 1;
        save(null);
        break;
      case 'escalate':
        propose({ status: 'ESCALATE', statusText: 'ESCALATE', escalation: question });
        break;
      case 'answers-itself':
        propose({ status: 'ESCALATE', statusText: 'ESCALATE', escalation: question, answer: 'A' });
        break;
      case 'crash':
        outcome = { type: 'failed', class: 'crashed', message: 'exit 1', resetsAt: null };
        break;
      case 'crash-after-work':
        finish();
        outcome = { type: 'failed', class: 'crashed', message: 'exit 1', resetsAt: null };
        break;
      case 'lost':
        outcome = { type: 'lost' };
        break;
      case 'limit':
        outcome = { type: 'failed', class: 'rate-limited', message: 'limit', resetsAt: now + 5_000 };
        break;
      case 'overloaded':
        outcome = { type: 'failed', class: 'overloaded', message: 'busy', resetsAt: null };
        break;
      case 'auth':
        outcome = { type: 'failed', class: 'auth', message: 'bad key', resetsAt: null };
        break;
    }
    const event: MachineEvent = {
      type: 'ENDED',
      at: now,
      order: order.id,
      outcome,
      ms: 1,
      tools: 1,
      denied: [],
      model: null,
      costUsd: null,
      usage: null,
      promptBytes: 0,
      priced: { microUsd: null, prices: 'test' },
      sessionId: null,
      said: null,
      leftovers: 0,
    };
    done.set(order.id, event);
    // It has ended, and a hand fails before that is told.
    if (move === 'untold')
      return { type: 'FAILED', at: now, doing: 'dispatch', message: 'The disk is full', ran: true };
    return event;
  }

  /** Of a review for which a second opinion was asked, whether one is there is as good as the agents are. */
  function gatesOf(order: Order): readonly GateResult[] {
    const second = owedPaths(policy, { ...order, role: secondReviewer });
    const isAsked = second.some((path) => Object.hasOwn(state.context.round?.baseline ?? {}, path));
    if (seatOf(order).role !== firstReviewer || !isAsked || agent() === 'good') return [];
    const findings = [missingOpinion(secondReviewer, [])];
    return [{ gate: 'review', pass: true, ms: 1, findings, note: null }];
  }

  function write(change: Readonly<Record<string, string | null>>, expect: string): MachineEvent {
    const { handoff } = file;
    if (handoff === null) return { type: 'FAILED', at: now, doing: 'write', message: 'unreadable' };
    const after: HandoffFacts = {
      ...handoff,
      ...(change['status'] == null
        ? {}
        : { status: change['status'] as HandoffFacts['status'], statusText: change['status'] }),
      ...(change['next-role'] == null ? {} : { role: change['next-role'], roleText: change['next-role'] }),
      ...(change['escalation'] === null ? { escalation: null } : {}),
      ...(change['answer'] === null ? { answer: null } : {}),
      ...('dispatch' in change ? { dispatch: change['dispatch'] ?? null } : {}),
    };
    if (JSON.stringify(after) === JSON.stringify(handoff))
      return { type: 'WRITTEN', at: now, digest: digest(), commit: null };
    if (digest() !== expect) return { type: 'LOST', at: now };
    save(after);
    return { type: 'WRITTEN', at: now, digest: digest(), commit: null };
  }

  function carryOut(effect: Effect): MachineEvent | null {
    now += 10;
    switch (effect.kind) {
      case 'read':
        return readEvent();
      case 'claim': {
        const { order } = effect;
        const ours = file.handoff?.status === 'WORKING' && file.handoff.dispatch === order.id;
        const written = ours
          ? null
          : write({ status: 'WORKING', 'next-role': order.role, dispatch: order.id }, effect.expect);
        if (written !== null && written.type !== 'WRITTEN') return written;
        const baseline = Object.fromEntries(
          awaitedPaths(policy, order).map((path) => [path, `a${artifacts}`]),
        );
        return { type: 'CLAIMED', at: now, digest: digest(), baseline };
      }
      case 'dispatch':
        return work(effect.order);
      case 'stop':
        return null;
      case 'settle': {
        const baseline = state.context.round?.baseline ?? {};
        const { handoff } = file;
        return {
          type: 'SETTLED',
          at: now,
          digest: digest(),
          handoff,
          problems: [],
          artifacts: owedPaths(policy, effect.order).map((path) => ({
            path,
            present: artifacts > 0,
            changed: baseline[path] !== `a${artifacts}`,
          })),
          question: handoff?.escalation ? 'q' : null,
          words: null,
        };
      }
      case 'gate':
        return { type: 'GATED', at: now, gates: gatesOf(effect.order) };
      case 'write': {
        const event = write(effect.change, effect.expect);
        if (event.type === 'WRITTEN' && effect.escalation !== null && file.handoff !== null) {
          file = { ...file, handoff: { ...file.handoff, escalation: effect.escalation } };
        }
        return event;
      }
      case 'share':
        return null;
      case 'wake':
        now = Math.max(now, effect.at);
        return { type: 'TICK', at: now };
    }
  }

  return {
    get state() {
      return state;
    },
    get file() {
      return file;
    },
    log,
    sessions,
    /** Carries out the next wanted effect; false when there is nothing to do. */
    act(): boolean {
      // Telling others of a limit brings no event, so a restart wishes it again: it counts as no act of its own.
      const effect = todo.find(({ kind }) => kind !== 'share');
      todo = todo.filter((one) => one !== effect && one.kind !== 'share');
      if (effect === undefined) return false;
      const event = carryOut(effect);
      if (event !== null) apply(event);
      return true;
    },
    /** A move of the human, followed by the watcher's hint. */
    human(move: HumanMove): void {
      now += 100;
      const base = file.handoff ?? facts();
      if (move === 'restart') {
        const back = restore(JSON.parse(JSON.stringify(store(state))) as ReturnType<typeof store>);
        state = back!;
        todo = [...wishes(policy, state)];
        return;
      }
      if (move === 'stop') {
        apply({ type: 'STOP', at: now, why: 'interrupted' });
        return;
      }
      if (move === 'touch') save(base);
      if (move === 'break') save(null);
      if (move === 'pause') save({ ...base, status: 'PAUSED', statusText: 'PAUSED' });
      if (move === 'ready') save({ ...base, status: 'READY', statusText: 'READY' });
      if (move === 'answer') save({ ...base, answer: 'A' });
      if (move === 'answer-wrong') save({ ...base, answer: 'Z' });
      const event = readEvent();
      if (event.type === 'READ' && event.digest !== state.context.digest) apply(event);
    },
  };
}
