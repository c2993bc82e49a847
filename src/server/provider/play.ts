/**
 * Plays a script file: who asks is told by the prompt, the step by the tool results already in the request. The only
 * thing it remembers is how often a turn that must fail has failed for a session, since nothing in a request says so.
 */
import type { ModelScriptFile, ScriptPart, ScriptTurn } from '../../protocol/modelscript.ts';
import { callsOf } from './actions.ts';
import { readRoleLine } from './exchange.ts';
import type { Asked, ModelReply, ModelRequest, ModelScript } from './exchange.ts';
import { replyOf } from './failures.ts';

/** Sessions whose failures are counted; the oldest are forgotten. */
const countedMax = 10_000;

/**
 * The script that plays a file. A role that is not in it is refused with a 400, so it ends the session and shows in its
 * result.
 *
 * @example startModelApi(playScript({ roles: { reviewer: [{ turns: [{ run: 'npm test' }], say: 'Green.' }] } }))
 */
export function playScript(file: ModelScriptFile): ModelScript {
  const failed = new Map<string, number>();
  return (request): ModelReply => {
    const asked = readRoleLine(request.prompt);
    // A call that offers no tools is one that a program makes for itself, even where it quotes the prompt.
    if (asked === null || request.tools.length === 0) return { text: file.other ?? 'ok' };
    const parts = file.roles[asked.role];
    const part = parts?.find(({ when }) => when === undefined || request.prompt.includes(when));
    if (part === undefined) return refuse(file, asked, parts);
    const step = stepsOf(part, request, asked)[request.toolResults];
    const fail = step?.turn.fail;
    const isMeant = fail?.model === undefined || request.model.includes(fail.model);
    if (fail !== undefined && isMeant && mayFail(failed, keyOf(request, asked), fail.times)) {
      return replyOf(fail, request.wire);
    }
    return step === undefined ? { text: part.say } : step.reply;
  };
}

type Step = { readonly turn: ScriptTurn; readonly reply: ModelReply };

/** One step per call, since every call brings one result. A turn without a call ends the session where it stands. */
function stepsOf(part: ScriptPart, request: ModelRequest, asked: Asked): readonly Step[] {
  return part.turns.flatMap((written) => {
    const turn = filled(written, asked);
    const calls = callsOf(turn, request);
    const { thoughts, usage, delayMs } = turn;
    const more = {
      ...(turn.say === undefined ? {} : { text: turn.say }),
      ...(thoughts === undefined ? {} : { thoughts }),
      ...(usage === undefined ? {} : { usage: present(usage) }),
      ...(delayMs === undefined ? {} : { delayMs }),
    };
    const [first, ...rest] = calls;
    const own: Step = {
      turn,
      reply: { text: turn.say ?? part.say, ...more, ...(first && { tools: [first] }) },
    };
    return [
      first === undefined ? own : { turn, reply: { ...more, tools: [first] } },
      ...rest.map((call): Step => ({ turn: {}, reply: { ...more, tools: [call] } })),
    ];
  });
}

function present<Value>(values: Readonly<Record<string, Value | undefined>>): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** `{round}` and `{role}` in every text of a turn. */
function filled(turn: ScriptTurn, { role, round }: Asked): ScriptTurn {
  const fill = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replaceAll('{round}', round).replaceAll('{role}', role);
    if (Array.isArray(value)) return value.map(fill);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, fill(inner)]));
  };
  return fill(turn) as ScriptTurn;
}

function keyOf(request: ModelRequest, { role, round }: Asked): string {
  return [request.session ?? '', request.wire, role, round, request.toolResults].join(' ');
}

function mayFail(failed: Map<string, number>, key: string, times: number | undefined): boolean {
  if (times === undefined) return true;
  const before = failed.get(key) ?? 0;
  if (before >= times) return false;
  const [oldest] = failed.keys();
  if (failed.size >= countedMax && oldest !== undefined) failed.delete(oldest);
  failed.set(key, before + 1);
  return true;
}

function refuse(
  file: ModelScriptFile,
  { role }: Asked,
  parts: readonly ScriptPart[] | undefined,
): ModelReply {
  const message =
    parts === undefined
      ? `the script has no role "${role}", only ${Object.keys(file.roles).join(', ')}`
      : `no part of the role "${role}" fits this prompt: each has a "when" that is not in it`;
  return { status: 400, error: { type: 'invalid_request_error', message } };
}
