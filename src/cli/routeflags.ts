/** The row of `next-role route` in the table of commands. Data only; it runs nothing. */
import { common } from './sharedflags.ts';

export const routeCommand = {
  name: 'route',
  group: 'Look',
  about: 'Which tier a directive asks for and which models would work it, with every reason',
  more: 'Asks no model. With --corpus it grades the router on labelled directives; exits with 1 when one gets too little care.',
  args: [],
  flags: [
    {
      name: 'directive',
      value: 'FILE',
      about: 'A handoff or a bare directive (default: the handoff of this project)',
      values: 'file',
    },
    {
      name: 'corpus',
      value: 'FOLDER',
      about: 'Markdown files with "label:" and "why:"; each folder in it is a split',
      values: 'folder',
    },
    ...common,
  ],
  examples: [
    { line: 'next-role route', about: 'This round: tier, words that counted, model of each role' },
    { line: 'next-role route --directive next.md --json', about: 'A directive, for a script' },
    { line: 'next-role route --corpus my-directives', about: 'How often is it right on yours?' },
  ],
} as const;
