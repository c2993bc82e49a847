/**
 * Runs gates so that the session they judge cannot have turned them off. What a session did to the configuration is found
 * whatever the plan says by then, and weighs what it weighs by default; and an edit of the settings that is not its doing
 * counts from here on, because it was made by whoever may.
 */
import { writePolicy } from '../domain/gates/audit.ts';
import { resultOf } from '../domain/gates/gate.ts';
import { isConfiguration } from '../protocol/artifact.ts';
import type { Finding, GateResult } from '../protocol/finding.ts';
import { defaultPlan, type GateName } from '../protocol/gateplan.ts';
import { judgeAudit, type AuditedSession } from './auditgates.ts';
import { runGates, type GateCase } from './gates.ts';

/** Runs gates one after the other, and the write policy of the configuration in any case. */
export async function runGuarded(
  given: GateCase,
  names: readonly GateName[],
): Promise<readonly GateResult[]> {
  const results = await runGates(given, names);
  const findings = await configurationTouched(given.session);
  const { name } = writePolicy;
  if (findings.length === 0 || results.some(({ gate, pass }) => gate === name && !pass)) return results;
  const forced = resultOf(name, defaultPlan.options[name], { findings }, 0);
  return [...results.filter(({ gate }) => gate !== name), forced];
}

/** What a session, with those of its role before it, did to the configuration without being allowed to. */
export async function configurationTouched(session: AuditedSession | null): Promise<readonly Finding[]> {
  const { findings } = await judgeAudit(writePolicy, session);
  return findings.filter(
    ({ severity, file }) => severity === 'CRITICAL' && file !== null && isConfiguration(file),
  );
}
