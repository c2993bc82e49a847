/**
 * The public surface of the library: run a project, look at one, replay a journal, read and edit a handoff, and the pure
 * machine itself. Everything else in this package may change at any time. Importing it starts nothing and reads nothing.
 */

/**
 * Runs one project until it rests, is stopped, or cannot be run. Sessions are processes of their own; what happens comes
 * as notices.
 *
 * @example
 * const project = await findProject('.');
 * const end = await run(project, {
 *   publish: (notice) => console.log(notice.type),
 *   signal: new AbortController().signal,
 *   until: (situation) => situation.rest !== null,
 *   self: ['next-role'], // how to start this program again, for scripted agents
 * });
 * end.type; // 'rest', 'stopped', 'taken', 'misconfigured' or 'unusable'
 */
export { run } from './runner/run.ts';
export type { RunEnd, RunOptions } from './runner/run.ts';

/**
 * Looks at a project without touching it: its state, who runs it, what it waits for. Throws JournalDamaged.
 *
 * @example (await look(project)).situation.headline // 'implementer asks: Which one rules?'
 */
export { look } from './runner/look.ts';
export type { Look } from './runner/look.ts';

/**
 * Answers the open question of a project by an edit of its handoff.
 *
 * @example await resume(project, { choose: 'B', note: null, id: null }) // { type: 'answered', … } or { type: 'refused', … }
 */
export { resume } from './runner/answer.ts';
export type { Resumed, ResumeRequest } from './runner/answer.ts';

/**
 * Replays journal records through the machine and compares every decision with the recorded one; `replayFile` reads
 * them from a journal and throws JournalDamaged when its chain of hashes is broken.
 *
 * @example replayFile('.next-role/journal.jsonl').differences // []
 */
export { replay, replayFile } from './runner/replay.ts';
export type { Difference, Replay } from './runner/replay.ts';

/**
 * Says how a handoff text is understood and what it would lead to under a policy.
 *
 * @example inspectText('STATUS: READY\nNEXT-ROLE: REVIEWER\n', policy).decision.runs // 'reviewer'
 */
export { inspectText } from './runner/inspect.ts';
export type { Inspection } from './runner/inspect.ts';

/**
 * `decode` reads a handoff in either dialect and never throws; `edit` changes named header keys and no other byte.
 *
 * @example decode('STATUS: READY\nNEXT-ROLE: REVIEWER\n').handoff?.role // 'reviewer'
 * @example edit('STATUS: READY\n', { status: 'PAUSED' }) // { ok: true, text: 'STATUS: PAUSED\n' }
 */
export { decode, edit } from './protocol/codec.ts';

/**
 * The machine, pure: one event in, the next state and the wanted effects out. The clock, ids and digests come inside
 * the events.
 *
 * @example step(policy, initialState(), event).state.value // 'claiming'
 */
export { initialState, machineVersion, step } from './domain/machine.ts';
export type { MachineState, StateName, Stepped } from './domain/machine.ts';

/**
 * Where a round stands, in words: what it waits for, since when, and the next command.
 *
 * @example describe(policy, state).next[0] // 'next-role resume --choose B'
 */
export { describe } from './domain/situation.ts';
export type { RestCode, Situation } from './domain/situation.ts';

/**
 * The project a folder belongs to, or null.
 *
 * @example (await findProject('.'))?.root // '/home/ada/shop'
 */
export { findProject } from './effects/project.ts';

/**
 * The policy of a project, and everything that is wrong with the files it is made of.
 *
 * @example (await readCatalog(project.root)).policy.defaultTier // 'full'
 */
export { readCatalog } from './effects/catalog.ts';

/**
 * Thrown for a journal that cannot be trusted; names the file and the byte.
 *
 * @example try { replayFile(path); } catch (error) { if (error instanceof JournalDamaged) error.byte; }
 */
export { JournalDamaged } from './protocol/journal.ts';

export type { JournalEntry, JournalRecord, StoredState } from './protocol/journal.ts';
export type { Diagnostic, DiagnosticCode, Severity } from './protocol/diagnostic.ts';
export type { Answer, Escalation, Option } from './protocol/escalation.ts';
export type { Effect, MachineEvent } from './protocol/event.ts';
export type { Handoff, HandoffChange, Reading, Role, Status } from './protocol/handoff.ts';
export type { Notice, Publish } from './protocol/notice.ts';
export type { Limits, Policy, RoleContract, Tier } from './protocol/policy.ts';
export type { Project } from './protocol/project.ts';
export type { Brief, Manifest, Order, Outcome, SessionEvent } from './protocol/session.ts';
