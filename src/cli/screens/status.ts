/**
 * The table of `status`: one row per project. Pure; a project that could not be looked at has a row as well.
 */
import type { Finding } from '../../protocol/finding.ts';
import type { Glance } from '../../runner/glance.ts';
import { isMisconfigured } from '../found.ts';
import { duration } from '../quantity.ts';
import { bad, cut, good, note, oneLine, quiet, strong, table, warn, wrap } from '../text.ts';
import type { Line, Span, Text } from '../text.ts';

/** Of the sentence below the table; `why` shows the rest. */
const sentenceLinesMax = 3;

export type Seen =
  | { readonly type: 'seen'; readonly name: string; readonly look: Glance }
  | { readonly type: 'failed'; readonly name: string; readonly message: string };

/** One row as data, for `--json` and for the table. */
export type Row = {
  readonly project: string;
  readonly round: string | null;
  readonly tier: string | null;
  readonly state: string;
  readonly role: string | null;
  readonly since: number | null;
  readonly waitsFor: string;
  readonly headline: string;
  readonly findings: readonly Finding[];
  readonly rest: number | null;
};

export function rowOf(seen: Seen): Row {
  if (seen.type === 'failed') {
    const none = { round: null, tier: null, role: null, since: null, findings: [] };
    return {
      ...none,
      project: seen.name,
      state: 'unusable',
      waitsFor: 'human',
      headline: seen.message,
      rest: 1,
    };
  }
  const { situation } = seen.look;
  return {
    project: seen.name,
    round: situation.round,
    tier: situation.tier,
    state: stateWord(seen.look),
    role: situation.role,
    since: situation.since === 0 ? null : situation.since,
    waitsFor: waiter(seen.look),
    headline: situation.headline,
    findings: situation.findings,
    rest: situation.rest,
  };
}

/** The machine's word, made plainer where a person would ask what it means. */
function stateWord(look: Glance): string {
  const { situation, runner } = look;
  if (isMisconfigured(look)) return 'misconfigured';
  if (runner === null && (situation.state === 'claiming' || situation.state === 'reading')) return 'ready';
  if (situation.state !== 'parked') return situation.state;
  if (situation.question !== null) return 'asking';
  return situation.rest === 1 ? 'blocked' : 'waiting';
}

/** Without a runner nothing moves by itself. */
function waiter({ situation, runner }: Glance): string {
  const { waitsFor } = situation;
  return runner === null && waitsFor !== 'human' && waitsFor !== 'nobody' ? 'runner' : waitsFor;
}

/** The table, and below it, for each project that a person must see to, the sentence the table has no room for. */
export function statusScreen(
  seen: readonly Seen[],
  options: { readonly columns: number; readonly now: number },
): Text {
  const rows = seen.map((each) => {
    const row = rowOf(each);
    return [
      strong(row.project),
      row.round ?? '–',
      row.tier ?? '–',
      toned(row),
      row.role ?? '–',
      row.since === null ? '–' : duration(options.now - row.since),
      row.waitsFor === 'human' ? 'you' : row.waitsFor,
    ];
  });
  const head = ['PROJECT', 'ROUND', 'TIER', 'STATE', 'ROLE', 'SINCE', 'WAITS FOR'];
  const sentences = seen
    .map(rowOf)
    .filter(({ rest }) => rest !== null && rest !== 0)
    .flatMap((row) => sentence(row, options.columns));
  return [
    ...table(head, rows, { columns: options.columns, flexible: 0 }),
    ...(sentences.length === 0 ? [] : ['', ...sentences]),
  ];
}

function sentence(row: Row, columns: number): Text {
  const lines = wrap(`${oneLine(row.project)}: ${oneLine(row.headline)}`, columns, 2);
  const shown = lines.slice(0, sentenceLinesMax);
  return shown.map((line, at): Line => [
    quiet(at === sentenceLinesMax - 1 && lines.length > shown.length ? cut(`${line} …`, columns) : line),
  ]);
}

function toned(row: Row): Span {
  if (row.rest === 0) return good(row.state);
  if (row.rest === 1) return bad(row.state);
  return row.rest === 2 ? warn(row.state) : note(row.state);
}
