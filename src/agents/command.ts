/**
 * The command agent: any shell command works an order. The brief comes on stdin and as a file, the order's facts as
 * environment variables; each line it prints is shown. It has no protocol of its own, so exit code 0 is its only way
 * to say it is done, and the artifacts it owes are what proves it.
 */
import type {
  Agent,
  Brief,
  Command,
  Exit,
  Order,
  Outcome,
  Place,
  SessionEvent,
  Tally,
} from '../protocol/session.ts';
import type { AgentSettings } from '../protocol/policy.ts';
import { plain } from './line.ts';
import { orderEnv, wholePrompt } from './order.ts';
import { verdict } from './verdict.ts';

/** Name of the brief's file in the session's folder; its absolute path is NEXT_ROLE_PROMPT_FILE. */
export const promptFile = 'prompt.md';

/** An agent that is a shell command line (`agents.<name>.run`), for example `my-agent --auto < "$NEXT_ROLE_PROMPT_FILE"`. */
export const command: Agent = {
  kind: 'command',
  program: null,
  resumes: false,
  command: start,
  read,
  judge,
  transcript: null,
};

function start(order: Order, brief: Brief, place: Place, settings: AgentSettings): Command {
  const prompt = wholePrompt(brief);
  const run =
    settings.run ?? `echo 'agent "${settings.name.replaceAll("'", '')}" has no run: command' >&2; exit 126`;
  const line = settings.args.length === 0 ? run : `${run} "$@"`;
  return {
    // The word after the line is $0, which shells put in front of their own complaints.
    argv: ['/bin/sh', '-c', line, 'next-role', ...settings.args],
    env: { ...orderEnv(order, place), NEXT_ROLE_PROMPT_FILE: `${place.session}/${promptFile}` },
    passEnv: settings.env,
    stdin: prompt,
    files: { [promptFile]: prompt },
  };
}

function read(line: string): SessionEvent {
  const text = plain(line).trimEnd();
  return text === '' ? { type: 'noise' } : { type: 'text', text };
}

function judge(exit: Exit, tally: Tally): Outcome {
  if (exit.type !== 'exited') return verdict(exit, tally, 'the command');
  if (exit.code === 0) return { type: 'done' };
  const outcome = verdict(exit, tally, 'the command');
  if (outcome.type !== 'failed' || outcome.class !== 'crashed') return outcome;
  return { ...outcome, message: `the command ended with exit code ${exit.code}` };
}
