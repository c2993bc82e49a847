import { describe, expect, it } from 'vitest';
import { agents } from '../../src/agents/index.ts';
import { factKinds, noFacts } from '../../src/protocol/agentfacts.ts';
import { brief, order, place, settings } from './brief.ts';
import { shippedFacts } from './facts.ts';

describe.each(agents.map((agent) => [agent.kind, agent] as const))('the agent %s', (kind, agent) => {
  const known = factKinds.find((each) => each === kind);
  const its = {
    ...settings,
    kind,
    run: 'program',
    facts: known === undefined ? noFacts : shippedFacts[known],
  };
  const argvOf = (resumeOf?: string): string =>
    agent.command(resumeOf === undefined ? order : { ...order, resumeOf }, brief, place, its).argv.join(' ');

  it(`says that it ${agent.resumes ? 'can' : 'cannot'} go on with a session, and its command line agrees`, () => {
    expect(argvOf('earlier-session').includes('earlier-session')).toBe(agent.resumes);
    expect(argvOf()).not.toContain('earlier-session');
  });
});
