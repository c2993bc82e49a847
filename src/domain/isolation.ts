/**
 * Which sessions work in a copy of the project without what is hidden from them. Only roles that write nothing outside
 * coordination/ can: they read the product and judge or plan it, so that what they leave is a few files to bring back. A
 * role that builds works in the project itself, whose history and tools it needs. Pure; the contract decides, not a name.
 */
import { coordinationDir } from '../protocol/artifact.ts';
import type { Role } from '../protocol/handoff.ts';
import type { Policy } from '../protocol/policy.ts';

/**
 * Whether a role's sessions are isolated.
 *
 * @example isIsolated({ ...policy, isolation: 'worktree' }, 'implementer') // false: it writes the product
 */
export function isIsolated(policy: Pick<Policy, 'isolation' | 'roles'>, role: Role): boolean {
  const writes = policy.roles[role]?.writes ?? [];
  return (
    policy.isolation === 'worktree' &&
    writes.length > 0 &&
    writes.every((pattern) => pattern.startsWith(`${coordinationDir}/`))
  );
}
