/**
 * The proof that a session kept to its brief: what it touched, held against what it was given. Pure: marks of a stream,
 * changes of files and a manifest come in, touches and findings go out. It knows what a tool call names and what a
 * comparison shows; a program that a session starts through a shell is seen by the words of its command and by what it
 * changed, not by what it opened.
 */
import { isHidden, mayWrite } from '../protocol/access.ts';
import { coordinationDir, isConfiguration, matches } from '../protocol/artifact.ts';
import type { Access } from '../protocol/session.ts';
import { unread, type FileChange, type Touch, type TouchMark } from '../protocol/touch.ts';
import type { Finding } from '../protocol/finding.ts';
import { pathsInCommand, reached } from './touchedpath.ts';

/** Touches kept of one session; what comes later is counted alone. */
export const touchesMax = 20_000;

/** What an audit is about. */
export type AuditFacts = {
  readonly access: Access;
  /** What the first session of this stretch of work was given: by it alone anybody may change the configuration. */
  readonly given: Access;
  /** Existing files that the session must not open, to tell which of them a wildcard or a folder means. */
  readonly hiddenFiles: readonly string[];
  /** The folders that stand for the project in the stream: the session's own, and where links lead. */
  readonly roots: readonly string[];
  readonly touches: readonly Touch[];
  /** What differs on disk before and after the session. */
  readonly changes: readonly FileChange[];
  /** What differs in the project's configuration before and after a session that worked in a copy of it. */
  readonly past: readonly FileChange[];
  /** Whether the stream tells every tool call; a shell command's own stream tells none. */
  readonly observed: boolean;
  /** Records of the session itself, by path, that it changed, removed or made; they were put back. */
  readonly rewritten: readonly string[];
  /** It worked in a copy that holds nothing hidden, the first of `roots`; the last is the project itself. */
  readonly isolated: boolean;
};

/**
 * Calls with their ends, in order. A refusal without an id belongs to the last call of its tool.
 *
 * @example gather([{ type: 'call', id: 'a', tool: 'Read', verb: 'read', target: 'x' }])[0]?.end // 'done'
 */
export function gather(marks: readonly TouchMark[]): readonly Touch[] {
  const touches: (Touch & { readonly id: string | null })[] = [];
  const close = (at: number, end: Touch['end']): void => {
    const touch = touches[at];
    if (touch !== undefined && touch.end !== 'refused') touches[at] = { ...touch, end };
  };
  for (const mark of marks) {
    if (mark.type === 'call') {
      const { type: _type, ...call } = mark;
      if (touches.length < touchesMax) touches.push({ ...call, end: 'done' });
      continue;
    }
    const tool = mark.type === 'refused' ? mark.tool : null;
    const at = touches.findLastIndex((touch) =>
      mark.id === null ? touch.tool === tool : touch.id === mark.id,
    );
    close(at, mark.type);
  }
  return touches.map(({ id: _id, ...touch }) => touch);
}

/** Everything a session is found to have done outside its brief. Worst first within each path. */
export function audit(facts: AuditFacts): readonly Finding[] {
  return unique([...hiddenReads(facts), ...policyWrites(facts), ...facts.rewritten.map(rewritten)]);
}

/** Whoever writes the record that judges it judges itself. */
function rewritten(path: string): Finding {
  const text =
    'is the record of the session, and was changed, removed or made while it worked: it is put back; leave it alone';
  return found('write-policy', path, 'CRITICAL', text);
}

/** A session that nothing is on record of any more. */
export function unproven(path: string): Finding {
  const text =
    'is the record of what the session was given and what it changed, and is gone or cannot be read: nothing proves ' +
    'that it kept to its brief. Do the work again, and leave the record alone';
  return found('write-policy', path, 'CRITICAL', text);
}

/** A touch of a hidden path: done, it blocks; refused, it is worth knowing; through a folder, it may have been. */
function hiddenReads(facts: AuditFacts): readonly Finding[] {
  return facts.touches.flatMap((touch) =>
    hiddenPathsOf(facts, touch).map(({ path, sure }): Finding => {
      const how = `${touch.tool} ${shown(touch.target)}`;
      if (staysInCopy(facts, touch)) {
        const text = `tried to open what is hidden from it (${how}), which is not in the copy it worked in`;
        return found('hidden-read', path, 'OBS', text);
      }
      if (touch.end === 'refused' || (touch.end === 'failed' && touch.verb !== 'run')) {
        return found(
          'hidden-read',
          path,
          'OBS',
          `tried to open what is hidden from it (${how}), and was refused`,
        );
      }
      if (!sure) return found('hidden-read', path, 'MINOR', `may have opened hidden files in it (${how})`);
      return found(
        'hidden-read',
        path,
        'MAJOR',
        `opened what is hidden from its role (${how}); the work must be done again without it`,
      );
    }),
  );
}

/** Whether a touch can only have meant the copy: it neither names the project nor climbs. */
function staysInCopy({ isolated, roots }: AuditFacts, { target }: Touch): boolean {
  const project = roots.at(-1) ?? '';
  const leads = [project, '..', 'NEXT_ROLE_PROJECT'];
  return isolated && target !== null && !leads.some((way) => target.includes(way));
}

/** Whether a write of an isolated session went where nothing of it should arrive by itself. */
function isPastCopy({ isolated, roots }: AuditFacts, { target }: Touch): boolean {
  const [copy = ''] = roots;
  const inside = (root: string): boolean => target?.startsWith(`${root}/`) === true;
  return isolated && inside(roots.at(-1) ?? '') && !inside(copy);
}

type Hit = { readonly path: string; readonly sure: boolean };

function hiddenPathsOf(facts: AuditFacts, touch: Touch): readonly Hit[] {
  const { access, hiddenFiles, roots } = facts;
  if (touch.target === null) return [];
  switch (touch.verb) {
    case 'read':
    case 'search': {
      const path = reached(touch.target, roots);
      if (path === null) return [];
      const literal = path.split(/[*?{[]/, 1)[0]?.replace(/\/[^/]*$/, '') ?? path;
      const isPattern = /[*?{[]/.test(path);
      if (isPattern && touch.verb === 'read') return [];
      const hit = isPattern ? literal : path;
      return hit !== '' && isHidden(access, hit) ? [{ path: hit, sure: true }] : [];
    }
    case 'run':
      return pathsInCommand(touch.target, { access, hiddenFiles, roots });
    case 'write':
    case 'other':
      return [];
    default:
      return touch.verb satisfies never;
  }
}

/** Files that differ and were not the role's to write; a refused attempt is worth knowing. */
function policyWrites(facts: AuditFacts): readonly Finding[] {
  const { access, touches, changes, roots } = facts;
  const written = new Map<string, Touch>();
  const beyond: Finding[] = [];
  for (const touch of touches.filter(({ verb }) => verb === 'write')) {
    const path = touch.target === null ? null : reached(touch.target, roots);
    if (path === null || (path.startsWith('/') && !isHidden(access, path))) continue;
    if (touch.end === 'done' && isPastCopy(facts, touch)) {
      const text = `was written in the project itself (${touch.tool}), past the copy that the session works in`;
      beyond.push(found('write-policy', path, isConfiguration(path) ? 'CRITICAL' : 'MAJOR', text));
    } else if (touch.end === 'done' && path.startsWith('/')) {
      beyond.push(found('write-policy', path, 'MAJOR', `wrote what is hidden from its role (${touch.tool})`));
    } else if (touch.end === 'done') written.set(path, touch);
    else if (touch.end === 'refused' && !mayWrite(access, path)) {
      const text = `tried to write what is not its role's to write (${touch.tool}), and was refused`;
      beyond.push(found('write-policy', path, 'OBS', text));
    }
  }
  const mayBeUnseen = !facts.observed || touches.some(({ verb, end }) => end !== 'refused' && isOpaque(verb));
  const beside = (path: string): boolean => access.beside?.includes(path) === true && !written.has(path);
  const may = (path: string): boolean =>
    isConfiguration(path) ? mayConfigure(facts.given, path) : mayWrite(access, path);
  const known = changes.filter(({ before }) => before !== unread);
  const outside = known.filter(({ path }) => !may(path) && !beside(path));
  const past = facts.past
    .filter(({ path }) => !may(path))
    .map((change): Finding => {
      const text = `${becameOf(change)} in the project itself while the session worked in a copy of it: ${wayBack(change)}`;
      return found('write-policy', change.path, severityOf(change, false, mayBeUnseen), text);
    });
  const changed = outside.map((change): Finding => {
    const by = written.get(change.path);
    const what = becameOf(change);
    const how = by === undefined ? 'during the session' : `with ${by.tool}`;
    const way = facts.isolated
      ? 'it stayed behind in the copy, and what was found with it counts for nothing'
      : wayBack(change);
    const text = `${what} ${how}, and is not this role's to write: ${way}`;
    return found('write-policy', change.path, severityOf(change, by !== undefined, mayBeUnseen), text);
  });
  return [...past, ...changed, ...beyond];
}

function wayBack({ before }: FileChange): string {
  return before === null
    ? 'remove it'
    : 'put it back as it was before the session (git has it, if it was committed)';
}

function becameOf({ before, after }: FileChange): string {
  if (after === unread) return 'became unreadable';
  return before === null ? 'was made' : after === null ? 'was deleted' : 'was changed';
}

/** A role that may write anywhere may not for that configure what it is held to: its contract must say so. */
function mayConfigure(given: Access, path: string): boolean {
  const isNamed = given.writable.some(
    (pattern) => pattern.startsWith(`${coordinationDir}/`) && matches(path, pattern),
  );
  return mayWrite(given, path) && (isNamed || given.owed.includes(path));
}

/**
 * What a tool call of the session wrote, or a command of it may have, blocks. A file that a command leaves behind beside
 * the coordination folder is a by-product of a test run or a build. What nobody in the session can have written is told.
 * Configuration is worst: whoever may change it decides what it is held to.
 */
function severityOf(change: FileChange, isSeen: boolean, mayBeUnseen: boolean): Finding['severity'] {
  if (!isSeen && !mayBeUnseen) return 'OBS';
  if (isConfiguration(change.path)) return 'CRITICAL';
  const isByProduct = !isSeen && change.before === null && !change.path.startsWith('coordination/');
  return isByProduct ? 'MINOR' : 'MAJOR';
}

/** Whether a tool of this kind can write files that its call does not name. */
function isOpaque(verb: Touch['verb']): boolean {
  return verb === 'run' || verb === 'other';
}

function found(gate: string, path: string, severity: Finding['severity'], text: string): Finding {
  return { id: `${gate}:${path}`, gate, severity, file: path, line: null, text };
}

const rank: readonly Finding['severity'][] = ['CRITICAL', 'MAJOR', 'MINOR', 'OBS'];

/** One finding for a path and gate: the worst of them. */
function unique(findings: readonly Finding[]): readonly Finding[] {
  const worst = new Map<string, Finding>();
  for (const finding of findings) {
    const known = worst.get(finding.id);
    if (known === undefined || rank.indexOf(finding.severity) < rank.indexOf(known.severity))
      worst.set(finding.id, finding);
  }
  return [...worst.values()];
}

/** Longest target in a finding's text, in UTF-16 units. */
const shownCharsMax = 200;

function shown(target: string | null): string {
  const text = JSON.stringify(target ?? '');
  return text.length > shownCharsMax ? `${text.slice(0, shownCharsMax)}…"` : text;
}
