/**
 * `next-role audit`: the proof that the sessions of a round kept to their briefs: who was offered what, who touched,
 * changed and was refused what, and what is found against it. Reads the session folders alone; starts nothing.
 */
import { look } from '../../runner/look.ts';
import { auditRound } from '../../runner/audit.ts';
import type { Audited } from '../../runner/audit.ts';
import { isAtLeast } from '../../protocol/finding.ts';
import type { Finding } from '../../protocol/finding.ts';
import type { Touch } from '../../protocol/touch.ts';
import { layoutColumns, print, printJson } from '../output.ts';
import { counted } from '../quantity.ts';
import { exits, projectFor, refuse } from '../shell.ts';
import type { Command } from '../shell.ts';
import { bad, good, labelled, oneLine, quiet, strong, table, wrap } from '../text.ts';
import type { Line, Text } from '../text.ts';

/** Rows of one list; `--json` has them all. */
const rowsMax = 12;
/** Enough of a hash to compare by eye. */
const hashChars = 8;

/** A session as `--json` prints it. `counts`: no later session of the same role took its place. */
type Proof = Audited & { readonly counts: boolean; readonly clean: boolean };

export const audit: Command = async (shell, input) => {
  const project = await projectFor(shell, input);
  if (project === null) return exits.usage;
  const { policy, state } = await look(project);
  const round = input.args[0] ?? state.context.round?.id ?? null;
  if (round === null) return refuse(shell, 'No round has been run here yet', 'next-role run');
  const place = { root: project.root, sessions: `${project.own}/sessions`, policy };
  const audited = await auditRound(place, round);
  if (audited.length === 0)
    return refuse(shell, `Round "${round}" has no session with a manifest here`, 'next-role status');
  const proofs = audited.map((session, at) => proofOf(session, audited[at + 1] ?? null));
  const clean = proofs.every((proof) => proof.clean || !proof.counts);
  if (shell.json) printJson(shell.out, { round, clean, sessions: proofs });
  else print(shell.out, screen(round, proofs, clean, layoutColumns(shell.out)));
  return clean ? exits.finished : exits.failed;
};

function proofOf(session: Audited, next: Audited | null): Proof {
  const counts = next?.manifest.role !== session.manifest.role;
  return {
    ...session,
    counts,
    clean: !session.findings.some(({ severity }) => isAtLeast(severity, 'MAJOR')),
  };
}

function screen(round: string, proofs: readonly Proof[], clean: boolean, columns: number): Text {
  const verdict: Line = clean
    ? [
        good('✓ '),
        strong(`Round ${round}: every role kept to its brief (${counted(proofs.length, 'session')})`),
      ]
    : [bad('✗ '), strong(`Round ${round}: a role left its brief (${counted(proofs.length, 'session')})`)];
  return [verdict, ...proofs.flatMap((proof) => ['', ...session(proof, columns)])];
}

function session(proof: Proof, columns: number): Text {
  const { manifest, changes } = proof;
  const mark = proof.clean ? good('✓ ') : bad('✗ ');
  const model = manifest.model === null ? '' : ` (${manifest.model})`;
  const list = (label: string, words: readonly string[], none: string): Text =>
    labelled(label, words.length === 0 ? none : words.join(', '), columns, 10);
  const offered = manifest.offered.map((file) => [
    file.path,
    file.as === 'text' ? 'in the prompt' : 'by path',
    file.sha256.slice(0, hashChars),
  ]);
  return [
    [mark, strong(manifest.role), quiet(` ${manifest.agent}${model} · ${manifest.order}`)],
    ...(proof.counts ? [] : [[quiet('Does not count: another session of this role followed.')]]),
    ...list('prompt', [`sha256 ${manifest.promptSha256.slice(0, hashChars)}`], ''),
    ...rows(['OFFERED', 'HOW', 'SHA-256'], offered, columns),
    ...list('hidden', manifest.hidden, 'nothing'),
    ...(manifest.isolated === null ? [] : [[quiet('It worked in a copy without what is hidden from it.')]]),
    ...list('tools', manifest.tools, "the agent's own"),
    ...rows(['TOUCHED', 'TIMES', 'END'], touchRows(proof.touches), columns),
    ...list('changed', changedWords(proof), changes === null ? 'not known' : 'nothing'),
    ...(proof.isWhole ? [] : [[quiet('The stream is too long to be read to its end.')]]),
    ...proof.findings.flatMap((finding) => findingText(finding, columns)),
  ];
}

function rows(head: readonly string[], body: readonly (readonly string[])[], columns: number): Text {
  if (body.length === 0) return [];
  const shown = table(
    [...head],
    body.slice(0, rowsMax).map((row) => [...row]),
    { columns, flexible: 0 },
  );
  const more = body.length > rowsMax ? [[quiet(`… and ${body.length - rowsMax} more: --json`)]] : [];
  return [...shown, ...more];
}

/** The same call made several times is one row. */
function touchRows(touches: readonly Touch[]): readonly (readonly string[])[] {
  const counts = new Map<string, { row: readonly [string, string]; times: number }>();
  for (const { tool, target, end } of touches) {
    const what = oneLine(target === null ? tool : `${tool} ${target}`);
    const key = `${what}\0${end}`;
    const known = counts.get(key);
    counts.set(key, { row: [what, end], times: (known?.times ?? 0) + 1 });
  }
  return [...counts.values()].map(({ row: [what, end], times }) => [what, String(times), end]);
}

function changedWords({ changes }: Proof): readonly string[] {
  const files = changes?.files ?? [];
  const shown = files.slice(0, rowsMax).map(({ path, before, after }) => {
    if (before === null) return `${path} (new)`;
    return after === null ? `${path} (deleted)` : path;
  });
  return files.length > rowsMax ? [...shown, `and ${files.length - rowsMax} more`] : shown;
}

function findingText({ severity, gate, file, text }: Finding, columns: number): Text {
  const words = `${gate} in ${file ?? 'the project'}: ${oneLine(text)}`;
  const blocks = isAtLeast(severity, 'MAJOR');
  const lines = wrap(words, columns - severity.length - 3);
  return lines.map((line, at): Line =>
    at === 0
      ? [blocks ? bad(`  ${severity} `) : quiet(`  ${severity} `), line]
      : [`${' '.repeat(severity.length + 3)}${line}`],
  );
}
