/**
 * Turns a plan of roles into a script for the provider: whoever asks is recognised by a line in the prompt, and plays
 * that role's calls one after the other, then its closing text. The step is the number of tool results already there,
 * so one plan serves a whole round, its retries and parallel sessions. It keeps no state of its own.
 */
import { readRoleLine } from '../../src/server/provider/exchange.ts';
import type {
  Asked,
  ModelReply,
  ModelRequest,
  ModelScript,
  ToolCall,
} from '../../src/server/provider/exchange.ts';

/** What a role does in one session: each call is one turn of the model, then it says the text and ends. */
export type RoleTurn = { readonly calls: readonly ToolCall[]; readonly text: string };

export type RolePlan = {
  /** A function sees who asks, so a second visit can differ; it is called for every request and must not keep count. */
  readonly roles: Readonly<Record<string, RoleTurn | ((asked: Asked, request: ModelRequest) => RoleTurn)>>;
};

/**
 * Builds the script. A prompt of nobody in the plan is refused with a 400, so it ends the session and shows in its result.
 *
 * @example
 * const api = await startModelApi(
 *   roleScript({ roles: { architect: { calls: [{ name: 'Write', input: { file_path, content } }], text: 'Spec written.' } } }),
 * );
 */
export function roleScript(plan: RolePlan): ModelScript {
  return (request): ModelReply => {
    const asked = readRoleLine(request.prompt);
    if (asked === null) return refuse(`no role is named in the prompt "${request.prompt.slice(0, 80)}"`);
    const turn = plan.roles[asked.role];
    if (turn === undefined)
      return refuse(`the plan has no role "${asked.role}", only ${Object.keys(plan.roles).join(', ')}`);
    const { calls, text } = typeof turn === 'function' ? turn(asked, request) : turn;
    const call = calls[request.toolResults];
    return call === undefined ? { text } : { tools: [call] };
  };
}

function refuse(message: string): ModelReply {
  return { status: 400, error: { type: 'invalid_request_error', message } };
}
