/**
 * The row of `next-role gate` in the table of commands: its argument, its own flags and examples. Data only.
 */
import type { CommandSpec } from './commandspec.ts';

export const gateSpec = {
  name: 'gate',
  group: 'Check',
  about: "Run the engine's own checks on what stands here now; needs no project and no agent",
  more: 'Exits with 1 when a gate is red. Compares with the start of the round, else with where this branch began.',
  args: [{ name: '[round]', about: 'Whose spec, report and start (default: the round of the handoff)' }],
  flags: [
    { name: 'since', value: 'COMMIT', about: 'Compare with this commit, branch or tag' },
    { name: 'tests', value: 'COMMAND', about: 'The tests (default: settings, else npm, cargo or go test)' },
    {
      name: 'spec',
      value: 'FILE',
      about: 'A spec whose allowed paths and anti-scope count',
      values: 'file',
    },
    { name: 'only', value: 'GATES', about: 'Only these gates, with commas' },
  ],
  examples: [
    { line: 'next-role gate', about: 'The round of this project, or this repository' },
    { line: 'next-role gate --since main --json', about: 'A branch, for a script or CI' },
    { line: 'next-role gate --only tests,weakened-tests', about: 'Two of them' },
  ],
} as const satisfies CommandSpec;
