/**
 * `next-role memorial list|why|prune`: what this project has learned, why a rule stands where it stands, and moving
 * retired rules out of the way. Only `prune` writes.
 */
import { look } from '../../runner/look.ts';
import { pruneMemorial, readProjectMemorial, reinforcementsFor } from '../../runner/memorial.ts';
import type { Memorial } from '../../runner/memorial.ts';
import { readHandoff } from '../../runner/handoff.ts';
import { readText } from '../../effects/files.ts';
import { memorialPath, readMemorial, retiredPath } from '../../protocol/memorial.ts';
import type { Rule } from '../../protocol/memorial.ts';
import type { Project } from '../../protocol/project.ts';
import { nearest } from '../../protocol/nearest.ts';
import { layoutColumns, print, printJson } from '../output.ts';
import { counted } from '../quantity.ts';
import { problemLines } from '../render.ts';
import { exits, projectFor, refuse } from '../shell.ts';
import type { Command, Input, Shell } from '../shell.ts';
import { good, labelled, note, oneLine, quiet, strong, table } from '../text.ts';
import type { Line, Text } from '../text.ts';

const verbs = ['list', 'why', 'prune'] as const;

export const memorial: Command = async (shell, input) => {
  const [verb = 'list'] = input.args;
  if (!verbs.some((word) => word === verb)) {
    const guess = nearest(verb, verbs) ?? 'list';
    return refuse(shell, `"${verb}" is none of ${verbs.join(', ')}`, `next-role memorial ${guess}`);
  }
  const project = await projectFor(shell, input);
  if (project === null) return exits.usage;
  if (verb === 'prune') return prune(shell, project);
  const known = await readProjectMemorial(project);
  if (known.problems.length > 0) return broken(shell, known);
  return verb === 'why' ? why(shell, input, project, known) : list(shell, input, known);
};

function broken(shell: Shell, known: Memorial): number {
  if (shell.json) printJson(shell.out, { problems: known.problems });
  else {
    const columns = layoutColumns(shell.out);
    print(
      shell.out,
      known.problems.flatMap(({ file, diagnostics }) => problemLines(file, diagnostics, columns)),
    );
  }
  return exits.failed;
}

function list(shell: Shell, input: Input, known: Memorial): number {
  const role = input.text('role');
  const all = [...known.ledger.rules, ...known.retired];
  const rules = all.filter(
    (rule) => (role === null || rule.role === role) && (input.has('retired') || rule.status !== 'retired'),
  );
  if (shell.json) {
    printJson(shell.out, { rules, shared: known.shared, rounds: known.ledger.counted.length });
    return exits.finished;
  }
  const hidden = all.length - rules.length;
  const rows = rules.map((rule) => [
    rule.id,
    rule.role,
    rule.status,
    String(rule.violations),
    String(rule.confirmations),
    oneLine(rule.text),
  ]);
  const columns = layoutColumns(shell.out);
  print(shell.out, [
    ...(rows.length === 0
      ? ['No rules yet: they are counted from MEMORIAL.md and the gates when a round completes.']
      : table(['RULE', 'ROLE', 'STATUS', 'V', 'C', 'LESSON'], rows, { columns, flexible: 5 })),
    '',
    [
      quiet(`${counted(known.ledger.counted.length, 'round')} counted`),
      quiet(hidden > 0 ? `; ${hidden} not shown (` : ''),
      ...(hidden > 0 ? [note('next-role memorial list --retired'), quiet(')')] : []),
    ],
    ...(known.shared.length > 0
      ? [[quiet(`${counted(known.shared.length, 'rule')} of your other projects`)] satisfies Line]
      : []),
  ]);
  return exits.finished;
}

async function why(shell: Shell, input: Input, project: Project, known: Memorial): Promise<number> {
  const all = [...known.ledger.rules, ...known.retired];
  const id = input.args[1] ?? '';
  const rule = all.find((each) => each.id === id);
  if (rule === undefined) {
    const ids = all.map((each) => each.id);
    const guess = nearest(id, ids) ?? ids[0];
    return refuse(
      shell,
      id === '' ? 'Name the rule to explain' : `"${id}" is no rule of this project`,
      guess === undefined ? 'next-role memorial list' : `next-role memorial why ${guess}`,
    );
  }
  const { policy } = await look(project);
  const { reading } = await readHandoff(project, policy);
  const about = reading.handoff?.directive ?? '';
  const told = await reinforcementsFor(project, policy, { role: rule.role, about });
  const because = told.find((each) => each.rule.id === rule.id)?.because ?? null;
  const lines = await linesOf(project, rule);
  if (shell.json) printJson(shell.out, { rule, told: because, lines });
  else print(shell.out, screen(rule, because, lines, layoutColumns(shell.out)));
  return exits.finished;
}

function screen(rule: Rule, because: string | null, lines: readonly string[], columns: number): Text {
  const row = (label: string, words: string): Text => labelled(label, words, columns, 10);
  return [
    [strong(rule.id), ` ${rule.discipline}, ${rule.role}`],
    ...row('lesson', oneLine(rule.text)),
    ...row('status', `${rule.status}: ${standing(rule)}`),
    ...row('since', rule.since === rule.last ? rule.since : `${rule.since}, last counted in ${rule.last}`),
    ...row('evidence', rule.evidence.map(oneLine).join('; ')),
    ...row('told', because ?? `not to ${rule.role} now: it is ${notTold(rule)}`),
    ...lines.flatMap((line, at) => row(at === 0 ? 'lines' : '', line)),
  ];
}

function standing(rule: Rule): string {
  return `violated ${rule.violations} times, confirmed ${rule.confirmations}, ${rule.streak} in a row`;
}

function notTold(rule: Rule): string {
  return rule.status === 'retired' ? 'retired' : 'not about this work, or over the bound';
}

/** The lines of the memorial that counted for a rule, as far as they still stand there. */
async function linesOf(project: Project, rule: Rule): Promise<readonly string[]> {
  const text = (await readText(`${project.root}/${memorialPath}`))?.text ?? '';
  return readMemorial(text)
    .filter((line) => line.discipline === rule.discipline && line.role === rule.role)
    .filter((line) => line.lesson === rule.text || rule.evidence.includes(line.evidence))
    .map((line) => `${memorialPath}:${line.line} ${line.kind} ${line.round} ${oneLine(line.evidence)}`);
}

async function prune(shell: Shell, project: Project): Promise<number> {
  const { pruned, trouble } = await pruneMemorial(project);
  if (trouble !== null) return refuse(shell, trouble, 'next-role memorial prune', exits.failed);
  if (shell.json) printJson(shell.out, { pruned: pruned.map((rule) => rule.id), to: retiredPath });
  else
    print(shell.out, [
      [
        good('✓ '),
        pruned.length === 0
          ? 'No rule is retired; nothing was moved'
          : `${counted(pruned.length, 'retired rule')} moved to ${retiredPath}`,
      ],
    ]);
  return exits.finished;
}
