/**
 * Gathers the facts that gates judge, and times them. Everything that reads a file or starts a program for a gate is
 * called from here; what the facts mean is decided in domain/gates, and what follows from a red gate in the machine.
 */
import { artifactContract } from '../domain/gates/artifactcontract.ts';
import { resultOf, type Judged } from '../domain/gates/gate.ts';
import { owedIn, owedPath } from '../domain/gate.ts';
import { errorCode, readText } from '../effects/files.ts';
import type { GateResult } from '../protocol/finding.ts';
import { gatesAfter, type GateName } from '../protocol/gateplan.ts';
import type { Policy } from '../protocol/policy.ts';

/** What is checked: one role's work in one round of a project. */
export type GateCase = {
  readonly root: string;
  readonly policy: Policy;
  readonly round: string;
  readonly tier: string;
  readonly role: string;
};

/** One row per gate, so that a new gate breaks the build until its facts are gathered. */
const collectors: Readonly<Record<GateName, (given: GateCase) => Promise<Judged>>> = {
  'artifact-contract': async (given) => {
    const owed = owedIn(given.policy, given).map(async (artifact) => {
      const path = owedPath(artifact, given);
      return { path, sections: artifact.sections, text: await textOf(`${given.root}/${path}`) };
    });
    return { findings: artifactContract.judge(await Promise.all(owed)) };
  },
};

/** Runs every gate of the plan for this work, one after the other, cheap ones first. */
export async function runGates(given: GateCase): Promise<readonly GateResult[]> {
  const { gates: plan } = given.policy;
  const results: GateResult[] = [];
  for (const name of gatesAfter(plan, given)) {
    const startedAt = performance.now();
    const judged = await collectors[name](given);
    results.push(resultOf(name, plan.options[name], judged, Math.round(performance.now() - startedAt)));
  }
  return results;
}

/** What cannot be read as a text (a folder, a file far too large) is no such file. */
async function textOf(path: string): Promise<string | null> {
  try {
    return (await readText(path))?.text ?? null;
  } catch (error) {
    if (errorCode(error) !== '') throw error;
    return null;
  }
}
