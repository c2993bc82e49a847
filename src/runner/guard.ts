/**
 * Runs gates so that the session they judge cannot have turned them off. What a session did to the configuration, or to its
 * own record, is found whatever the plan says by then, and weighs what it weighs by default. An edit of the settings that is
 * not its doing counts from here on, because it was made by whoever may; what a session of the round left there does not.
 */
import { writePolicy } from '../domain/gates/audit.ts';
import { resultOf } from '../domain/gates/gate.ts';
import { digestAt, type TreeMemory } from '../effects/tree.ts';
import { isConfiguration } from '../protocol/artifact.ts';
import type { Finding, GateResult } from '../protocol/finding.ts';
import { defaultPlan, type GateName } from '../protocol/gateplan.ts';
import { auditRound, type Audited, type AuditPlace } from './audit.ts';
import { judgeAudit, type AuditedSession } from './auditgates.ts';
import { runGates, type GateCase } from './gates.ts';

/** Runs gates one after the other, and the write policy of the configuration in any case, also for sessions `beside` it. */
export async function runGuarded(
  given: GateCase,
  names: readonly GateName[],
  beside: readonly AuditedSession[] = [],
): Promise<readonly GateResult[]> {
  const results = await runGates(given, names);
  const { name } = writePolicy;
  const known = results.find(({ gate }) => gate === name);
  const held = known?.pass === false ? known.findings.map(({ id }) => id) : [];
  const findings = (await guardedFindings([given.session, ...beside])).filter(({ id }) => !held.includes(id));
  if (findings.length === 0) return results;
  const others = (known?.findings ?? []).filter(({ id }) => findings.every((each) => each.id !== id));
  const forced = resultOf(
    name,
    defaultPlan.options[name],
    { findings: [...findings, ...others] },
    known?.ms ?? 0,
  );
  return [...results.filter(({ gate }) => gate !== name), forced];
}

/** What sessions, with those of their roles before them, did to the configuration or to their records. */
export async function guardedFindings(
  sessions: readonly (AuditedSession | null)[],
): Promise<readonly Finding[]> {
  const judged = await Promise.all(sessions.map((session) => judgeAudit(writePolicy, session)));
  return judged.flatMap(({ findings }) => findings.filter(({ severity }) => severity === 'CRITICAL'));
}

/** Configuration that is as a session of the round left it, which was not to write it. A human's edit of the file ends that. */
export async function configurationLeft(place: AuditPlace, round: string): Promise<readonly string[]> {
  const memory: TreeMemory = new Map();
  const standing = ({ manifest, findings, left, past }: Audited): readonly string[] =>
    (manifest.isolated === null ? left : past)
      .filter(({ path, after }) => isConfiguration(path) && digestAt(place.root, path, memory) === after)
      .map(({ path }) => path)
      .filter((path) => findings.some(({ severity, file }) => severity === 'CRITICAL' && file === path));
  return [...new Set((await auditRound(place, round)).flatMap(standing))];
}
