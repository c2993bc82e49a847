/**
 * Answers the open question of a running project while it runs: from the terminal, or with a letter that was given in
 * advance. The same question may be answered from elsewhere at any moment; then the one here is taken back. It writes
 * nothing by itself: the answer goes through resume(), the way every answer goes.
 */
import { restore } from '../domain/machine.ts';
import type { OpenQuestion } from '../domain/round.ts';
import type { Notice } from '../protocol/notice.ts';
import type { Project } from '../protocol/project.ts';
import { resume } from '../runner/answer.ts';
import { layoutColumns, print } from './output.ts';
import { questionScreen } from './screens/question.ts';
import { commandFor } from './shell.ts';
import type { Shell } from './shell.ts';
import { bad, quiet, wrap } from './text.ts';
import type { Line } from './text.ts';

export type Answering = {
  /** Takes up a notice: asks when a question opens, takes the question back when it is closed. */
  follow(notice: Notice): void;
  /** Whether nobody here can answer any more; `onGiveUp` was called then. */
  readonly gaveUp: () => boolean;
  close(): void;
};

export type AnsweringOptions = {
  readonly project: Project;
  /** The letter given in advance; null asks in the terminal. */
  readonly letter: string | null;
  /** Clears the live line before anything is asked. */
  readonly hide: () => void;
  readonly onGiveUp: () => void;
};

/** Why a question is taken back before it was answered here. */
type Taken = 'answered' | 'closed';

/** Answers that may be refused before we stop asking. */
const triesMax = 10;

/** Starts to listen for questions. */
export function openAnswering(shell: Shell, options: AnsweringOptions): Answering {
  let open: { readonly id: string; readonly taken: AbortController } | null = null;
  let gaveUp = false;
  const giveUp = (): void => {
    gaveUp = true;
    options.onGiveUp();
  };
  const takeBack = (why: Taken): void => {
    open?.taken.abort(why);
    open = null;
  };
  return {
    follow(notice) {
      if (notice.type !== 'decided') return;
      const state = restore(notice.state);
      const question = state?.value === 'parked' ? state.context.question : null;
      if (question === null) {
        takeBack('answered');
        return;
      }
      if (open?.id === question.id) return;
      takeBack('answered');
      const taken = new AbortController();
      open = { id: question.id, taken };
      answer(shell, options, question, taken.signal).then(
        (answered) => {
          if (!answered && !taken.signal.aborted) giveUp();
        },
        // A question nobody can put is as good as one nobody answers; the reason is shown.
        (error: unknown) => {
          print(shell.err, [[bad('✗ '), error instanceof Error ? error.message : String(error)]]);
          giveUp();
        },
      );
    },
    gaveUp: () => gaveUp,
    close: () => takeBack('closed'),
  };
}

/** Asks until an answer is taken. False when there is none to be had. */
async function answer(
  shell: Shell,
  options: AnsweringOptions,
  question: OpenQuestion,
  taken: AbortSignal,
): Promise<boolean> {
  const { project, letter } = options;
  if (!shell.json) {
    options.hide();
    const command = (line: string): string => commandFor(shell, project, line);
    const screen = {
      columns: layoutColumns(shell.out),
      now: shell.now(),
      handoff: project.handoffName,
      command,
      defaultAt: undefined,
    };
    print(shell.out, [
      '',
      ...questionScreen({ ...question.escalation, id: question.id, askedBy: question.role }, screen),
      '',
    ]);
  }
  const letters = question.escalation.options.map((option) => option.letter).join(', ');
  if (letter !== null) {
    if (!shell.json) print(shell.out, [[quiet('Answered in advance: '), letter]]);
    return give(shell, options, question, letter);
  }
  for (let tries = 0; tries < triesMax; tries += 1) {
    const said = await shell.ask(`Your answer (${letters}), here or in the file: `, taken);
    if (taken.aborted) {
      print(shell.out, taken.reason === 'answered' ? ['', [quiet('Answered in the file.')]] : ['']);
      return true;
    }
    if (said === null) return false;
    if (said.trim() !== '' && (await give(shell, options, question, said.trim()))) return true;
  }
  return false;
}

/** The way forward of a refusal is the prompt that comes next, or the end screen. */
async function give(
  shell: Shell,
  options: AnsweringOptions,
  question: OpenQuestion,
  letter: string,
): Promise<boolean> {
  const resumed = await resume(options.project, { choose: letter, note: null, id: question.id });
  if (resumed.type === 'answered') return true;
  if (!shell.json) {
    print(
      shell.out,
      wrap(resumed.message, layoutColumns(shell.out)).map((line): Line => [bad(line)]),
    );
  }
  return false;
}
