/**
 * From the keys of a header to the handoff they mean. Statuses, roles and tiers are matched tolerantly, everything else
 * stays text as written. Every doubt becomes a diagnostic with its line; only a missing status, or a value that is no
 * text, keeps the handoff back. Nothing here looks for keys in the body.
 */
import { staysInside } from './artifact.ts';
import { directiveIn, inputsIn, operatorDecisionIn } from './body.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Escalation } from './escalation.ts';
import { readEscalationBlock } from './escalationblock.ts';
import { escalationIn } from './escalationsection.ts';
import { autoTier, builtinRoles, human, statuses } from './handoff.ts';
import type { Handoff, Reading, Role, Status } from './handoff.ts';
import { keyOf } from './header.ts';
import type { Header, HeaderKey } from './header.ts';
import { pathsIn } from './inputpath.ts';
import { readModels } from './modelkeys.ts';
import { caution, fault, shown } from './remark.ts';
import { headingsOf } from './section.ts';
import type { Heading } from './section.ts';
import { meant } from './nearest.ts';
import { handKeys, slipsIn } from './slips.ts';
import type { Known } from './slips.ts';
import { readRole, readStatus, saysNone, splitWord, unadorned } from './spelling.ts';
import type { StatusReading } from './spelling.ts';

/** Keys with a meaning of their own; every other key is kept in `others`. */
const ownKeys = new Set<string>([...handKeys, 'by', 'since', 'dispatch']);

/** What a header is read with, and the remarks made meanwhile. */
type Desk = {
  readonly text: string;
  readonly header: Header;
  readonly headings: readonly Heading[];
  readonly known: Known;
  readonly remarks: Diagnostic[];
};

/** Reads a header that a scanner found. Headings are those of the body. */
export function readHandoff(text: string, header: Header, known: Known): Reading {
  const remarks: Diagnostic[] = [...notText(header)];
  const statusKey = keyOf(header, 'status');
  const statusText = textOf(header, 'status');
  if (statusText === null && remarks.length === 0) remarks.push(noStatus(header, statusKey));
  if (statusText === null || remarks.length > 0) return { handoff: null, diagnostics: remarks };

  const desk: Desk = { text, header, headings: headingsOf(text, header.bodyAt), known, remarks };
  const round = roundOf(desk);
  const status = statusOf(desk, statusText);
  const role = roleOf(desk, status);
  const tier = tierOf(desk);
  const inputs = inputsOf(desk);
  const escalation = escalationOf(desk, status.status);
  const handoff: Handoff = {
    dialect: header.dialect,
    round,
    ...role,
    status: status.status,
    statusText,
    statusNote: status.note,
    tier,
    preset: textOf(header, 'preset')?.toLowerCase() ?? null,
    models: modelsOf(desk),
    inputs,
    escalation,
    answer: textOf(header, 'answer'),
    note: textOf(header, 'note'),
    operatorDecision: operatorDecisionIn(text, desk.headings),
    by: textOf(header, 'by'),
    since: textOf(header, 'since'),
    dispatch: textOf(header, 'dispatch'),
    directive: directiveIn(text, desk.headings, round),
    others: othersOf(header),
  };
  const all = [...remarks, ...slipsIn(desk, handoff)];
  return { handoff, diagnostics: all.toSorted((a, b) => a.line - b.line) };
}

/** A key's text, null when absent, empty or nested. */
function textOf(header: Header, key: string): string | null {
  const raw = keyOf(header, key)?.raw;
  return typeof raw === 'string' && raw.trim() !== '' ? raw.trim() : null;
}

function othersOf(header: Header): Readonly<Record<string, string>> {
  const special = (key: string): boolean =>
    ownKeys.has(key) || (key === 'escalation' && header.dialect === 'front-matter');
  return Object.fromEntries(
    header.keys.filter(({ key }) => !special(key)).map(({ key, value }) => [key, value]),
  );
}

function notText(header: Header): readonly Diagnostic[] {
  return header.keys
    .filter(
      ({ key, raw }) =>
        ownKeys.has(key) &&
        typeof raw !== 'string' &&
        !(key === 'inputs' && isTextList(raw)) &&
        !(key === 'models' && !Array.isArray(raw)),
    )
    .map(({ key, written, line, value }) =>
      fault(
        'value-not-text',
        line,
        `The value of ${shown(written)} is ${shown(value)}, not plain text.`,
        key === 'inputs'
          ? 'Write a list of paths, one "- path" per line.'
          : `Write "${written}: value" on one line.`,
      ),
    );
}

function isTextList(raw: HeaderKey['raw']): boolean {
  return Array.isArray(raw) && raw.every((item) => typeof item === 'string');
}

function noStatus(header: Header, key: HeaderKey | undefined): Diagnostic {
  const message = key === undefined ? 'The header has no status.' : `The status is empty: "${key.written}:".`;
  const name = header.dialect === 'front-matter' ? 'status' : 'STATUS';
  return fault(
    'status-missing',
    key?.line ?? header.line,
    message,
    `Add a line "${name}: READY". ${validStatuses}`,
  );
}

const validStatuses = `Valid statuses: ${statuses.join(', ')}.`;

function roundOf({ header, remarks }: Desk): string | null {
  const text = textOf(header, 'round');
  // An id, perhaps with a remark behind it: `R14a (second try)`.
  const round = text === null ? '' : unadorned(text.split(/\s[(—–;=:-]|[;,]\s/, 1)[0] ?? '');
  if (round !== '') return round;
  const name = header.dialect === 'front-matter' ? 'round' : 'CURRENT-ROUND';
  remarks.push(
    caution(
      'round-missing',
      keyOf(header, 'round')?.line ?? header.line,
      'The header names no round.',
      `Add a line "${name}: R01".`,
    ),
  );
  return null;
}

function statusOf({ header, known, remarks }: Desk, text: string): StatusReading {
  const reading = readStatus(text, known.roles ?? []);
  if (reading.status === null) {
    const line = keyOf(header, 'status')?.line ?? header.line;
    remarks.push(
      caution(
        'status-unknown',
        line,
        `The status ${shown(text)} is not known; the run is parked.`,
        `${meant(splitWord(text).word, statuses)}${validStatuses}`,
      ),
    );
  }
  return reading;
}

/** Statuses that need nobody to act next. */
function needsRole(status: Status | null): boolean {
  switch (status) {
    case 'ROUND-COMPLETE':
    case 'BLOCKED':
    case 'PAUSED':
    case 'WAVE-PLAN-READY':
    case 'WAVE-GATE-READY':
    case 'WAVE-COMPLETE':
      return false;
    case 'READY':
    case 'WORKING':
    case 'ESCALATE':
    case 'MERGE-READY':
    case null:
      return true;
    default:
      return status satisfies never;
  }
}

type RoleFacts = Pick<Handoff, 'role' | 'roleText' | 'roleNote'>;

function roleOf({ header, known, remarks }: Desk, status: StatusReading): RoleFacts {
  const text = textOf(header, 'next-role');
  const line = keyOf(header, 'next-role')?.line ?? header.line;
  const own = known.roles ?? [];
  const names = `Known roles: ${[...new Set([...builtinRoles, ...own, human])].join(', ')}.`;
  if (text === null || saysNone(text)) {
    if (status.role === null && needsRole(status.status)) {
      const name = header.dialect === 'front-matter' ? 'next-role' : 'NEXT-ROLE';
      remarks.push(
        fault(
          'role-missing',
          line,
          'The header does not say who acts next.',
          `Add a line "${name}: …". ${names}`,
        ),
      );
    }
    return { role: status.role, roleText: text, roleNote: null };
  }
  const { role, note } = readRole(text, own);
  if (status.role !== null) {
    if (role !== status.role) remarks.push(twoRoles(line, text, status.role));
    return { role: status.role, roleText: text, roleNote: note };
  }
  if (role === null) {
    const remark = needsRole(status.status) ? fault : caution;
    const hint = `${meant(splitWord(text).word, [...builtinRoles, ...own])}${names}`;
    remarks.push(remark('role-unknown', line, `The role ${shown(text)} is not known.`, hint));
  }
  return { role, roleText: text, roleNote: note };
}

function twoRoles(line: number, text: string, role: Role): Diagnostic {
  const message = `The status says READY for "${role}", the next role is ${shown(text)}; the status is followed.`;
  return caution(
    'role-unknown',
    line,
    message,
    `Write "READY" as the status and "${role}" as the next role.`,
  );
}

function tierOf({ header, known, remarks }: Desk): string | null {
  const text = textOf(header, 'tier');
  if (text === null || saysNone(text)) return null;
  const word = splitWord(text).word.toLowerCase();
  const name = word === '' ? unadorned(text) : word;
  const match = known.tiers?.find((tier) => tier.toLowerCase() === name);
  if (known.tiers !== undefined && match === undefined && name !== autoTier) {
    const line = keyOf(header, 'tier')?.line ?? header.line;
    const hint = `${meant(name, known.tiers)}Known tiers: ${known.tiers.join(', ')}.`;
    remarks.push(caution('tier-unknown', line, `The tier ${shown(text)} is not known.`, hint));
  }
  return match ?? name;
}

function modelsOf({ header, remarks }: Desk): Handoff['models'] {
  const key = keyOf(header, 'models');
  const { models, unread } = readModels(textOf(header, 'model'), key?.raw);
  for (const piece of unread) {
    const hint = 'Write "models: reviewer=opus, implementer=cheap": a role, then a model or a class.';
    remarks.push(caution('model-unknown', key?.line ?? header.line, `${shown(piece)} names no model.`, hint));
  }
  return models;
}

function inputsOf({ text, header, headings, remarks }: Desk): readonly string[] {
  const key = keyOf(header, 'inputs');
  const inputs = key === undefined ? inputsIn(text, headings) : listed(key.raw);
  for (const path of inputs.filter((input) => !staysInside(input))) {
    remarks.push(
      caution(
        'input-outside',
        key?.line ?? header.line,
        `The input ${shown(path)} leaves the project.`,
        'Name a file inside the project, by its path from the project folder.',
      ),
    );
  }
  return inputs;
}

function listed(raw: HeaderKey['raw']): readonly string[] {
  if (typeof raw === 'string') return pathsIn(raw);
  if (!Array.isArray(raw)) return [];
  return raw
    .flatMap((item: HeaderKey['raw']) => (typeof item === 'string' ? [unadorned(item)] : []))
    .filter((path) => path !== '');
}

function escalationOf(desk: Desk, status: Status | null): Escalation | null {
  const { text, header, headings, remarks } = desk;
  const open = status === 'ESCALATE';
  const key = header.dialect === 'front-matter' ? keyOf(header, 'escalation') : undefined;
  const block = key === undefined ? null : readEscalationBlock(key.raw);
  const fromBody = block === null && (open || header.dialect === 'bare-header');
  const escalation = fromBody ? escalationIn(text, headings, open) : block;
  const line = key?.line ?? keyOf(header, 'status')?.line ?? header.line;
  if (
    Array.isArray(key?.raw) ||
    (open && escalation === null) ||
    (escalation !== null && escalation.question === '')
  ) {
    remarks.push(caution('escalation-invalid', line, 'The escalation asks no question.', escalationHint));
  }
  if (escalation?.options.length === 0 && (open || block !== null)) {
    const message = `The escalation ${shown(escalation.question)} offers no options.`;
    remarks.push(caution('escalation-no-options', line, message, escalationHint));
  }
  return escalation;
}

const escalationHint =
  'Ask one question, with options A, B, … that each say what is done and what follows; answer it with "next-role resume".';
