/**
 * The pinned Codex, Gemini CLI and opencode of test/e2e/clients: where they are, and how they are pointed at a provider of ours,
 * each with a home of its own. They see nothing of this machine's own logins and settings.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { claudeEnv, claudeProgram } from './claude.ts';

const bin = fileURLToPath(new URL('../e2e/clients/node_modules/.bin/', import.meta.url));
/** What only the long tests install. */
const heavyBin = fileURLToPath(new URL('../e2e/clients/heavy/node_modules/.bin/', import.meta.url));

export type ClientName = 'claude' | 'codex' | 'gemini' | 'opencode';

/** Settings of the agent for coordination/next-role.yaml, with the role's model. */
export function clientSettings(name: ClientName, url: string): Readonly<Record<string, unknown>> {
  switch (name) {
    case 'claude':
      return { kind: 'claude', run: claudeProgram };
    case 'codex': {
      const provider = `{name="sim",base_url="${url}/v1",env_key="OPENAI_API_KEY",wire_api="responses"}`;
      const args = ['-c', 'model_provider="sim"', '-c', `model_providers.sim=${provider}`];
      return { kind: 'codex', run: join(bin, 'codex'), args };
    }
    case 'gemini':
      return { kind: 'gemini', run: join(bin, 'gemini') };
    case 'opencode':
      return { kind: 'opencode', run: join(heavyBin, 'opencode') };
    default:
      return name satisfies never;
  }
}

/**
 * The environment that next-role is started with, so that its sessions reach the provider and nothing else.
 *
 * @example clientEnv('gemini', 'http://127.0.0.1:4000', home)['GEMINI_API_KEY'] // 'dummy-for-tests'
 */
export function clientEnv(name: ClientName, url: string, home: string): Readonly<Record<string, string>> {
  switch (name) {
    case 'claude':
      return claudeEnv(url, home);
    case 'codex':
      return { HOME: home, CODEX_HOME: folder(join(home, '.codex')), OPENAI_API_KEY: 'dummy-for-tests' };
    case 'gemini':
      // With an address of its own it takes no kind of login from the environment (0.61.0).
      writeFileSync(
        join(folder(join(home, '.gemini')), 'settings.json'),
        JSON.stringify({
          security: { auth: { selectedType: 'gemini-api-key' } },
          general: { enableAutoUpdate: false },
          privacy: { usageStatisticsEnabled: false },
        }),
      );
      return {
        HOME: home,
        GEMINI_CLI_HOME: home,
        GOOGLE_GEMINI_BASE_URL: url,
        GEMINI_API_KEY: 'dummy-for-tests',
      };
    case 'opencode':
      // Its provider "anthropic" speaks the wire of Claude Code; the address is the user's configuration.
      writeFileSync(
        join(folder(join(home, '.config', 'opencode')), 'opencode.json'),
        JSON.stringify({ provider: { anthropic: { options: { baseURL: `${url}/v1` } } } }),
      );
      return {
        HOME: home,
        XDG_CONFIG_HOME: join(home, '.config'),
        XDG_DATA_HOME: join(home, '.local', 'share'),
        XDG_CACHE_HOME: join(home, '.cache'),
        XDG_STATE_HOME: join(home, '.local', 'state'),
        ANTHROPIC_API_KEY: 'dummy-for-tests',
      };
    default:
      return name satisfies never;
  }
}

function folder(path: string): string {
  mkdirSync(path, { recursive: true });
  return path;
}
