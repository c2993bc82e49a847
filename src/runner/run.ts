/**
 * The loop where decisions meet hands: take one event, step the machine, make the step durable, then do what it wants.
 * One runner per project. Nothing here decides anything about roles or statuses, and nothing starts before the record
 * that orders it is on disk.
 */
import { emptiedCopies } from './bringback.ts';
import { chronicle } from './chronicle.ts';
import { createHands, type Hands } from './hands.ts';
import { openRound, type Opened, type OpenRound } from './open.ts';
import { redactEvent } from './redactevent.ts';
import { createQueue, type Queue } from './queue.ts';
import { reload } from './reload.ts';
import type { InTurn } from './turns.ts';
import { budgetWarnings } from '../domain/budget.ts';
import type { Ledger } from '../domain/receipt.ts';
import { takenOut } from '../domain/settle.ts';
import { describe, type Situation } from '../domain/situation.ts';
import { step, store as stored, wishes, type MachineState } from '../domain/machine.ts';
import { explain } from '../effects/files.ts';
import type { Log } from '../effects/log.ts';
import { redactor } from '../effects/redact.ts';
import { removeCopy } from '../effects/copies.ts';
import { pruneSessions } from '../effects/prune.ts';
import { watchFiles } from '../effects/watch.ts';
import type { Diagnostic } from '../protocol/diagnostic.ts';
import type { Effect, MachineEvent } from '../protocol/event.ts';
import type { JournalEntry, JournalRecord } from '../protocol/journal.ts';
import type { Notice, Publish, Unstamped } from '../protocol/notice.ts';
import type { Project } from '../protocol/project.ts';

/** How a run is asked for. */
export type RunOptions = {
  readonly publish: Publish;
  /** Aborting it stops gracefully: a working session is ended, its order given back. */
  readonly signal: AbortSignal;
  /** Whether to stop here. `run` stops at the first rest, `watch` never. */
  readonly until: (situation: Situation) => boolean;
  /** Argv prefix that starts this program, for the scripted agent. */
  readonly self: readonly string[];
  readonly now?: () => number;
  /** Every session goes on with the conversation of the one before, where its agent can: only to compare. */
  readonly oneThread?: boolean;
  /** Asked for a turn to open the project in, where many are opened together. */
  readonly inTurn?: InTurn;
};

/** What a run knows at its end, so that nobody has to look for it again. */
export type Known = Pick<OpenRound, 'policy' | 'prices'> & {
  readonly context: MachineState['context'];
  /** The sessions of a round. @throws JournalDamaged */
  readonly ledger: (round: string) => Ledger | null;
};

/** How a run ended. */
export type RunEnd =
  | { readonly type: 'rest'; readonly situation: Situation; readonly known?: Known }
  | { readonly type: 'stopped'; readonly situation: Situation; readonly known?: Known }
  | { readonly type: 'taken'; readonly message: string }
  /** Settings or data files with errors; they were published as problems. */
  | { readonly type: 'misconfigured' }
  /** The journal cannot be trusted, or the project's own folder cannot be written to. */
  | { readonly type: 'unusable'; readonly message: string };

/** Runs one project until it rests, is stopped, or cannot be run. */
export async function run(project: Project, options: RunOptions): Promise<RunEnd> {
  const now = options.now ?? Date.now;
  let log: Log | null = null;
  const say = (notice: Unstamped): void => {
    const stamped: Notice = { ...notice, at: now(), project: project.root };
    if (log !== null) chronicle(log, stamped);
    options.publish(stamped);
  };
  const open = (): Promise<Opened> => openRound(project, { say, now, oneThread: options.oneThread === true });
  const opened = await (options.inTurn?.(open) ?? open());
  if (opened.type !== 'open') return opened;
  log = opened.round.log;
  try {
    return await loop(opened.round, { ...options, now, say });
  } catch (error) {
    if (error instanceof NotRecorded) return { type: 'unusable', message: error.message };
    throw error;
  } finally {
    await opened.round.close();
  }
}

type LoopOptions = RunOptions & { readonly now: () => number; readonly say: (notice: Unstamped) => void };

/** The states in which a session, or its result, is in our hands: a stop waits until they are left. */
const busy: ReadonlySet<MachineState['value']> = new Set([
  'claiming',
  'working',
  'stopping',
  'settling',
  'gating',
  'writing',
]);

async function loop(round: OpenRound, options: LoopOptions): Promise<RunEnd> {
  const { now, say, signal } = options;
  const queue = createQueue<MachineEvent>();
  const hands = createHands(round, { ...options, push: (event) => queue.push(event) });
  const look = (): void => {
    // The next hint looks again, 16 seconds from now at the latest.
    hint(round, { hands, queue, say }).catch((error: unknown) => {
      say({
        type: 'remark',
        level: 'warning',
        text: `The project could not be looked at: ${explain(error)}`,
      });
    });
  };
  // Events are not opened before something is to be waited for: a run that goes to its end needs none.
  const watcher = await watchFiles([round.project.handoff], look, {
    resting: true,
    // Whoever lifts a limit touches no file of the project.
    isAlert: () => round.state.value === 'cooling',
    onModeChange: (mode, reason) => say({ type: 'watching', mode, reason }),
  });
  say({ type: 'watching', mode: watcher.mode, reason: watcher.reason });
  let pruned: Promise<void> = Promise.resolve();
  const stop = (): void => queue.push({ type: 'STOP', at: now(), why: 'interrupted' });
  signal.addEventListener('abort', stop, { once: true });
  try {
    await begin(round, { hands, queue, say });
    for (;;) {
      const situation = describe(round.policy, round.state);
      if (signal.aborted && !busy.has(round.state.value))
        return { type: 'stopped', situation, known: known(round) };
      if (queue.isEmpty() && options.until(situation))
        return { type: 'rest', situation, known: known(round) };
      // What a session and we ourselves write in between is no news.
      if (busy.has(round.state.value)) watcher.rest(true);
      else if (queue.isEmpty() && round.state.value !== 'reading') watcher.rest(false);
      const event = await queue.next();
      const before = round.state.value;
      advance(round, hands, event, say);
      if (round.state.value === 'finished' && before !== 'finished') pruned = tidy(round, say);
      if (signal.aborted && round.state.value === 'working') stop();
    }
  } finally {
    signal.removeEventListener('abort', stop);
    await watcher.close();
    await hands.close();
    await pruned;
  }
}

function known({ policy, prices, state, ledger }: OpenRound): Known {
  return { policy, prices, context: state.context, ledger: (round) => ledger.of(round) };
}

/** A round has ended: the streams of rounds long past go. */
async function tidy(round: OpenRound, say: LoopOptions['say']): Promise<void> {
  try {
    for (const copy of await emptiedCopies(round.project, { isIdle: false })) await removeCopy(copy);
    await pruneSessions(`${round.project.own}/sessions`);
  } catch (error) {
    say({ type: 'remark', level: 'warning', text: `Old sessions could not be removed: ${explain(error)}` });
  }
}

/** Takes up the last state's wishes, and looks at the file once for what was edited meanwhile. */
async function begin(round: OpenRound, means: Means): Promise<void> {
  const { hands, queue, say } = means;
  if (round.policyChanged) queue.push({ type: 'POLICY', at: hands.now(), policy: round.policy });
  // What a session is in hand for goes on under what it was ordered by; its gates look at the settings.
  const edited = busy.has(round.state.value) ? null : await reload(round, { say, now: () => hands.now() });
  if (edited !== null) queue.push(edited);
  queue.push({ type: 'LOOK', at: hands.now() });
  for (const effect of wishes(round.policy, round.state)) hands.perform(effect);
  await hint(round, means);
}

/** What looking at a project needs beside the round itself. */
type Means = { readonly hands: Hands; readonly queue: Queue<MachineEvent>; readonly say: LoopOptions['say'] };

/** One step: decide, make it durable, tell, do. An event that changes nothing leaves no trace. */
function advance(round: OpenRound, hands: Hands, told: MachineEvent, say: LoopOptions['say']): void {
  const event = redactEvent(told, redact);
  const stepped = step(round.policy, round.state, event);
  if (!stepped.changed) return;
  const record = recorded(round, { event, state: stored(stepped.state), effects: stepped.effects });
  round.ledger.take(record);
  round.state = stepped.state;
  if (event.type === 'POLICY') round.policy = event.policy;
  say({ type: 'decided', seq: record.seq, event, state: record.state, effects: stepped.effects });
  const { verdict, spent } = stepped.state.context;
  if (stepped.state.value === 'claiming' && verdict.type === 'dispatch') {
    for (const text of budgetWarnings(round.policy, spent, verdict.order, event.at))
      say({ type: 'remark', level: 'warning', text });
  }
  if (stepped.state.value === 'gating' && verdict.type === 'gate') {
    for (const text of verdict.remarks) say({ type: 'remark', level: 'warning', text });
  }
  if (event.type === 'SETTLED') {
    const text = takenOut(stepped.state.context, event.handoff);
    if (text !== null) say({ type: 'remark', level: 'warning', text });
  }
  if (event.type === 'READ' && verdict.type !== 'park' && verdict.type !== 'unreadable') {
    tellSlips(round, event.problems, say);
  }
  for (const effect of stepped.effects) hands.perform(effect);
}

/** What is odd about the handoff but stops nobody is told once in a run: it stays there for every role of the round. */
function tellSlips(round: OpenRound, problems: readonly Diagnostic[], say: LoopOptions['say']): void {
  const told = new Set(round.told);
  const diagnostics = problems.filter((each) => !told.has(each.message));
  if (diagnostics.length === 0) return;
  round.told = [...round.told, ...diagnostics.map((each) => each.message)];
  say({ type: 'problem', file: round.project.handoffName, diagnostics });
}

const redact = redactor(process.env);

/** A decision that could not be made durable must not be acted upon: the run ends here, and the next one goes on. */
class NotRecorded extends Error {}

/**
 * What only looks, so that after a power cut it is done once more and nothing is lost. Its record may be synced together
 * with the next one: nothing else starts before all records are durable, and none waits longer than a moment.
 */
const repeatable: ReadonlySet<Effect['kind']> = new Set(['read', 'settle', 'gate']);

function recorded(round: OpenRound, entry: JournalEntry): JournalRecord {
  try {
    const kinds = entry.effects.map(({ kind }) => kind);
    const mayWait = kinds.length > 0 && kinds.every((kind) => repeatable.has(kind));
    return round.store.append(entry, mayWait ? 'soon' : 'now');
  } catch (error) {
    throw new NotRecorded(explain(error), { cause: error });
  }
}

/** Somebody saved the file, perhaps: look, and turn what is new into an event. */
async function hint(round: OpenRound, means: Means): Promise<void> {
  const { hands, queue } = means;
  const { value, context } = round.state;
  if (value === 'working') {
    if (await hands.isPaused()) queue.push({ type: 'STOP', at: hands.now(), why: 'paused' });
    return;
  }
  if (busy.has(value) || value === 'reading') return;
  if (value === 'cooling' && (await hands.isLifted())) queue.push({ type: 'LIFTED', at: hands.now() });
  const settings = async (): Promise<void> => {
    const policy = await reload(round, { say: means.say, now: () => hands.now() });
    if (policy !== null) queue.push(policy);
  };
  // A result that is being mended is judged by what it was ordered under, unless a human has edited the handoff.
  if (value !== 'cooling') await settings();
  // Nothing was saved: decoding it and hashing its inputs anew would cost a thousand resting projects a core.
  if (await hands.isAt(context.digest)) return;
  if (value === 'cooling') await settings();
  const event = await hands.read();
  if (event.digest !== context.digest) queue.push(event);
}
