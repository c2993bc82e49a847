/**
 * The drift alarm of the Claude Code contract, second part: how a session ends when it does not end well. The real,
 * pinned program meets its turn limit, SIGTERM and a failing provider, and the adapter must give each its class. Every
 * fact here is one of version 2.1.330; retries are set to one, so that no case waits for minutes.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { bash, calling, closeSessions, drive, finish, start, write } from '../rig/claude-session.ts';
import type { Seen, Wanted } from '../rig/claude-session.ts';
import type { ModelFailure } from '../../src/server/provider/exchange.ts';

const waitMsMax = 20_000;
const pollMs = 20;

afterAll(closeSessions);

/** Fails the first `times` requests, then answers. */
function failing(failure: ModelFailure, times = Number.POSITIVE_INFINITY): Wanted['script'] {
  let failed = 0;
  return () => () => (failed++ < times ? failure : { text: 'END' });
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + waitMsMax;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`waited ${waitMsMax} ms in vain until ${what}`);
    await sleep(pollMs);
  }
}

/** A zombie is dead. Without /proc (macOS) every process looks dead, and the test that asks proves less. */
function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch (error) {
    if (
      (error as NodeJS.ErrnoException).code !== 'ENOENT' &&
      (error as NodeJS.ErrnoException).code !== 'ESRCH'
    )
      throw error;
    return false;
  }
}

describe('a session that is ended', () => {
  it('by its turn limit says error_max_turns and exits 1, one turn above the limit', async () => {
    const seen = await drive({
      turns: 2,
      script: calling((project) => ['a', 'b', 'c'].map((name) => write(join(project, name)))),
    });
    expect(seen.end.code).toBe(1);
    expect(seen.result).toMatchObject({
      subtype: 'error_max_turns',
      is_error: true,
      num_turns: 3,
      terminal_reason: 'max_turns',
    });
    expect(['a', 'b', 'c'].map((name) => existsSync(join(seen.project, name)))).toEqual([true, true, false]);
    expect(seen.outcome).toMatchObject({ type: 'failed', class: 'capped' });
  });

  it('by SIGTERM while the model is silent exits 143 without a result, its init line out before', async () => {
    const running = await start({ script: () => () => ({ hang: true }) });
    await until('the model is asked', () => running.requests.length > 0);
    running.session.kill('SIGTERM');
    const seen = await finish(running);
    expect([seen.end.code, seen.end.signal]).toEqual([143, null]);
    expect(seen.events.map((event) => event.subtype ?? event.type)).toEqual(['init']);
    expect(seen.outcome).toMatchObject({ type: 'failed', class: 'crashed' });
  });

  it('by SIGTERM in a command exits 143 without a result and takes the command with it', async () => {
    const running = await start({
      script: calling(() => [bash('echo $$ > shell.pid; for n in $(seq 60); do sleep 1; done')]),
    });
    const file = join(running.project, 'shell.pid');
    await until('the command runs', () => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'));
    const pid = Number(readFileSync(file, 'utf8'));
    expect(isAlive(pid)).toBe(process.platform === 'linux');
    running.session.kill('SIGTERM');
    const seen = await finish(running);
    expect([seen.end.code, seen.end.signal, seen.result]).toEqual([143, null, undefined]);
    await until('the command is gone', () => !isAlive(pid));
  });
});

describe('a provider that fails', () => {
  const fail = (
    status: number,
    type: string,
    message: string,
    headers: Record<string, string> = {},
  ): ModelFailure => ({
    status,
    error: { type, message },
    headers,
  });
  const retries = (seen: Seen): readonly unknown[] =>
    seen.events
      .filter((event) => event.subtype === 'api_retry')
      .map((event) => [event['error_status'], event['error']]);

  it('with 429 and a short Retry-After is waited for, and the session succeeds', async () => {
    const failure = fail(429, 'rate_limit_error', 'slow down', { 'retry-after': '1' });
    const seen = await drive({ script: failing(failure, 1) });
    expect(retries(seen)).toEqual([[429, 'rate_limit']]);
    expect(seen.outcome).toEqual({ type: 'done' });
    expect(seen.requests[1]!.at - seen.requests[0]!.at).toBeGreaterThanOrEqual(1000);
  });

  it.each([
    [
      '429 for ever',
      fail(429, 'rate_limit_error', 'slow down'),
      2,
      { api_error_status: 429 },
      'rate-limited',
    ],
    [
      '429 with Retry-After 3600',
      fail(429, 'rate_limit_error', 'later', { 'retry-after': '3600' }),
      1,
      { api_error_status: 429 },
      'rate-limited',
    ],
    ['529 for ever', fail(529, 'overloaded_error', 'Overloaded'), 2, { api_error_status: 529 }, 'overloaded'],
    [
      '401 for ever',
      fail(401, 'authentication_error', 'invalid x-api-key'),
      2,
      { api_error_status: 401 },
      'auth',
    ],
    [
      '400 for credit',
      fail(400, 'invalid_request_error', 'Your credit balance is too low'),
      1,
      { api_error_status: 400 },
      'quota',
    ],
    [
      '400 for length',
      fail(400, 'invalid_request_error', 'prompt is too long: 250000 tokens > 200000 maximum'),
      1,
      { terminal_reason: 'prompt_too_long' },
      'context-too-long',
    ],
  ] as const)(
    '%s ends in exit code 1 and a result that calls itself a success with is_error',
    async (_, failure, asked, fields, kind) => {
      const seen = await drive({ script: failing(failure) });
      expect(seen.end.code).toBe(1);
      expect(seen.result).toMatchObject({ subtype: 'success', is_error: true, ...fields });
      expect(seen.requests).toHaveLength(asked);
      expect(retries(seen)).toHaveLength(asked - 1);
      expect(seen.outcome).toMatchObject({ type: 'failed', class: kind });
    },
  );

  it('with the usage limit of a plan names the moment of its reset', async () => {
    const resetsAtS = Math.floor(Date.now() / 1000) + 3600;
    const headers = {
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-reset': String(resetsAtS),
      'anthropic-ratelimit-unified-representative-claim': 'five_hour',
    };
    const seen = await drive({
      script: failing(fail(429, 'rate_limit_error', 'limit', headers)),
      // Only a session of a plan gets such headers; the token is as invented as the key.
      env: { ANTHROPIC_API_KEY: undefined, CLAUDE_CODE_OAUTH_TOKEN: 'sk-dummy-for-tests' },
    });
    expect(seen.end.code).toBe(1);
    expect(seen.outcome).toMatchObject({ type: 'failed', class: 'rate-limited', resetsAt: resetsAtS * 1000 });
  });

  it('by not being there is a network failure', async () => {
    // Port 1 needs a privilege to listen on, so nothing of a test does.
    const seen = await drive({
      script: calling(() => []),
      env: { ANTHROPIC_BASE_URL: 'http://127.0.0.1:1' },
    });
    expect(seen.end.code).toBe(1);
    expect(seen.result).toMatchObject({
      is_error: true,
      api_error: 'connection_failed',
      api_error_status: null,
    });
    expect(seen.outcome).toMatchObject({ type: 'failed', class: 'network' });
  });
});
