/**
 * The scripted agent: this program itself plays a role from a scenario file, so that the demo, the examples and the
 * tests run offline and free. It prints our own events as JSON lines. It starts no model, ever; the player is
 * cli/commands/play.ts, a process of its own like any other agent.
 */
import type {
  Agent,
  Brief,
  Command,
  Exit,
  FailureClass,
  Order,
  Outcome,
  Place,
  SessionEvent,
  Tally,
} from '../protocol/session.ts';
import type { AgentSettings } from '../protocol/policy.ts';
import { failureClasses } from '../protocol/session.ts';
import { asNumber, asText, fieldsOf, plain } from './line.ts';
import { orderEnv } from './order.ts';
import { verdict } from './verdict.ts';

/** Plays `agents.<name>.scenario`, a path relative to the project. */
export const scripted: Agent = {
  kind: 'scripted',
  program: null,
  resumes: false,
  command: start,
  read,
  judge,
  transcript: null,
};

function start(order: Order, brief: Brief, place: Place, settings: AgentSettings): Command {
  const [program = 'next-role', ...prefix] = place.self;
  const scenario = settings.scenario ?? '';
  const path = scenario === '' || scenario.startsWith('/') ? scenario : `${place.project}/${scenario}`;
  return {
    argv: [program, ...prefix, 'play', path, ...settings.args],
    env: orderEnv(order, place),
    passEnv: settings.env,
    stdin: brief.prompt,
    files: {},
  };
}

function read(line: string): SessionEvent {
  const fields = fieldsOf(line);
  if (fields === null) return { type: 'noise' };
  switch (fields['type']) {
    case 'started':
      return { type: 'started', sessionId: asText(fields['sessionId']), model: asText(fields['model']) };
    case 'text':
      return { type: 'text', text: plain(asText(fields['text']) ?? '') };
    case 'tool':
    case 'denied':
      return {
        type: fields['type'],
        tool: asText(fields['tool']) ?? 'unknown',
        target: asText(fields['target']),
      };
    case 'waiting':
      return {
        type: 'waiting',
        reason: plain(asText(fields['reason']) ?? ''),
        untilMs: asNumber(fields['untilMs']),
      };
    case 'failure':
      return {
        type: 'failure',
        class: classOf(fields['class']),
        message: plain(asText(fields['message']) ?? ''),
        resetsAt: asNumber(fields['resetsAt']),
      };
    case 'done':
      return {
        type: 'done',
        text: plain(asText(fields['text']) ?? ''),
        costUsd: asNumber(fields['costUsd']),
        turns: asNumber(fields['turns']),
        denied: [],
        // A player starts no model, so what it used is known: nothing.
        usage: { counts: 'session', models: [] },
      };
    default:
      return { type: 'noise' };
  }
}

function judge(exit: Exit, tally: Tally): Outcome {
  return verdict(exit, tally, 'the scenario player');
}

function classOf(value: unknown): FailureClass {
  return failureClasses.find((known) => known === value) ?? 'failed';
}
