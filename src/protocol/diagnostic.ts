/**
 * A diagnostic is what we tell a person about a mistake in a file: where it is, what was found, what is wanted, and
 * the way forward. Diagnostics are values; nothing here throws. The list of codes is closed, and docs/SPEC.md names
 * every one of them.
 */

export type Severity = 'error' | 'warning' | 'info';

/** One remark about a file. `line` is 1-based in the file as it is on disk; 1 when the whole file is meant. */
export type Diagnostic = {
  readonly code: DiagnosticCode;
  readonly line: number;
  readonly severity: Severity;
  /** What was found, with the offending value in double quotes. */
  readonly message: string;
  /** What is wanted, and the command or edit that gets there. */
  readonly hint: string;
};

export type DiagnosticCode =
  // the handoff as a file
  | 'file-missing'
  | 'file-empty'
  | 'file-unreadable'
  | 'header-missing'
  | 'header-executable'
  | 'header-yaml'
  | 'header-unclosed'
  | 'header-not-a-map'
  | 'header-too-large'
  | 'key-duplicate'
  | 'key-unknown'
  | 'value-not-text'
  // the handoff as a message
  | 'status-missing'
  | 'status-unknown'
  | 'role-missing'
  | 'role-unknown'
  | 'round-missing'
  | 'tier-unknown'
  | 'preset-unknown'
  | 'model-unknown'
  | 'directive-missing'
  | 'input-outside'
  | 'escalation-invalid'
  | 'escalation-no-options'
  | 'answer-unknown'
  | 'answer-in-body'
  | 'answer-stale'
  // data files: settings, roles, tiers, models, limits, scenarios
  | 'data-yaml'
  | 'data-invalid'
  | 'data-missing';

export function isError(diagnostic: Diagnostic): boolean {
  return diagnostic.severity === 'error';
}
