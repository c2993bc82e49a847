/**
 * Saves the handoff of a watched project over and over in one editor's way, each time for a new round of one role, and says
 * which rounds were worked how often: a missed edit is a round that never runs, a double dispatch one that runs twice.
 */
import { rmSync } from 'node:fs';
import { fileOf, handoff, handoffText, hasFile, makeProject, start } from './journey.ts';
import type { Editor } from './editors.ts';

const script = `
set -e
echo "$NEXT_ROLE_ROUND" >>ran.log
sed -i -e 's/^next-role: .*/next-role: human/' -e 's/^status: .*/status: ROUND-COMPLETE/' "$NEXT_ROLE_HANDOFF"
`;

/** Rounds in the order they ran; a round is awaited before the next save. */
export async function saveRounds(editor: Editor, count: number): Promise<readonly string[]> {
  const project = await makeProject({
    scenario: {},
    // Only where it saves: a snapshot of each round is ten processes more.
    git: editor.name.includes('git'),
    handoff: handoff({ status: 'PAUSED', round: 'R000', tier: 'one' }),
    settings: {
      agent: 'shell',
      agents: { shell: { kind: 'command', run: 'sh agent.sh' } },
      commit: false,
    },
    files: {
      'agent.sh': script,
      'coordination/state/tiers.yaml': 'one:\n  about: one role that owes nothing\n  roles: [implementer]\n',
    },
  });
  const journey = start(project, () => false);
  await journey.inState('parked');
  for (let n = 1; n <= count; n += 1) {
    const round = `R${String(n).padStart(3, '0')}`;
    // Some saves come in a row, as of a person who is not done yet; the last one counts.
    const text = handoff(
      { 'next-role': 'implementer', round, tier: 'one' },
      `\n## Directive\n\nSave number ${n}.\n`,
    );
    editor.save(project.root, project.handoff, text);
    await journey.until(
      `${round} saved by ${editor.name}`,
      (notice) =>
        notice.type === 'decided' &&
        notice.state.value === 'finished' &&
        (notice.state.context as { round: { id: string } | null }).round?.id === round,
    );
  }
  journey.stop();
  await journey.end;
  const ran = hasFile(project, 'ran.log') ? fileOf(project, 'ran.log').trim().split('\n') : [];
  if (!handoffText(project).includes(`Save number ${count}.`))
    throw new Error(`${editor.name} lost its own last save`);
  rmSync(project.root, { recursive: true, force: true });
  return ran;
}

/** The rounds that a test expects: each once, in order. */
export function roundsUpTo(count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `R${String(n + 1).padStart(3, '0')}`);
}
