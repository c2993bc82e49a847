/**
 * Anti-scope: what sessions of the round changed, against what its spec allows. The change is taken since the round's
 * start, whether it was committed or not, and without what a human changed between sessions. Coordination files belong
 * to the write policy of each role; of them only protected ones are looked at here.
 */
import { coordinationDir, handoffNames, matches } from '../../protocol/artifact.ts';
import { findingId, type Finding } from '../../protocol/finding.ts';
import type { Gate } from './gate.ts';
import { covers, type Scope } from './scope.ts';

export type ScopeFacts = {
  /** Paths that sessions added, changed or deleted since the round's start. */
  readonly changed: readonly string[];
  readonly scope: Scope;
  /** Patterns that no session may touch in any round. */
  readonly protected: readonly string[];
};

/** Allowed patterns named in a message. */
const namedMax = 8;

export const antiScope: Gate<ScopeFacts> = {
  name: 'anti-scope',
  judge(facts) {
    return facts.changed.flatMap((path) => judgePath(path, facts));
  },
};

function judgePath(path: string, facts: ScopeFacts): readonly Finding[] {
  const { scope } = facts;
  const guard = facts.protected.find((pattern) => matches(path, pattern));
  if (guard !== undefined) {
    return [
      found(
        'CRITICAL',
        path,
        'protected',
        `It is protected ("${guard}"): no session may change it. Restore it`,
      ),
    ];
  }
  if (path.startsWith(`${coordinationDir}/`) || handoffNames.some((name) => name === path)) return [];
  if (scope.allowed !== null && scope.allowed.includes(path)) return [];
  if (covers(scope.forbidden, path)) {
    return [found('CRITICAL', path, 'forbidden', "The spec's anti-scope names it. Restore it as it was")];
  }
  if (scope.allowed === null || covers(scope.allowed, path)) return [];
  const named = scope.allowed.slice(0, namedMax).join(', ');
  const more = scope.allowed.length > namedMax ? ', …' : '';
  const text = `It is not among the paths the spec allows (${named}${more}). Restore it, or ask for the spec to be widened`;
  return [found('MAJOR', path, 'outside', text)];
}

function found(severity: Finding['severity'], path: string, what: string, text: string): Finding {
  return {
    id: findingId(antiScope.name, path, what),
    gate: antiScope.name,
    severity,
    file: path,
    line: null,
    text,
  };
}
