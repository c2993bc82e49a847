/**
 * Keeps the acceptance check of the settings from every role: its folder is hidden and never to be written, wherever it
 * lies, and so are the settings that say where. Pure texts; `root` is the project's absolute path.
 */
import { settingsPath } from './artifact.ts';
import type { GatePlan } from './gateplan.ts';
import type { RoleContract } from './policy.ts';

/** A contract that covers neither the check nor the settings. A role that owes files in that folder writes the check itself. */
export function withoutAcceptance(contract: RoleContract, { options }: GatePlan, root: string): RoleContract {
  const { folder, command, off } = options.acceptance;
  if (off || (folder === null && command === null)) return contract;
  const pattern = folder === null ? null : sealedPattern(root, folder);
  const isMaker = pattern !== null && contract.owes.some(({ path }) => path.startsWith(pattern));
  const sealed = pattern === null || isMaker ? [] : [pattern];
  return {
    ...contract,
    hides: [...new Set([...contract.hides, ...sealed, settingsPath])],
    protects: [...new Set([...contract.protects, ...sealed])],
  };
}

/**
 * A folder of the settings as a pattern: relative inside the project, absolute outside; null for the project itself, or a
 * folder that holds it.
 *
 * @example sealedPattern('/p', './checks/') // 'checks/'
 * @example sealedPattern('/p', '../checks') // '/checks/'
 */
export function sealedPattern(root: string, folder: string): string | null {
  const path = absolutePath(folder, root);
  if (root === path || root.startsWith(`${path === '/' ? '' : path}/`)) return null;
  return `${path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path}/`;
}

/**
 * A path without `.`, `..` and empty parts, from a folder.
 *
 * @example absolutePath('../b/./c', '/a') // '/b/c'
 */
export function absolutePath(path: string, from: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${from}/${path}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
