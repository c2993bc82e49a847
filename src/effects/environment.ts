/**
 * The environment a session gets, and the look-up of its program in it. Nothing of the runner's own environment passes
 * but a short list of names every program needs, and what the agent's settings name; so a key meant for one agent does
 * not leak into another. The marks name the session in every process it starts. Starts nothing, changes nothing.
 */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import type { Command, Order } from '../protocol/session.ts';

/** Passed on to every session: where things are, who one is, which language, how to reach the network. */
const commonNames: readonly string[] = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LC_*',
  'TZ',
  'TERM',
  'TMPDIR',
  'TMP',
  'TEMP',
  'XDG_*',
  'SSL_CERT_*',
  'NODE_EXTRA_CA_CERTS',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'SSH_AUTH_SOCK',
  // Who commits, and how to reach a remote; never where a repository is, which a git hook sets for itself.
  'GIT_AUTHOR_NAME',
  'GIT_AUTHOR_EMAIL',
  'GIT_COMMITTER_NAME',
  'GIT_COMMITTER_EMAIL',
  'GIT_SSH',
  'GIT_SSH_COMMAND',
  'GIT_CONFIG_GLOBAL',
];

/** Where a shell looks without a PATH. */
const defaultPath = '/usr/bin:/bin';

/** What marks every process of a session: the order's id is unique in its project only, so both are needed. */
export type SessionMark = { readonly order: string; readonly project: string };

/** The marks as environment variables. */
export function markVariables(mark: SessionMark): Readonly<Record<string, string>> {
  return { NEXT_ROLE_ORDER: mark.order, NEXT_ROLE_PROJECT: mark.project };
}

/**
 * The environment of one session: common names, then the names the command passes on, then its own values, then the
 * marks, each overriding the one before.
 *
 * @example
 * sessionEnvironment(order, { argv: ['codex'], env: {}, passEnv: ['OPENAI_*'], stdin: '', files: {} }, '/p', process.env)
 */
export function sessionEnvironment(
  order: Order,
  command: Command,
  project: string,
  inherit: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const patterns = [...commonNames, ...command.passEnv];
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(inherit)) {
    if (value !== undefined && patterns.some((pattern) => matches(pattern, name))) passed[name] = value;
  }
  return {
    ...passed,
    ...command.env,
    ...markVariables({ order: order.id, project }),
    NEXT_ROLE_ROLE: order.role,
    NEXT_ROLE_ROUND: order.round,
  };
}

/**
 * The absolute path of a program as the session would find it, or `null`. Looked up before the start, because a shell
 * would hide a missing program behind exit code 127, which a program may also give by itself.
 *
 * @example findProgram('git', '/usr/local/bin:/usr/bin', '/home/me/project') // '/usr/bin/git'
 */
export function findProgram(name: string, path: string | undefined, cwd: string): string | null {
  const folders = name.includes('/') ? [cwd] : (path ?? defaultPath).split(delimiter);
  const candidates = folders.map((folder) => resolve(cwd, folder, name));
  return candidates.find(isExecutable) ?? null;
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
