/** The facts of agent programs as we ship them, for tests that read streams without a project. */
import { readFileSync } from 'node:fs';
import { agentsFile, joinFacts } from '../../src/protocol/agentfacts.ts';
import { readData } from '../../src/protocol/datafile.ts';

const reading = readData(
  readFileSync(new URL('../../state/agents.yaml', import.meta.url), 'utf8'),
  agentsFile,
);
if (!reading.ok) throw new Error(JSON.stringify(reading.diagnostics));

/** By kind of agent. */
export const shippedFacts = joinFacts([reading.value]);
