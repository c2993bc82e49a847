/**
 * The folders of the user, as the XDG base directories name them: what next-role keeps for all projects of one person.
 * It relies on the environment it is given and makes nothing.
 */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

const bases = {
  config: ['XDG_CONFIG_HOME', '.config'],
  state: ['XDG_STATE_HOME', '.local/state'],
} as const;

/**
 * Our own folder for a kind of file. A relative value of the variable counts as unset, as the standard says.
 *
 * @example userFolder('config', { XDG_CONFIG_HOME: '/home/ada/.config' }) // '/home/ada/.config/next-role'
 */
export function userFolder(
  kind: keyof typeof bases,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const [variable, fallback] = bases[kind];
  const named = env[variable];
  const base = named !== undefined && isAbsolute(named) ? named : join(env['HOME'] ?? homedir(), fallback);
  return join(base, 'next-role');
}
