/**
 * The failures of real providers, each as its wire words it: what a client makes of a failure depends on status, type
 * and headers. The bodies are those the recorded clients reacted to (reference: the cassettes' cases). Pure.
 */
import type { ProviderFailure } from '../../protocol/modelscript.ts';
import type { ModelFailure, ModelReply, WireName } from './exchange.ts';

export type Failing = {
  readonly kind: ProviderFailure;
  /** Seconds, for the header Retry-After. */
  readonly retryAfter?: number | undefined;
  /** Epoch seconds at which a used-up limit is free again. */
  readonly resetsAt?: number | undefined;
};

/** The reply that plays a failure on a wire. */
export function replyOf({ kind, retryAfter, resetsAt }: Failing, wire: WireName): ModelReply {
  switch (kind) {
    case 'cut':
      return { cut: 'reset' };
    case 'end':
      return { cut: 'end' };
    case 'stall':
      return { cut: 'hang' };
    case 'hang':
      return { hang: true };
    case 'garbage':
      return { garbage: 'data: {this is no answer\n\n' };
    case 'usage-limit':
      return usageLimit(wire, resetsAt);
    case 'rate-limit':
    case 'overloaded':
    case 'server-error':
    case 'auth':
    case 'credit':
    case 'too-long':
    case 'bad-request': {
      const [status, type, message] = worded[kind][wire];
      const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
      return { status, error: { type, message }, headers };
    }
    default:
      return kind satisfies never;
  }
}

type Worded = Exclude<ProviderFailure, 'cut' | 'end' | 'stall' | 'hang' | 'garbage' | 'usage-limit'>;
type Words = readonly [status: number, type: string, message: string];

const worded: Readonly<Record<Worded, Readonly<Record<WireName, Words>>>> = {
  'rate-limit': {
    messages: [429, 'rate_limit_error', 'Too many requests'],
    responses: [429, 'rate_limit_exceeded', 'Too many requests'],
    generate: [429, 'RESOURCE_EXHAUSTED', 'Too many requests'],
  },
  overloaded: {
    messages: [529, 'overloaded_error', 'Overloaded'],
    responses: [503, 'server_error', 'Overloaded'],
    generate: [503, 'UNAVAILABLE', 'The model is overloaded'],
  },
  'server-error': {
    messages: [500, 'api_error', 'Internal server error'],
    responses: [500, 'server_error', 'Internal server error'],
    generate: [500, 'INTERNAL', 'Internal error'],
  },
  auth: {
    messages: [401, 'authentication_error', 'invalid x-api-key'],
    responses: [401, 'invalid_api_key', 'Incorrect API key provided'],
    generate: [401, 'UNAUTHENTICATED', 'API key not valid'],
  },
  credit: {
    messages: [400, 'invalid_request_error', 'Your credit balance is too low to access the API'],
    responses: [429, 'insufficient_quota', 'You exceeded your current quota'],
    generate: [403, 'PERMISSION_DENIED', 'Billing is disabled for this project'],
  },
  'too-long': {
    messages: [400, 'invalid_request_error', 'prompt is too long: 250000 tokens > 200000 maximum'],
    responses: [400, 'context_length_exceeded', 'Your input exceeds the context window of this model'],
    generate: [400, 'INVALID_ARGUMENT', 'The input token count exceeds the maximum number of tokens allowed'],
  },
  'bad-request': {
    messages: [400, 'invalid_request_error', 'bad request'],
    responses: [400, 'invalid_request_error', 'bad request'],
    generate: [400, 'INVALID_ARGUMENT', 'bad request'],
  },
};

/** A plan's limit, used up: each wire tells its end in another place. */
function usageLimit(wire: WireName, resetsAt: number | undefined): ModelFailure {
  const reset = resetsAt === undefined ? {} : { 'anthropic-ratelimit-unified-reset': String(resetsAt) };
  switch (wire) {
    case 'messages':
      return {
        status: 429,
        error: { type: 'rate_limit_error', message: 'This request would exceed your account limit' },
        headers: {
          'anthropic-ratelimit-unified-status': 'rejected',
          'anthropic-ratelimit-unified-representative-claim': 'five_hour',
          ...reset,
        },
      };
    case 'responses':
      return {
        status: 429,
        error: { type: 'usage_limit_reached', message: 'The usage limit has been reached' },
      };
    case 'generate': {
      const violations = [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel' }];
      const detail = { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations };
      const message = 'You exceeded your current quota';
      return { status: 429, error: { type: 'RESOURCE_EXHAUSTED', message, details: [detail] } };
    }
    default:
      return wire satisfies never;
  }
}
