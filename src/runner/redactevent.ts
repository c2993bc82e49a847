/**
 * Takes secrets out of an event before it becomes a decision: what models, providers and hands wrote goes into the
 * journal, into questions and into commits from here. Names that the machine decides by, paths and digests stay as
 * they are. It changes nothing but texts, so a replay of the journal sees what the machine saw.
 */
import type { Redact } from '../effects/redact.ts';
import type { MachineEvent } from '../protocol/event.ts';

/** Members that hold a word of ours, a name, a path or a digest, by whatever event they come. */
const kept: ReadonlySet<string> = new Set([
  ...['type', 'digest', 'dispatchId', 'order', 'class', 'code', 'severity', 'hint', 'kind', 'via', 'doing'],
  ...['dialect', 'round', 'role', 'status', 'tier', 'inputs', 'dispatch', 'by', 'since', 'letter'],
  ...['path', 'file', 'gate', 'id', 'model', 'models', 'sessionId', 'baseline', 'commit'],
]);

/** The event with the secrets in its texts blacked out; a policy holds names of variables only and is left whole. */
export function redactEvent(event: MachineEvent, redact: Redact): MachineEvent {
  return event.type === 'POLICY' ? event : cleaned(event, redact);
}

function cleaned<T>(value: T, redact: Redact): T {
  if (typeof value === 'string') return redact(value) as T & string;
  if (Array.isArray(value)) return value.map((part: unknown) => cleaned(part, redact)) as T & unknown[];
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, part]: [string, unknown]) => [
    name,
    kept.has(name) ? part : cleaned(part, redact),
  ]);
  return Object.fromEntries(entries) as T;
}
