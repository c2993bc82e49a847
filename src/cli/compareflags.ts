/** The row of `next-role compare` in the table of commands, and a flag that it shares. Data only. */
import type { CommandSpec, FlagSpec } from './commandspec.ts';

export const htmlFlag = {
  name: 'html',
  value: 'FILE',
  about: 'Save it as one page with pictures, for any browser',
  values: 'file',
} as const satisfies FlagSpec;

export const compareSpec = {
  name: 'compare',
  group: 'Look',
  about: 'Ways of working side by side: cost, tokens, requests, and where the ratio comes from',
  more: 'With --spec: works the same PRD and commit in each way, each time in a git worktree of its own under .next-role/compare/. That starts real sessions. With --from: receipts of recorded rounds (next-role cost --json > FILE); the last one is the base of the ratios, and a,b are repetitions of one arm. Says CONFOUNDED when more than the way of working differs.',
  args: [{ name: '[receipts...]', about: 'With --from: receipt files', values: 'file' }],
  flags: [
    { name: 'spec', value: 'FILE', about: 'The PRD that every arm works', values: 'file' },
    {
      name: 'arms',
      value: 'LIST',
      about:
        'roles (a session for each), single (one session), workflow (one conversation that all roles go on with); default: all',
    },
    {
      name: 'frozen-spec',
      value: 'FILE',
      about: 'A finished spec for roles and workflow alike, in place of the architect’s turn',
      values: 'file',
    },
    { name: 'runs', short: 'n', value: 'COUNT', about: 'Repetitions of each arm (default: 1)' },
    { name: 'from', value: null, about: 'Compare recorded rounds; starts nothing' },
    htmlFlag,
  ],
  examples: [
    { line: 'next-role compare --spec PRD.md -n 3', about: 'Every way, three times each' },
    { line: 'next-role compare --spec PRD.md --arms roles,single', about: 'Is one session enough?' },
    { line: 'next-role compare --from threaded.json roles.json', about: 'Two recorded rounds' },
    { line: 'next-role compare --from a1.json,a2.json b1.json,b2.json', about: 'Two runs each' },
  ],
} as const satisfies CommandSpec;
