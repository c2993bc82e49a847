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
  about: 'Two or more recorded rounds side by side: cost, tokens, requests, and where the ratio comes from',
  more: 'With --from: receipts of recorded rounds (next-role cost --json > FILE); the last one is the base of the ratios, and a,b are repetitions of one arm. Says CONFOUNDED when more than the way of working differs.',
  args: [{ name: '[receipts...]', about: 'With --from: receipt files', values: 'file' }],
  flags: [{ name: 'from', value: null, about: 'Compare recorded rounds; starts nothing' }, htmlFlag],
  examples: [
    { line: 'next-role compare --from threaded.json roles.json', about: 'Two recorded rounds' },
    { line: 'next-role compare --from a1.json,a2.json b1.json,b2.json', about: 'Two runs each' },
  ],
} as const satisfies CommandSpec;
