/**
 * The drift alarm of the Claude Code contract, first part: what a session does, is told and is refused. The real, pinned
 * program runs with the adapter's own command line, and every fact that src/agents/claude.ts and the runner build on is
 * looked up in what it does. Every fact here is one of version 2.1.330; it never asserts the wording of a message.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pinnedClaudeVersion } from '../rig/claude.ts';
import {
  allTools,
  bash,
  calling,
  closeSessions,
  drive,
  prompt,
  read,
  sessionId,
  system,
  toolResults,
  write,
} from '../rig/claude-session.ts';
import type { Seen } from '../rig/claude-session.ts';

afterAll(closeSessions);

const deniedTools = (seen: Seen): readonly unknown[] =>
  (seen.result?.['permission_denials'] as { tool_name: string }[]).map((denial) => denial.tool_name);
const deniedEvents = (seen: Seen): readonly unknown[] =>
  seen.events.filter((event) => event.subtype === 'permission_denied').map((event) => event['tool_name']);

describe('a session that does its work', () => {
  let seen: Seen;
  beforeAll(async () => {
    seen = await drive({
      prepare: (project) => {
        writeFileSync(join(project, 'CLAUDE.md'), 'PROJECT-MEMORY');
        mkdirSync(join(project, '.claude'));
        const hook = { type: 'command', command: 'touch HOOK-RAN' };
        const settings = {
          hooks: { PreToolUse: [{ matcher: '*', hooks: [hook] }] },
          permissions: { deny: ['Write'] },
        };
        writeFileSync(join(project, '.claude/settings.json'), JSON.stringify(settings));
        writeFileSync(join(project, '.mcp.json'), '{"mcpServers":{"x":{"command":"true"}}}');
      },
      script: calling((project) => [
        write(join(project, 'coordination/specs/Q-R07-SPEC.md')),
        read(join(project, 'coordination/NEXT-ROLE.md')),
        {
          name: 'Edit',
          input: {
            file_path: join(project, 'coordination/NEXT-ROLE.md'),
            old_string: 'next-role: implementer\nstatus: WORKING',
            new_string: 'next-role: reviewer\nstatus: READY',
          },
        },
        bash('echo ran > ran.txt && cat ran.txt'),
      ]),
    });
  });

  it('writes, edits after reading and runs a command in its working directory', () => {
    const text = (file: string): string => readFileSync(join(seen.project, file), 'utf8');
    expect(text('coordination/specs/Q-R07-SPEC.md')).toBe('written\n');
    expect(text('coordination/NEXT-ROLE.md')).toBe(
      '---\nround: R07\nnext-role: reviewer\nstatus: READY\n---\n',
    );
    expect(text('ran.txt')).toBe('ran\n');
    expect(toolResults(seen.events).map((result) => [result.tool, result.isError, result.decision])).toEqual([
      ['Write', false, 'accept'],
      ['Read', false, 'accept'],
      ['Edit', false, 'accept'],
      ['Bash', false, 'accept'],
    ]);
  });

  it('announces version, session id, model, mode and tools in its first line', () => {
    const init = seen.events[0];
    expect(init).toMatchObject({
      type: 'system',
      subtype: 'init',
      session_id: sessionId,
      cwd: seen.project,
      permissionMode: 'dontAsk',
      mcp_servers: [],
      claude_code_version: pinnedClaudeVersion(),
    });
    expect(init?.['tools']).toEqual([...allTools].sort());
    // The alias becomes a full model id, and the API is asked for the same one.
    expect(init?.['model']).toMatch(/^claude-sonnet-/);
    expect(seen.requests[0]?.model).toBe(init?.['model']);
  });

  it('ends with exit code 0 and one result line, the last', () => {
    expect(seen.end).toEqual({ code: 0, signal: null, stderr: '' });
    expect(seen.events.filter((event) => event.type === 'result')).toHaveLength(1);
    expect(seen.events.at(-1)).toMatchObject({
      type: 'result',
      subtype: 'success',
      is_error: false,
      result: 'END',
      session_id: sessionId,
      num_turns: 5,
      terminal_reason: 'completed',
      permission_denials: [],
    });
    expect(seen.result?.['total_cost_usd']).toBeGreaterThan(0);
    // Five requests of 100 in and 20 out each (the model API's default usage).
    expect(seen.result?.['usage']).toMatchObject({ input_tokens: 500, output_tokens: 100 });
  });

  it('is understood by the adapter as done', () => {
    expect(seen.outcome).toEqual({ type: 'done' });
    expect(seen.tally).toMatchObject({
      sessionId,
      done: true,
      doneText: 'END',
      failure: null,
      denied: [],
      tools: 4,
      turns: 5,
    });
  });

  it('sends our prompt as it is and our system text at the end of its own', () => {
    expect(seen.requests).toHaveLength(5);
    expect(seen.requests.every((request) => request.wasStreaming)).toBe(true);
    expect(seen.requests[0]?.prompt).toBe(prompt);
    expect(seen.requests.every((request) => request.system.endsWith(system))).toBe(true);
  });

  it('offers the model the ordered tools and a placeholder of its own, nothing else', () => {
    expect([...(seen.requests[0]?.tools ?? [])].sort()).toEqual(
      [...allTools, 'DeferredToolPlaceholder'].sort(),
    );
  });

  it('reads neither CLAUDE.md nor the settings, hooks and MCP servers of the project', () => {
    expect(seen.requests.some((request) => request.raw.includes('PROJECT-MEMORY'))).toBe(false);
    expect(existsSync(join(seen.project, 'HOOK-RAN'))).toBe(false);
  });

  it('leaves its transcript where working directory and session id say', () => {
    const folder = seen.project.replaceAll(/[^A-Za-z0-9]/g, '-');
    expect(existsSync(join(seen.config, 'projects', folder, `${sessionId}.jsonl`))).toBe(true);
  });
});

describe('what a session is told', () => {
  it('takes a prompt of 300 KB on stdin, whole', async () => {
    const long = `${prompt}${'x'.repeat(300 * 1024)}\nTHE-LAST-LINE`;
    const seen = await drive({ prompt: long, script: calling(() => []) });
    expect(seen.end.code).toBe(0);
    expect(seen.requests[0]?.prompt).toBe(long);
  });

  it.each([
    [undefined, true],
    ['1', false],
  ])(
    'CLAUDE_CODE_DISABLE_GIT_INSTRUCTIONS=%s: a git status with file names in the request: %s',
    async (value, isTold) => {
      const seen = await drive({
        script: calling(() => []),
        env: { CLAUDE_CODE_DISABLE_GIT_INSTRUCTIONS: value },
      });
      expect(seen.requests[0]?.raw.includes('?? coordination/')).toBe(isTold);
      expect(seen.requests[0]?.raw.includes('Co-Authored-By')).toBe(isTold);
    },
  );
});

describe('a hidden folder', () => {
  let seen: Seen;
  beforeAll(async () => {
    const secret = 'coordination/logs/secret.md';
    seen = await drive({
      hidden: ['coordination/logs/'],
      script: calling((project) => [
        read(join(project, secret)),
        { name: 'Edit', input: { file_path: join(project, secret), old_string: 'SECRET', new_string: 'X' } },
        write(join(project, 'coordination/logs/new.md')),
        {
          name: 'Grep',
          input: { pattern: 'SECRET', path: join(project, 'coordination/logs'), output_mode: 'content' },
        },
        bash(`cat ${secret}`),
        bash('echo x > coordination/logs/from-bash.md'),
        { name: 'Grep', input: { pattern: 'SECRET', path: project, output_mode: 'content' } },
        { name: 'Glob', input: { pattern: 'coordination/logs/**' } },
        bash('grep -r SECRET coordination | head -1'),
      ]),
    });
  });

  it('is refused to Read, Edit, Write, Grep, and to plain commands that name it', () => {
    expect(
      toolResults(seen.events)
        .slice(0, 6)
        .map((result) => [result.tool, result.isError]),
    ).toEqual([
      ['Read', true],
      ['Edit', true],
      ['Write', true],
      ['Grep', true],
      ['Bash', true],
      ['Bash', true],
    ]);
    expect(readFileSync(join(seen.project, 'coordination/logs/secret.md'), 'utf8')).toBe('SECRET-LOG\n');
    expect(existsSync(join(seen.project, 'coordination/logs/new.md'))).toBe(false);
    expect(existsSync(join(seen.project, 'coordination/logs/from-bash.md'))).toBe(false);
  });

  it('is passed over in silence by Grep and Glob of a wider folder', () => {
    for (const result of toolResults(seen.events).slice(6, 8)) {
      expect(result.isError).toBe(false);
      expect(result.text).not.toContain('secret.md');
    }
  });

  it('is not safe from a command that finds its own way: a rule is a fence, not a proof', () => {
    expect(toolResults(seen.events)[8]?.text).toContain('SECRET-LOG');
  });

  it('shows every refusal in the result, but not every one as an event', () => {
    expect(deniedTools(seen)).toEqual(['Read', 'Edit', 'Write', 'Grep', 'Bash', 'Bash']);
    // Read, Edit and Write by a rule: only the tool result's meta says so on the spot.
    expect(deniedEvents(seen)).toEqual(['Grep', 'Bash', 'Bash']);
    expect(
      toolResults(seen.events)
        .slice(0, 3)
        .map((result) => result.decision),
    ).toEqual(['reject', 'reject', 'reject']);
    // And none of it makes the session fail.
    expect(seen.end.code).toBe(0);
    expect(seen.result).toMatchObject({ subtype: 'success', is_error: false });
    expect(seen.outcome).toEqual({ type: 'done' });
  });
});

describe('a write that is not allowed', () => {
  const script = calling((project) => [
    write(join(project, 'coordination/in.md')),
    write(join(project, 'src/out.ts')),
  ]);

  it('ends in success with exit code 0, with an event and a line in the result', async () => {
    const seen = await drive({ script, writable: ['coordination/'] });
    expect(toolResults(seen.events).map((result) => result.isError)).toEqual([false, true]);
    expect(existsSync(join(seen.project, 'src/out.ts'))).toBe(false);
    expect(deniedEvents(seen)).toEqual(['Write']);
    expect(deniedTools(seen)).toEqual(['Write']);
    expect(seen.end.code).toBe(0);
    expect(seen.outcome).toEqual({ type: 'done' });
    expect(seen.tally.denied).toEqual([`Write ${join(seen.project, 'src/out.ts')}`]);
  });

  it('is decided by Edit rules with a path; a Write rule with a path allows nothing', async () => {
    const seen = await drive({ script, allowed: ['Read', 'Write(/coordination/**)'] });
    expect(toolResults(seen.events).map((result) => result.isError)).toEqual([true, true]);
  });

  it('is refused inside .git even where Write is allowed', async () => {
    const seen = await drive({
      script: calling((project) => [write(join(project, '.git/hooks/pre-commit'))]),
    });
    expect(deniedTools(seen)).toEqual(['Write']);
    expect(existsSync(join(seen.project, '.git/hooks/pre-commit'))).toBe(false);
  });
});
