/**
 * What a session may open and write, decided from its contract's patterns. The one place that says it: the brief, the
 * permission rules, the audit of a session and its isolated tree all ask here. Pure; a path is relative to the project.
 */
import { matches } from './artifact.ts';
import type { Access } from './session.ts';

/**
 * Whether a session must not open a path.
 *
 * @example isHidden({ hidden: ['coordination/logs/'] }, 'coordination/logs/R01.log') // true
 */
export function isHidden(access: Pick<Access, 'hidden'>, path: string): boolean {
  return access.hidden.some((pattern) => covers(pattern, path));
}

/**
 * Whether a session may write a path: the handoff, what it owes, and what `writable` covers and `protected` does not.
 *
 * @example mayWrite({ writable: ['**'], protected: ['coordination/PRD.md'], owed: [], handoff: '' }, 'src/a.ts') // true
 */
export function mayWrite(access: Omit<Access, 'hidden'>, path: string): boolean {
  if (path === access.handoff || access.owed.includes(path)) return true;
  if (access.protected.some((pattern) => covers(pattern, path))) return false;
  return access.writable.some((pattern) => matches(path, pattern));
}

/** A folder's own name is covered by a pattern for the folder. */
function covers(pattern: string, path: string): boolean {
  return matches(path, pattern) || (pattern.endsWith('/') && `${path}/` === pattern);
}
