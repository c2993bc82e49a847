import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claudeTranscript } from '../../src/agents/claudetranscript.ts';
import { codexRollout } from '../../src/agents/codexrollout.ts';
import { readTranscript } from '../../src/effects/transcript.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'transcript-'));
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

function put(path: string, text = path): void {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), text);
}

describe('readTranscript()', () => {
  it("finds a session's file in whatever project folder, its subagents', and no other session's", async () => {
    put('.claude/projects/-some-app/s1.jsonl');
    put('.claude/projects/-some-app/s1/subagents/agent-a.jsonl');
    put('.claude/projects/-some-app/s1/tool-results/x.jsonl');
    put('.claude/projects/-some-app/s2.jsonl');
    put('.claude/projects/-other/s3.jsonl');
    const env = { HOME: home, CLAUDE_CONFIG_DIR: '' };
    expect(await readTranscript(claudeTranscript, 's1', env)).toEqual([
      { path: 'projects/-some-app/s1.jsonl', text: '.claude/projects/-some-app/s1.jsonl' },
      {
        path: 'projects/-some-app/s1/subagents/agent-a.jsonl',
        text: '.claude/projects/-some-app/s1/subagents/agent-a.jsonl',
      },
    ]);
    expect(await readTranscript(claudeTranscript, 'none', env)).toEqual([]);
  });

  it("looks into the agent's own folder where its variable names one", async () => {
    put('codex/sessions/2026/11/22/rollout-2026-11-22T15-30-18-t1.jsonl', 'x');
    const found = await readTranscript(codexRollout, 't1', {
      HOME: '/nowhere',
      CODEX_HOME: join(home, 'codex'),
    });
    expect(found.map(({ text }) => text)).toEqual(['x']);
  });

  it('finds nothing, and fails for nothing, where there is no folder, a file in its place, or a locked one', async () => {
    const env = { HOME: home, CLAUDE_CONFIG_DIR: '' };
    expect(await readTranscript(claudeTranscript, 's1', env)).toEqual([]);
    put('.claude/projects');
    expect(await readTranscript(claudeTranscript, 's1', env)).toEqual([]);
    rmSync(join(home, '.claude/projects'));
    put('.claude/projects/locked/s1.jsonl');
    chmodSync(join(home, '.claude/projects'), 0o000);
    const found = await readTranscript(claudeTranscript, 's1', env);
    chmodSync(join(home, '.claude/projects'), 0o700);
    // Root reads everything.
    expect(found).toHaveLength(process.getuid?.() === 0 ? 1 : 0);
  });
});
