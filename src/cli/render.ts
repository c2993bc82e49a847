/**
 * What a person reads of a notice: one line per decision, more only for what needs a look. A notice that is bookkeeping
 * gives no line. Pure; it relies on restore() of the machine to look into a recorded state, and never prints.
 */
import { restore } from '../domain/machine.ts';
import type { Context } from '../domain/round.ts';
import { isError, type Diagnostic } from '../protocol/diagnostic.ts';
import type { MachineEvent } from '../protocol/event.ts';
import { headline } from '../protocol/finding.ts';
import type { Notice } from '../protocol/notice.ts';
import type { Order, Outcome } from '../protocol/session.ts';
import { worker } from './pulse.ts';
import { clock, counted, duration } from './quantity.ts';
import { bad, good, note, oneLine, plainOf, quiet, strong, warn, wrap } from './text.ts';
import type { Line, Span, Text, Tone } from './text.ts';

export type RenderOptions = {
  readonly columns: number;
  /** Name of the project, when several share the screen. */
  readonly name: string | null;
};

type Decided = Extract<Notice, { type: 'decided' }>;
type EventOf<Type extends MachineEvent['type']> = Extract<MachineEvent, { type: Type }>;

/** A mark in front, and the words; later words are quiet and stand on lines of their own. */
type Words = {
  readonly mark: Span;
  readonly words: string;
  readonly more?: readonly string[];
  readonly tone?: Tone;
};

/** Diagnostics shown of one file; a broken file may have hundreds. */
const diagnosticsShownMax = 8;
/** Enough of a commit's name to find it. */
const commitChars = 8;
/** Findings and refusals shown of one session. */
const remarksShownMax = 5;

/**
 * The lines of a notice; none when there is nothing a person should read.
 *
 * @example render(notice, { columns: 80, name: null }) // ['14:02:07  ▶ architect (claude opus) starts: …']
 */
export function render(notice: Notice, options: RenderOptions): Text {
  const words = wordsOf(notice);
  if (words === null) return [];
  const name = options.name === null ? '' : `${oneLine(options.name)}  `;
  const head = `${clock(notice.at)}  ${name}`;
  const indent = head.length + 2;
  const room = Math.max(20, options.columns - indent);
  const lines = wrap(oneLine(words.words), room).map((line, index): Line => {
    const text: Span = { text: line, tone: words.tone ?? 'plain' };
    return index === 0 ? [quiet(head), words.mark, ' ', text] : [' '.repeat(indent), text];
  });
  const more = (words.more ?? []).flatMap((text) =>
    wrap(oneLine(text), room).map((line): Line => [' '.repeat(indent), quiet(line)]),
  );
  return [...lines, ...more];
}

function wordsOf(notice: Notice): Words | null {
  switch (notice.type) {
    case 'decided':
      return decidedWords(notice);
    case 'problem':
      return {
        mark: notice.diagnostics.some(isError) ? bad('✗') : warn('!'),
        words: `${notice.file} needs a look`,
        tone: 'strong',
        more: notice.diagnostics.slice(0, diagnosticsShownMax).map((each) => plainOf(diagnosticLine(each))),
      };
    case 'watching':
      if (notice.mode === 'events') return null;
      return {
        mark: warn('!'),
        words: `Watching by polling: ${notice.reason ?? 'events are not to be had'}`,
      };
    case 'remark':
      return { mark: notice.level === 'warning' ? warn('!') : quiet('·'), words: notice.text };
    case 'session-started':
    case 'session-event':
    case 'session-pulse':
      return null;
    default:
      return notice satisfies never;
  }
}

function decidedWords({ event, state }: Decided): Words | null {
  const restored = restore(state);
  if (restored === null) return null;
  const { value, context } = restored;
  if (value === 'claiming' && context.order !== null) return startWords(context.order);
  switch (event.type) {
    case 'ENDED':
      return endedWords(event, context);
    case 'WRITTEN':
      return writtenWords(event, context);
    case 'STOP':
      return {
        mark: warn('■'),
        words: event.why === 'paused' ? 'Paused by hand: ending the session' : 'Ending the session',
      };
    case 'LOST':
      return { mark: note('↻'), words: 'The handoff was edited meanwhile; reading it again' };
    case 'LIMITED':
      return coolWords(context, event.at);
    case 'LIFTED':
      return { mark: note('↻'), words: 'Asked to try again now' };
    case 'FAILED':
      return { mark: bad('✗'), words: failedWords(event), tone: 'bad' };
    case 'GATED':
      return gatedWords(event, context);
    case 'SETTLED':
      return coolWords(context, event.at);
    case 'READ':
    case 'LOOK':
    case 'TICK':
    case 'POLICY':
      return value === 'reading' ? null : restWords(context);
    case 'CLAIMED':
      return null;
    default:
      return event satisfies never;
  }
}

function failedWords({ doing: what, message, ran }: EventOf<'FAILED'>): string {
  const words = what === 'dispatch' && ran === true ? 'take down how the session ended' : doing[what];
  return `Could not ${words}: ${message}`;
}

const doing: Readonly<Record<EventOf<'FAILED'>['doing'], string>> = {
  read: 'read the handoff',
  claim: 'write WORKING',
  dispatch: 'start the session',
  stop: 'end the session',
  settle: 'look at the result',
  gate: 'check the result',
  write: 'write the handoff',
  wake: 'set the clock',
  share: 'tell the other projects of the limit',
};

function startWords(order: Order): Words {
  const attempt = order.attempt > 1 ? `, attempt ${order.attempt}` : '';
  const kind = order.kind === 'repair' ? ', to mend the last one' : '';
  const words = `${worker(order)} starts: round ${order.round}, session ${order.visit}${attempt}${kind}`;
  return {
    mark: note('▶'),
    words,
    tone: 'strong',
    more: order.feedback.slice(0, remarksShownMax),
  };
}

function endedWords(event: EventOf<'ENDED'>, context: Context): Words {
  const role = context.order?.role ?? 'The session';
  const cost = event.costUsd === null || event.costUsd === 0 ? '' : `, $${event.costUsd.toFixed(2)}`;
  // A command agent names no tools, so none is no news.
  const tools = event.tools === 0 ? '' : `, ${counted(event.tools, 'tool call')}`;
  const denied = event.denied.slice(0, remarksShownMax).map((each) => `refused: ${each}`);
  const left =
    event.leftovers > 0
      ? [`${counted(event.leftovers, 'process').replace(/ss$/, 'sses')} left behind and ended`]
      : [];
  const isDone = event.outcome.type === 'done';
  return {
    mark: isDone ? good('■') : warn('■'),
    words: `${role} ended after ${duration(event.ms)}: ${outcomeWords(event.outcome)}${tools}${cost}`,
    more: [...denied, ...left],
  };
}

/** How a session ended, in words. */
function outcomeWords(outcome: Outcome): string {
  switch (outcome.type) {
    case 'done':
      return 'done';
    case 'stopped':
      return outcome.why === 'paused' ? 'paused by hand' : 'interrupted';
    case 'lost':
      return 'nobody saw its end';
    case 'failed':
      return `${outcome.class} (${oneLine(outcome.message)})`;
    default:
      return outcome satisfies never;
  }
}

function writtenWords(event: EventOf<'WRITTEN'>, { verdict }: Context): Words | null {
  if (verdict.type !== 'write') return null;
  const status = verdict.change['status'] ?? 'READY';
  const commit = event.commit === null ? '' : `, commit ${event.commit.slice(0, commitChars)}`;
  switch (status) {
    case 'READY':
      return { mark: good('→'), words: `${verdict.why}${commit}` };
    case 'ESCALATE':
    case 'BLOCKED':
      // The question, or the reason, follows with the reading of what was written.
      return { mark: warn('→'), words: `${status}${commit}` };
    default:
      return { mark: note('→'), words: `${status}: ${verdict.why}${commit}` };
  }
}

function gatedWords(event: EventOf<'GATED'>, context: Context): Words | null {
  const findings = event.gates.flatMap((gate) => gate.findings);
  if (findings.length === 0) return coolWords(context, event.at);
  const more = findings
    .slice(0, remarksShownMax)
    .map((finding) => `${finding.severity} ${finding.file ?? ''} ${headline(finding)}`);
  return {
    mark: bad('✗'),
    words: `The check found ${counted(findings.length, 'thing')} to mend`,
    more,
  };
}

function coolWords({ verdict }: Context, at: number): Words | null {
  if (verdict.type !== 'cool') return null;
  const { order, until, why, wait } = verdict;
  const spends = wait === null ? '' : ', spending no attempt';
  return {
    mark: warn('…'),
    words: `${order.role} is tried again in ${duration(until - at)}${spends}: ${why}`,
  };
}

/** Where a reading led without a session. */
function restWords({ verdict, question, round }: Context): Words | null {
  switch (verdict.type) {
    case 'park':
      if (verdict.kind !== 'escalation')
        return { mark: warn('⏸'), words: verdict.why, more: problemWords(verdict.problems) };
      return {
        mark: warn('?'),
        words: `${question?.role ?? 'a role'} asks, and waits for your answer`,
        tone: 'strong',
        more: problemWords(verdict.problems),
      };
    case 'unreadable':
      return {
        mark: bad('✗'),
        words: 'The handoff cannot be read; it is left alone',
        more: problemWords(verdict.problems),
      };
    case 'stall':
      return { mark: warn('!'), words: verdict.why };
    case 'finish':
      return { mark: good('✓'), words: `round ${round?.id ?? ''}: ${verdict.why}`, tone: 'strong' };
    case 'none':
    case 'dispatch':
    case 'gate':
    case 'write':
    case 'cool':
    case 'resume':
      return null;
    default:
      return verdict satisfies never;
  }
}

function problemWords(problems: readonly Diagnostic[]): readonly string[] {
  return problems.slice(0, diagnosticsShownMax).map((each) => plainOf(diagnosticLine(each)));
}

/**
 * One diagnostic on one line.
 *
 * @example plainOf(diagnosticLine(d)) // 'line 3: unknown status "REDAY" (status-unknown) → use one of READY, …'
 */
export function diagnosticLine(diagnostic: Diagnostic): Line {
  const tone = { error: bad, warning: warn, info: quiet }[diagnostic.severity];
  return [
    tone(`line ${diagnostic.line}`),
    `: ${oneLine(diagnostic.message)} `,
    quiet(`(${diagnostic.code})`),
    ' → ',
    note(oneLine(diagnostic.hint)),
  ];
}

/** All diagnostics of a file, wrapped under its name. */
export function problemLines(file: string, diagnostics: readonly Diagnostic[], columns: number): Text {
  return [
    [strong(file)],
    ...diagnostics.flatMap((each) =>
      wrap(plainOf(diagnosticLine(each)), columns - 2, 2).map((line): Line => `  ${line}`),
    ),
  ];
}
