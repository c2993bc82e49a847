/**
 * The table of commands: their arguments, flags and examples. The parser, the help pages, the shell completion and the
 * tests are all made from it, so they cannot drift apart. Data only; it runs nothing.
 */
import type { CommandSpec } from './commandspec.ts';
import { compareSpec, htmlFlag } from './compareflags.ts';
import { gateSpec } from './gateflags.ts';
import { routeCommand } from './routeflags.ts';
import { common, json } from './sharedflags.ts';

export const commandTable = [
  {
    name: 'init',
    group: 'Start',
    about: 'Set up a project: coordination/ with the handoff, the PRD and the settings',
    more: 'Asks nothing. A file that is there already is left alone and named.',
    args: [{ name: '[folder]', about: 'Where (default: here)', values: 'folder' }],
    flags: [
      { name: 'tier', value: 'TIER', about: 'Which roles a round runs', values: 'tier' },
      {
        name: 'agent',
        value: 'NAME',
        about: 'The agent that works every role (default: the first one installed)',
      },
      { name: 'bare', value: null, about: 'Write the handoff as KEY: value lines in place of front matter' },
      ...common,
    ],
    examples: [
      { line: 'next-role init', about: 'Set up the folder you are in' },
      { line: 'next-role init ../shop --tier audit', about: 'Another folder, with a shorter round' },
    ],
  },
  {
    name: 'demo',
    group: 'Start',
    about: 'Watch a whole round in seconds: offline, with scripted agents and one question to you',
    more: 'Works in a copy of the example, in a temporary folder unless --dir names another. Nothing is paid.',
    args: [],
    flags: [
      {
        name: 'answer',
        value: 'LETTER',
        about: 'Answer the question in advance, for scripts',
        values: ['A', 'B'],
      },
      { name: 'dir', value: 'DIR', about: 'Play here (must be empty or missing)', values: 'folder' },
      json,
    ],
    examples: [
      { line: 'next-role demo', about: 'Play it, and answer when you are asked' },
      { line: 'next-role demo --answer A --dir ./demo', about: 'Play it to the end without asking' },
    ],
  },
  {
    name: 'run',
    group: 'Run',
    about: 'Run the round until it finishes or needs you',
    more: 'Exits with 0 finished, 1 failed, 2 waiting for you, 75 run by somebody else, 130 interrupted.',
    args: [],
    flags: [
      {
        name: 'until',
        value: 'WHEN',
        about: 'rest: stop at a question too (default). finished: wait for your answers',
        values: ['rest', 'finished'],
      },
      {
        name: 'estimate',
        value: null,
        about: "Start nothing: say what a round came to so far, by this project's own history",
      },
      ...common,
    ],
    examples: [
      { line: 'next-role run', about: 'One round, here' },
      { line: 'next-role run --until finished', about: 'Stay through questions; answer them in the file' },
      { line: 'next-role run --json', about: 'Everything that happens, as JSON lines' },
    ],
  },
  {
    name: 'watch',
    group: 'Run',
    about: 'Stay, and run whatever the handoffs of these projects ask for',
    more: 'Ends with Ctrl-C: working sessions are ended gracefully and their work is kept.',
    args: [{ name: '[folders...]', about: 'Projects (default: this one)', values: 'folder' }],
    flags: [...common],
    examples: [
      { line: 'next-role watch', about: 'This project' },
      { line: 'next-role watch ../shop ../site', about: 'Two at once' },
    ],
  },
  {
    name: 'status',
    group: 'Look',
    about: 'One line per project: round, state, role, since when, who must move',
    more: 'Exits with 0, or with 1 when the first project failed, 2 when it waits for you.',
    args: [{ name: '[folders...]', about: 'Projects (default: this one)', values: 'folder' }],
    flags: [...common],
    examples: [
      { line: 'next-role status', about: 'This project' },
      { line: 'next-role status ../shop ../site --json', about: 'Two, for a script' },
    ],
  },
  {
    name: 'why',
    group: 'Look',
    about: 'What this project waits for, since when, until when, and the next command',
    more: 'Shows the open question in full, the last sign of life of a session, and what is left of the caps.',
    args: [],
    flags: [...common],
    examples: [{ line: 'next-role why', about: 'Why does nothing happen?' }],
  },
  {
    name: 'cost',
    group: 'Look',
    about: 'The receipt of a round: tokens by class, cost by role and attempt, orchestration tokens: 0',
    more: 'Made again from the journal. What nobody knows is shown as unknown, never as 0.',
    args: [{ name: '[round]', about: 'Which round (default: the current one)' }],
    flags: [
      {
        name: 'what-if',
        value: 'CHANGE',
        about: 'all=MODEL, class=CLASS, date=DAY, write=5m|1h; modelled: session=threaded, tools=all',
      },
      htmlFlag,
      ...common,
    ],
    examples: [
      { line: 'next-role cost', about: 'The current round' },
      { line: 'next-role cost R07 --json', about: 'Another one, for a script' },
      { line: 'next-role cost --what-if all=opus', about: 'The same tokens at the prices of one model' },
      { line: 'next-role cost --html cost.html', about: 'In pictures' },
    ],
  },
  { ...compareSpec, flags: [...compareSpec.flags, ...common] },
  {
    name: 'prices',
    group: 'Look',
    about: 'The price sheet in force: models, dates, tiers; what overlaps and what has no price',
    more: 'Corrected in coordination/state/prices.yaml, model by model. Exits with 1 when a sheet has errors.',
    args: [],
    flags: [...common],
    examples: [
      { line: 'next-role prices', about: 'What a million tokens cost' },
      { line: 'next-role prices --json', about: 'With every date, for a script' },
    ],
  },
  routeCommand,
  {
    name: 'prompt',
    group: 'Look',
    about: 'The brief a role would get now: parts with sizes, files offered and hidden',
    more: 'Starts nothing. Tokens are estimated as a quarter of the bytes.',
    args: [{ name: '<role>', about: 'Whose brief', values: 'role' }],
    flags: [{ name: 'full', value: null, about: 'Print the prompt itself' }, ...common],
    examples: [
      { line: 'next-role prompt reviewer', about: 'What the reviewer may see' },
      { line: 'next-role prompt implementer --full', about: 'Word for word' },
    ],
  },
  {
    name: 'memorial',
    group: 'Look',
    about: 'What this project has learned: rules with their counts, why one stands, and pruning',
    more: 'list shows the rules, why RULE explains one, prune moves the retired ones into coordination/history/.',
    args: [
      { name: '[verb]', about: 'list (default), why or prune', values: ['list', 'why', 'prune'] },
      { name: '[rule]', about: 'For why: which rule' },
    ],
    flags: [
      { name: 'role', value: 'ROLE', about: 'Only the rules of this role', values: 'role' },
      { name: 'retired', value: null, about: 'Show the retired rules too' },
      ...common,
    ],
    examples: [
      { line: 'next-role memorial', about: 'The rules in force' },
      {
        line: 'next-role memorial why tdd-discipline-1',
        about: 'Where a rule comes from, and who is told it',
      },
    ],
  },
  {
    name: 'inspect',
    group: 'Look',
    about: 'How a handoff file is understood, and what it would lead to',
    more: 'Works on any file, also outside a project. Exits with 1 when the file has errors.',
    args: [{ name: '[file]', about: 'A handoff (default: that of this project)', values: 'file' }],
    flags: [...common],
    examples: [
      { line: 'next-role inspect', about: 'The handoff of this project' },
      { line: 'next-role inspect old/NEXT-ROLE.md --json', about: 'Some other file, for a script' },
    ],
  },
  {
    name: 'resume',
    group: 'Answer and edit',
    about: 'Answer the open question',
    more: 'Writes the answer into the handoff, exactly as you could by hand.',
    args: [],
    flags: [
      { name: 'choose', value: 'LETTER', about: 'The option', values: 'letter' },
      { name: 'note', value: 'TEXT', about: 'Your own words, given to the roles word for word' },
      { name: 'id', value: 'ID', about: 'Answer only if this is the open question' },
      ...common,
    ],
    examples: [
      { line: 'next-role resume --choose B', about: 'Take option B' },
      {
        line: 'next-role resume --choose B --note "only for new clients"',
        about: 'With a word to the roles',
      },
    ],
  },
  {
    name: 'retry',
    group: 'Answer and edit',
    about: 'Try again now instead of waiting for a limit, an overload or the network',
    more: 'Takes effect in every project that waits for the limit of the same agent. A runner takes it up at once.',
    args: [],
    flags: [...common],
    examples: [{ line: 'next-role retry', about: 'The limit was raised, or the network is back' }],
  },
  {
    name: 'set',
    group: 'Answer and edit',
    about: 'Change keys of the handoff and not one byte more',
    more: 'KEY=VALUE sets a key, KEY! removes it. Unknown statuses, roles and tiers are refused unless --force.',
    args: [
      { name: '[edits...]', about: 'A file (default: the handoff of this project), then KEY=VALUE or KEY!' },
    ],
    flags: [
      { name: 'unset', value: 'KEY', about: 'Remove a key (several: with commas)' },
      { name: 'force', value: null, about: 'Write a value nobody knows' },
      ...common,
    ],
    examples: [
      { line: 'next-role set status=READY', about: 'Let the next role go' },
      { line: 'next-role set round=R08 next-role=architect status=READY', about: 'Start the next round' },
      { line: 'next-role set --unset answer', about: 'Take an answer back' },
    ],
  },
  {
    name: 'eject',
    group: 'Answer and edit',
    about: 'Copy a role, a tier table or another shipped file into the project, to change it there',
    more: 'Without a name: lists what there is. Never overwrites.',
    args: [{ name: '[name]', about: 'For example roles/reviewer.md', values: 'shipped' }],
    flags: [...common],
    examples: [{ line: 'next-role eject roles/reviewer.md', about: 'Make the reviewer your own' }],
  },
  {
    name: 'doctor',
    group: 'Check',
    about: 'Check this machine and this project; every failure comes with its remedy',
    more: 'Clears away what a crash left (a dead lock, a torn journal line, processes of ended sessions, temporary files) and names it, while nobody runs the project. Exits with 1 when something would keep a round from running.',
    args: [],
    flags: [
      {
        name: 'probe',
        value: null,
        about: 'Work one tiny session of every installed agent (paid), and tell its cost',
      },
      { name: 'dry-run', value: null, about: 'Say what would be cleared away, and leave it' },
      ...common,
    ],
    examples: [
      { line: 'next-role doctor', about: 'Before the first round, or when something is odd' },
      { line: 'next-role doctor --dry-run', about: 'Look, and touch nothing' },
    ],
  },
  { ...gateSpec, flags: [...gateSpec.flags, ...common] },
  {
    name: 'replay',
    group: 'Check',
    about: 'Replay a journal and compare every decision with the recorded one',
    more: 'Also checks the chain of hashes. Exits with 1 when anything differs.',
    args: [{ name: '[journal]', about: 'A journal (default: that of this project)', values: 'file' }],
    flags: [...common],
    examples: [{ line: 'next-role replay backup/journal.jsonl', about: 'Some other journal' }],
  },
  {
    name: 'simulate-provider',
    group: 'Check',
    about: 'A model provider on this machine, so that real agents run offline and free',
    more: "Speaks to Claude Code, Codex, Gemini CLI and opencode, answers from a script, and counts prompts as a provider's cache does. Ctrl-C ends it.",
    args: [],
    flags: [
      { name: 'port', value: 'N', about: 'Listen here (default: a free port)' },
      {
        name: 'script',
        value: 'FILE',
        about: 'What the model does, role by role (default: it says ok)',
        values: 'file',
      },
      {
        name: 'ledger',
        value: 'FILE',
        about: 'Append one JSON line per request: what it used',
        values: 'file',
      },
      json,
    ],
    examples: [
      { line: 'next-role simulate-provider --script turns.yaml --ledger ledger.jsonl', about: 'Play turns' },
      { line: 'next-role simulate-provider --port 8787 --json', about: 'For a script' },
    ],
  },
  {
    name: 'audit',
    group: 'Check',
    about: 'Prove what each session of a round was offered, touched and changed',
    more: 'Exits with 1 when a role opened what is hidden from it, or wrote what is not its own.',
    args: [{ name: '[round]', about: 'A round (default: the present one)' }],
    flags: [...common],
    examples: [{ line: 'next-role audit R07', about: 'Who was offered, touched and denied what' }],
  },
  {
    name: 'completion',
    group: 'Check',
    about: 'Print the completion script of your shell',
    more: 'bash: source <(next-role completion bash)\nzsh:  source <(next-role completion zsh)\nfish: next-role completion fish | source',
    args: [{ name: '<shell>', about: 'bash, zsh or fish', values: ['bash', 'zsh', 'fish'] }],
    flags: [...common],
    examples: [{ line: 'next-role completion zsh', about: 'The script for zsh' }],
  },
] as const satisfies readonly CommandSpec[];

export type CommandName = (typeof commandTable)[number]['name'];
export type FlagName = (typeof commandTable)[number]['flags'][number]['name'];
