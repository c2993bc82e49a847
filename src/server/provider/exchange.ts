/**
 * What a provider of ours is asked and what it answers, the same for every wire: a request read into the few things a
 * script decides on, an answer, a failure, or one of the ways in which a real provider lets its clients down. Types
 * only, and how a prompt says which role it is for.
 */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Usage } from '../../protocol/usage.ts';

/** `messages` is the wire of Claude Code and of opencode's provider "anthropic", `responses` Codex's, `generate` Gemini CLI's. */
export type WireName = 'messages' | 'responses' | 'generate';

/** One part of a prompt in the order in which a provider caches: its text, and whether a cache entry ends behind it. */
export type PromptBlock = { readonly text: string; readonly breakpoint: '5m' | '1h' | null };

/** A call as the wire spells it: arguments, or one text for a tool that takes free text. */
export type ToolCall = {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>> | string;
};

/** One request of a client, read once. */
export type ModelRequest = {
  readonly wire: WireName;
  /** Epoch milliseconds of its last byte. */
  readonly at: number;
  readonly model: string;
  /** Every system block, in order, one per line group. */
  readonly system: string;
  /** The user's message that asks for the present work, without what the client puts around it. */
  readonly prompt: string;
  /** Tool results that came after that message. */
  readonly toolResults: number;
  /** The texts of the results that came back with the last message. */
  readonly lastResults: readonly string[];
  readonly tools: readonly string[];
  readonly wasStreaming: boolean;
  /** What the client says of its session; null when it says nothing. */
  readonly session: string | null;
  /** The folder the client works in, as far as it says so. */
  readonly cwd: string | null;
  readonly blocks: readonly PromptBlock[];
  /** The body as it came, for what is not named above. */
  readonly raw: string;
};

export type ModelAnswer = {
  readonly text?: string;
  readonly tools?: readonly ToolCall[];
  /** What the answer says was used, in place of what was counted. */
  readonly usage?: Partial<Usage>;
  /** The part of the output that was thinking. */
  readonly thoughts?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly delayMs?: number;
};

export type ModelFailure = {
  readonly status: number;
  readonly error: { readonly type: string; readonly message: string; readonly details?: readonly object[] };
  /** For example `retry-after`, in seconds. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly delayMs?: number;
};

/** The request is accepted and nothing is ever sent back. */
export type ModelSilence = { readonly hang: true };

/** An answer that breaks off: the connection is reset, ends as if it were whole, or stays open in silence. */
export type ModelCut = { readonly cut: 'reset' | 'end' | 'hang'; readonly text?: string };

/** Status 200 and a body that is no answer. */
export type ModelGarbage = { readonly garbage: string };

export type ModelReply = ModelAnswer | ModelFailure | ModelSilence | ModelCut | ModelGarbage;
export type ModelScript = (request: ModelRequest) => ModelReply | Promise<ModelReply>;

/** What was asked: the body, and what of the address and the headers a wire needs. */
export type Asking = { readonly raw: string; readonly path: string; readonly headers: IncomingHttpHeaders };

/** What is sent back of an answer: everything, or the beginning alone. */
export type Sending = {
  readonly answer: ModelAnswer;
  readonly usage: Usage;
  /** Makes ids unique. */
  readonly n: number;
  /** Leaves out what closes the answer, and the response open. */
  readonly unfinished: boolean;
};

/** How one kind of client speaks with its provider. */
export type Wire = {
  readonly name: WireName;
  /** Missing parts read as empty; only text that is not JSON throws. */
  read(asking: Asking): ModelRequest;
  send(response: ServerResponse, request: ModelRequest, sending: Sending): void;
  fail(response: ServerResponse, failure: ModelFailure): void;
};

export type Asked = { readonly role: string; readonly round: string };

const roleLine = /^Role: (?<role>\S+) · Round: (?<round>\S+)/m;

/**
 * Finds the line `Role: <role> · Round: <round>` that every prompt of ours carries near its top.
 *
 * @example
 * readRoleLine('You work one round.\nRole: reviewer · Round: R07\n'); // { role: 'reviewer', round: 'R07' }
 */
export function readRoleLine(prompt: string): Asked | null {
  const { role, round } = roleLine.exec(prompt)?.groups ?? {};
  return role === undefined || round === undefined ? null : { role, round };
}

/**
 * Where the present work is asked for among the user's texts: the last that names a role, because a resumed session
 * carries its earlier prompts along; else the first that is not empty.
 */
export function askingAt(texts: readonly string[]): number {
  const named = texts.findLastIndex((text) => readRoleLine(text) !== null);
  return named >= 0
    ? named
    : Math.max(
        0,
        texts.findIndex((text) => text !== ''),
      );
}
