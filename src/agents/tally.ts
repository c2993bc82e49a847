/**
 * The tally: what was seen of a session's stream, folded event by event. It stays small whatever the stream holds,
 * because it is journalled. The last word wins: a `done` clears an earlier failure (the agent recovered) unless that
 * was final, a failure takes back an earlier `done`. It never looks into texts.
 */
import type { SessionEvent, Tally } from '../protocol/session.ts';
import type { UsageReport } from '../protocol/usage.ts';
import { addReport, roundUsd, total } from './usage.ts';

/** Refused tool calls that are kept; more are dropped. */
export const deniedCountMax = 20;
/** Longest closing text, refusal and failure message kept, in UTF-16 units. */
export const doneCharsMax = 2_000;
export const messageCharsMax = 500;

/** The tally of a stream of which nothing has been read. */
export function emptyTally(): Tally {
  return {
    sessionId: null,
    model: null,
    done: false,
    doneText: '',
    failure: null,
    denied: [],
    tools: 0,
    costUsd: null,
    turns: null,
    models: [],
    usage: null,
  };
}

/**
 * The tally after one more event.
 *
 * @example fold(emptyTally(), { type: 'tool', tool: 'Write', target: 'a.md' }).tools // 1
 */
export function fold(tally: Tally, event: SessionEvent): Tally {
  switch (event.type) {
    case 'started':
      return {
        ...tally,
        sessionId: event.sessionId ?? tally.sessionId,
        model: event.model ?? tally.model,
        models: event.model === null ? tally.models : [...new Set([...tally.models, event.model])],
      };
    case 'tool':
      return { ...tally, tools: tally.tools + 1 };
    case 'denied': {
      if (tally.denied.length >= deniedCountMax) return tally;
      const words = event.target === null ? event.tool : `${event.tool} ${event.target}`;
      return { ...tally, denied: [...tally.denied, words.slice(0, messageCharsMax)] };
    }
    case 'failure':
      return { ...used(tally, event.usage), done: false, failure: merge(tally.failure, event) };
    case 'usage':
      return used(tally, event.report);
    case 'done': {
      const gaveUp = tally.failure?.final === true;
      const counted = used({ ...tally, costUsd: event.costUsd ?? tally.costUsd }, event.usage);
      return {
        ...counted,
        done: !gaveUp,
        doneText: event.text === '' ? tally.doneText : event.text.slice(0, doneCharsMax),
        failure: gaveUp ? tally.failure : null,
        // The closing list is whole; what was counted on the way may lack refusals that had no event of their own.
        denied: event.denied.length > 0 ? event.denied.slice(0, deniedCountMax) : tally.denied,
        turns: event.turns ?? tally.turns,
      };
    }
    case 'text':
      // Programs whose terminal event has no text of its own: the last thing said is the answer.
      return { ...tally, doneText: event.text.slice(0, doneCharsMax) };
    case 'waiting':
    case 'noise':
      return tally;
    default:
      return event satisfies never;
  }
}

/** Money is summed from the rows where they have it: the agent's own total may count earlier processes too. */
function used(tally: Tally, report: UsageReport | null | undefined): Tally {
  if (report === null || report === undefined) return tally;
  const usage = addReport(tally.usage, report, tally.model);
  const costUsd = total(usage.models.map(({ reportedUsd }) => reportedUsd));
  return { ...tally, usage, costUsd: costUsd === null ? tally.costUsd : roundUsd(costUsd) };
}

/**
 * Agents report one failure in several lines, each with a part of the truth: a vague later line (`failed`) does not
 * take back a class that is known, and a reset time once named stays with its class.
 */
function merge(
  before: Tally['failure'],
  event: Extract<SessionEvent, { type: 'failure' }>,
): NonNullable<Tally['failure']> {
  const message = event.message.slice(0, messageCharsMax);
  const final = event.final === true || before?.final === true ? { final: true as const } : {};
  if (before === null) return { class: event.class, message, resetsAt: event.resetsAt, ...final };
  const kind = event.class === 'failed' ? before.class : event.class;
  const resetsAt = event.resetsAt ?? (kind === before.class ? before.resetsAt : null);
  return { class: kind, message: message === '' ? before.message : message, resetsAt, ...final };
}
