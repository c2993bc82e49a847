/**
 * Names and paths of everything a round leaves behind. Paths are relative to the project folder, with forward slashes.
 * The names are those of the original method, so that an existing project works unchanged.
 */

export const coordinationDir = 'coordination';
/** The runner's own folder: journal, session streams, manifests, lock, logs. Never committed. */
export const runnerDir = '.next-role';
export const handoffNames = ['coordination/NEXT-ROLE.md', 'NEXT-ROLE.md'] as const;
export const settingsPath = 'coordination/next-role.yaml';
/** Where the oracle leaves the check of each round; hidden from whoever builds. */
export const acceptanceDir = 'coordination/acceptance';
/** What a project is configured by: settings, roles and state. Nothing that judges a session may be changed by it. */
export const configurationPaths = [
  settingsPath,
  `${coordinationDir}/roles/`,
  `${coordinationDir}/state/`,
] as const;
export const decisionsDir = 'coordination/decisions';

/**
 * Fills `{round}` and `{role}` in a path pattern or a text. An unknown name in braces is left as it stands.
 *
 * @example fill('coordination/specs/Q-{round}-SPEC.md', { round: 'R07' }) // 'coordination/specs/Q-R07-SPEC.md'
 */
export function fill(pattern: string, names: Readonly<Record<string, string>>): string {
  return pattern.replace(/\{([a-z][a-zA-Z]*)\}/g, (whole, name: string) => names[name] ?? whole);
}

/**
 * Whether a path matches a pattern: `*` is anything but a slash, `**` anything at all, with a slash behind it
 * any folders or none, a trailing `/` the whole folder.
 *
 * @example matches('coordination/logs/R01.log', 'coordination/logs/') // true
 */
export function matches(path: string, pattern: string): boolean {
  const glob = pattern.endsWith('/') ? `${pattern}**` : pattern;
  const literal = glob.indexOf('*');
  if (literal < 0) return path === glob;
  if (!path.startsWith(glob.slice(0, literal))) return false;
  const wild = glob.slice(literal);
  return wild === '**' || matchesWild(path.slice(literal), wild);
}

function matchesWild(path: string, pattern: string): boolean {
  const pieces = piecesOf(pattern);
  // All places of the pattern that the path read so far may have reached: linear in path times pattern, whatever a
  // model wrote into it. `~place` is inside a name that `**/` stands for, which only a slash ends.
  let places = reach(new Set([0]), pieces);
  for (const char of path) {
    const next = new Set<number>();
    for (const place of places) {
      const piece = pieces[place < 0 ? ~place : place];
      if (piece === '**/') next.add(place < 0 === (char === '/') ? ~place : place);
      else if (piece === '**' || (piece === '*' && char !== '/')) next.add(place);
      else if (piece === char) next.add(place + 1);
    }
    places = reach(next, pieces);
  }
  return places.has(pieces.length);
}

// Each wildcard (two stars with their slash, two stars, one star) is a piece of its own, every other character alone.
function piecesOf(pattern: string): readonly string[] {
  return pattern
    .split(/(\*\*\/|\*\*|\*)/)
    .flatMap((part) => (part.startsWith('*') ? [part] : Array.from(part)));
}

/** A wildcard may stand for nothing, so the place behind it is reached too. */
function reach(places: Set<number>, pieces: readonly string[]): Set<number> {
  for (const place of places) if (pieces[place]?.startsWith('*') === true) places.add(place + 1);
  return places;
}

/** Whether a path is one of those by which a project is configured. */
export function isConfiguration(path: string): boolean {
  return configurationPaths.some((pattern) => matches(path, pattern));
}

/** The file that keeps the human's answer to one escalation. */
export function decisionPath(escalationId: string): string {
  return `${decisionsDir}/D-${safeName(escalationId)}.md`;
}

/** The file that keeps the receipt of a round, beside its summary. */
export function receiptPath(round: string): string {
  return `${coordinationDir}/logs/ROUND-${safeName(round)}-RECEIPT.md`;
}

/** A name that is safe as one path segment, whatever a model called its round: other characters become `_`. */
export function safeName(text: string): string {
  const name = text.replace(/[^A-Za-z0-9._-]+/g, '_').slice(0, 80);
  return /^\.*$/.test(name) ? `_${name}` : name;
}

/** Whether a path of a handoff stays inside the project: relative, no `..`, no drive, no NUL. */
export function staysInside(path: string): boolean {
  if (path === '' || path.startsWith('/') || path.includes('\0') || /^[A-Za-z]:/.test(path)) return false;
  return !path.split(/[\\/]/).includes('..');
}
