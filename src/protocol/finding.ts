/**
 * What a check reports: findings, and the result of one gate. A finding has an id that stays the same over attempts, so
 * that the same thing found again is known again, a severity and a place. Pure words; nothing here checks anything.
 */

/** Worst first. */
export const severities = ['CRITICAL', 'MAJOR', 'MINOR', 'OBS'] as const;
export type Severity = (typeof severities)[number];

/** One thing a gate or a reviewer reports. */
export type Finding = {
  /** `<gate>:<what>:<where>`, without line numbers: the same thing found again has the same id. */
  readonly id: string;
  readonly gate: string;
  readonly severity: Severity;
  /** Relative to the project; null where there is no one place. */
  readonly file: string | null;
  /** 1-based. */
  readonly line: number | null;
  /** The first line says what is wrong; further lines are evidence, such as the end of a command's output. */
  readonly text: string;
};

/** How one gate ended. JSON only: it is kept in the journal. */
export type GateResult = {
  readonly gate: string;
  /** No finding of it blocks. */
  readonly pass: boolean;
  readonly ms: number;
  readonly findings: readonly Finding[];
  /** Why it had nothing to check, or where it kept what it saw; null when there is nothing to add. */
  readonly note: string | null;
};

/** Longest text of a finding kept in the journal and given to a role, in UTF-16 units. */
export const findingCharsMax = 6_000;
/** Findings of one gate that are kept; a last one says how many more there were. */
export const findingsMax = 40;
/** Longest id, in UTF-16 units. */
const idCharsMax = 160;

/**
 * An id that stays the same over attempts: made of words, never of line numbers or times.
 *
 * @example findingId('artifact-contract', 'specs/Q.md', 'Mechanism') // 'artifact-contract:specs/Q.md:mechanism'
 */
export function findingId(gate: string, ...parts: readonly string[]): string {
  const words = parts.map((part) => part.trim().toLowerCase().replace(/\s+/g, '-'));
  return [gate, ...words].join(':').slice(0, idCharsMax);
}

/** Whether `severity` is as bad as `floor`, or worse. */
export function isAtLeast(severity: Severity, floor: Severity): boolean {
  return severities.indexOf(severity) <= severities.indexOf(floor);
}

/** The milder of two severities. */
export function milder(a: Severity, b: Severity): Severity {
  return isAtLeast(a, b) ? b : a;
}

/** The first line of a finding's text: what a screen and a question have room for. */
export function headline(finding: Pick<Finding, 'text'>): string {
  return finding.text.split('\n', 1)[0] ?? '';
}

/** A finding with its place, as a role or a person is told it. */
export function findingWords(finding: Finding): string {
  return `${finding.gate}${placeOf(finding)}: ${finding.text}`;
}

/** As `findingWords`, on one line. */
export function findingLine(finding: Finding): string {
  return `${finding.gate}${placeOf(finding)}: ${headline(finding)}`;
}

function placeOf({ file, line }: Finding): string {
  if (file === null) return '';
  return ` in ${file}${line === null ? '' : `:${line}`}`;
}
