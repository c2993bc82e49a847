/**
 * Does what the machine wants, one effect at a time, and reports back with events. Every hand may be asked twice for
 * the same thing: it first looks whether that is done already. Trouble with the outside world comes back as FAILED;
 * nothing here decides what follows.
 */
import { edit } from '../protocol/codec.ts';
import type { Effect, MachineEvent } from '../protocol/event.ts';
import type { HandoffChange } from '../protocol/handoff.ts';
import type { Unstamped } from '../protocol/notice.ts';
import { awaitedPaths, owedPaths } from '../domain/gate.ts';
import { digestOf, explain, insideProject, readText, replaceIf, type Replaced } from '../effects/files.ts';
import { keepText, takeBack } from '../effects/keep.ts';
import { commitCoordination, repositoryOf } from '../effects/git.ts';
import { sessionOf } from './gatecase.ts';
import { guardedFindings } from './guard.ts';
import { judgeWork, sessionsBeside } from './judgework.ts';
import { reload } from './reload.ts';
import { noteClaim, noteEnd } from './roundtrees.ts';
import { digestsOf, factsOf, fingerprint, readEvent, readHandoff, wordsDigest } from './handoff.ts';
import type { OpenRound } from './open.ts';
import { keepReceipt } from './receipt.ts';
import { countIntoMemorial } from './memorial.ts';
import { rotateRound } from './rotate.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { isLifted, knownLimit, shareLimit } from './limits.ts';
import { createWakes, type Wakes } from './wakes.ts';
import { decisionText } from './decision.ts';
import type { Escalation } from '../protocol/escalation.ts';

type EffectOf<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>;

export type HandsOptions = {
  readonly push: (event: MachineEvent) => void;
  readonly say: (notice: Unstamped) => void;
  readonly now: () => number;
  readonly self: readonly string[];
};

export type Hands = {
  /** Starts an effect; what comes of it is pushed. */
  perform(effect: Effect): void;
  read(): Promise<Extract<MachineEvent, { type: 'READ' }>>;
  /** Whether the file surely has these bytes; a file that cannot be read has none, and `read()` tells why. */
  isAt(digest: string | null): Promise<boolean>;
  /** Whether somebody asked to try again now what the round waits for. */
  isLifted(): Promise<boolean>;
  /** Whether a human wrote PAUSED into the file. */
  isPaused(): Promise<boolean>;
  now(): number;
  /** Drops timers; sessions that still run go on without us. */
  close(): Promise<void>;
};

export function createHands(round: OpenRound, options: HandsOptions): Hands {
  const { project } = round;
  const sessions = createSessions(round, options);
  const wakes = createWakes(options);
  let closed = false;
  const perform = async (effect: Effect): Promise<void> => {
    const event = await performed(effect);
    if (event !== null && !closed) options.push(event);
  };
  const performed = async (effect: Effect): Promise<MachineEvent | null> => {
    try {
      return await act(round, options, sessions, wakes, effect);
    } catch (error) {
      const { kind } = effect;
      const ran = (kind === 'dispatch' || kind === 'stop') && sessions.hasRun(effect.order);
      const message = explain(error);
      return { type: 'FAILED', at: options.now(), doing: kind, message, ...(ran ? { ran } : {}) };
    }
  };
  return {
    perform: (effect) => void perform(effect),
    read: () => readEvent(project, round.policy, options.now()),
    async isAt(digest) {
      try {
        return (await digestOf(project.handoff)) === digest;
      } catch {
        // Too large, or no file: read() makes a diagnostic of it.
        return false;
      }
    },
    isLifted: () => isLifted(round),
    async isPaused() {
      const { reading } = await readHandoff(project, round.policy);
      return reading.handoff?.status === 'PAUSED';
    },
    now: options.now,
    close: async () => {
      closed = true;
      wakes.close();
      await sessions.close();
    },
  };
}

function act(
  round: OpenRound,
  options: HandsOptions,
  sessions: Sessions,
  wakes: Wakes,
  effect: Effect,
): Promise<MachineEvent | null> {
  switch (effect.kind) {
    case 'read':
      return readEvent(round.project, round.policy, options.now());
    case 'claim':
      return claim(round, options, effect);
    case 'dispatch':
      return sessions.work(effect.order);
    case 'stop':
      return sessions.stop(effect.order, effect.why);
    case 'settle':
      return settle(round, options, effect);
    case 'gate':
      return gate(round, options, effect);
    case 'write':
      return write(round, options, effect);
    case 'wake':
      wakes.at(effect.at);
      return Promise.resolve(null);
    case 'share':
      return shareLimit(round, effect, options.say);
    default:
      return effect satisfies never;
  }
}

/** WORKING is written only while the file is the one that was decided upon; ours already there counts as done. */
async function claim(
  round: OpenRound,
  options: HandsOptions,
  effect: EffectOf<'claim'>,
): Promise<MachineEvent> {
  const { project, policy } = round;
  const { order } = effect;
  const at = options.now();
  await noteClaim(project, order);
  const baseline = await digestsOf(project, awaitedPaths(policy, order));
  const { digest, reading } = await readHandoff(project, policy);
  if (digest !== null && reading.handoff?.status === 'WORKING' && reading.handoff.dispatch === order.id) {
    return { type: 'CLAIMED', at, digest, baseline };
  }
  // A header that a role broke is mended by that role; until then it is not ours to write to, so the claim stands in the journal alone.
  if (order.kind === 'repair' && reading.handoff === null && digest === effect.expect) {
    return { type: 'CLAIMED', at, digest, baseline };
  }
  const limit = await knownLimit(round, order, { at, insist: effect.insist });
  if (limit !== null) return { type: 'LIMITED', at, ...limit };
  const model = order.model === null ? '' : ` (${order.model})`;
  const change: HandoffChange = {
    'next-role': order.role,
    status: 'WORKING',
    by: `${order.agent}${model}`,
    since: new Date(at).toISOString(),
    dispatch: order.id,
    reason: null,
  };
  const replaced = await editFile(project.handoff, effect.expect, change, null);
  if (replaced.type === 'written') return { type: 'CLAIMED', at, digest: replaced.digest, baseline };
  return notWritten(replaced, 'claim', at);
}

async function settle(
  round: OpenRound,
  options: HandsOptions,
  effect: EffectOf<'settle'>,
): Promise<MachineEvent> {
  const { project, policy, state } = round;
  await noteEnd(project, effect.order);
  const { digest, reading } = await readHandoff(project, policy);
  const baseline = state.context.round?.baseline ?? {};
  const now = await digestsOf(project, owedPaths(policy, effect.order));
  const artifacts = Object.entries(now).map(([path, sha]) => ({
    path,
    present: sha !== null,
    changed: sha !== (baseline[path] ?? null),
  }));
  const { handoff } = reading;
  return {
    type: 'SETTLED',
    at: options.now(),
    digest,
    handoff: handoff === null ? null : factsOf(handoff),
    problems: reading.diagnostics,
    artifacts,
    question: fingerprint(handoff?.escalation ?? null),
    words: wordsDigest(handoff?.operatorDecision ?? null),
  };
}

async function gate(
  round: OpenRound,
  options: HandsOptions,
  effect: EffectOf<'gate'>,
): Promise<MachineEvent> {
  const { project } = round;
  // Settings that somebody edited while the session worked hold for it; what it edited itself never does.
  const sessions = [sessionOf(project, round.policy, effect.order), ...sessionsBeside(round, effect.order)];
  const mayCount = async (): Promise<boolean> => (await guardedFindings(sessions)).length === 0;
  const event = await reload(round, { ...options, mayCount });
  if (event !== null) options.push(event);
  const policy = event?.policy ?? round.policy;
  const gates = await judgeWork({ project, policy, state: round.state }, effect.order);
  return { type: 'GATED', at: options.now(), gates };
}

/** The one uphill write. The answer's own file comes first, so that a released handoff never lacks it. */
async function write(
  round: OpenRound,
  options: HandsOptions,
  effect: EffectOf<'write'>,
): Promise<MachineEvent> {
  const { project, policy } = round;
  const { decision } = effect;
  const path = decision === null ? null : `${project.root}/${decision.path}`;
  // A handoff that has moved on already takes no answer, so none is kept for it.
  const kept = path !== null && decision !== null && (await digestOf(project.handoff)) === effect.expect;
  if (kept && !insideProject(project.root, decision.path)) {
    const message = `"${decision.path}" is a link that leaves the project, so no answer is kept there. Remove the link.`;
    return { type: 'FAILED', at: options.now(), doing: 'write', message };
  }
  const earlier = kept ? await keepText(path, decisionText(decision)) : null;
  const replaced = await editFile(project.handoff, effect.expect, effect.change, effect.escalation);
  if (replaced.type !== 'written' && kept) await takeBack(path, earlier);
  if (replaced.type !== 'written') return notWritten(replaced, 'write', options.now());
  const digest = isClosed(effect.change) ? await close(round, options, replaced.digest) : replaced.digest;
  const commit =
    policy.commit && effect.commit !== null ? await commitRound(round, options, effect.commit) : null;
  return { type: 'WRITTEN', at: options.now(), digest, commit };
}

/** Whether a write ends the round. */
function isClosed(change: HandoffChange): boolean {
  return change['status'] === 'ROUND-COMPLETE' || change['status'] === 'WAVE-COMPLETE';
}

/** What is done once a round has ended; gives the handoff's digest. Each part can be done twice; trouble is told and holds nothing up. */
async function close(round: OpenRound, options: HandsOptions, digest: string): Promise<string> {
  const memory = round.state.context.round;
  if (memory === null) return digest;
  const trouble = await countIntoMemorial(round.project, round.policy, memory.id, memory.sights);
  const unkept = await keepReceipt(round, memory.id);
  for (const text of [trouble, unkept])
    if (text !== null) options.say({ type: 'remark', level: 'warning', text });
  try {
    return await rotateRound(round.project, round.policy.brief, { round: memory.id, digest });
  } catch (error) {
    const text = `Not rotated: ${explain(error)}`;
    options.say({ type: 'remark', level: 'warning', text });
    return digest;
  }
}

/**
 * Compare-and-replace of header keys. A file that already says all of it counts as written: after a crash the same
 * write is asked for again, and a human may have made the very same edit.
 */
async function editFile(
  path: string,
  expect: string,
  change: HandoffChange,
  escalation: Escalation | null,
): Promise<Replaced> {
  const apply = (text: string): ReturnType<typeof edit> =>
    escalation === null ? edit(text, change) : edit(text, change, escalation);
  const now = await readText(path);
  if (now === null) return { type: 'lost', digest: null };
  const edited = apply(now.text);
  if (edited.ok && edited.text === now.text) return { type: 'written', digest: now.digest };
  if (now.digest !== expect) return { type: 'lost', digest: now.digest };
  if (!edited.ok) {
    const words = edited.problems.map((problem) => `line ${problem.line}: ${problem.message}`).join('; ');
    return { type: 'failed', message: `The handoff cannot be written to: ${words}` };
  }
  return replaceIf(path, expect, () => edited.text);
}

function notWritten(
  replaced: Exclude<Replaced, { type: 'written' }>,
  doing: Effect['kind'],
  at: number,
): MachineEvent {
  if (replaced.type === 'lost') return { type: 'LOST', at };
  return { type: 'FAILED', at, doing, message: replaced.message };
}

/** A commit that cannot be made is told, never fatal: the files are there and the next commit takes them along. */
async function commitRound(round: OpenRound, options: HandsOptions, subject: string): Promise<string | null> {
  const { project, state } = round;
  // Outside a repository there is nothing to commit to, and nothing to warn about at every step.
  if ((await repositoryOf(project.root)) === null) return null;
  const id = state.context.round?.id ?? '';
  const oneLine = subject.replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ').slice(0, 120);
  const paths = [...new Set(['coordination', project.handoffName])];
  const made = await commitCoordination(project.root, paths, `chore(${id}): ${oneLine}`);
  if (made.type === 'committed') return made.sha;
  if (made.type === 'skipped') {
    options.say({ type: 'remark', level: 'warning', text: `Not committed: ${made.why}` });
  }
  return null;
}
