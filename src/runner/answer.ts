/**
 * `resume`: a checked edit of the handoff, the same a human could make in an editor. Writes `answer` and `note` beside
 * the open question; the running runner, or the next one, takes it from there. Refuses what would be refused later.
 */
import { edit } from '../protocol/codec.ts';
import { replaceIf, type Replaced } from '../effects/files.ts';
import type { Project } from '../protocol/project.ts';
import { readHandoff } from './handoff.ts';
import { look } from './look.ts';

export type ResumeRequest = {
  readonly choose: string | null;
  readonly note: string | null;
  /** Answer only this question; refused when another one is open. */
  readonly id: string | null;
};

export type Resumed =
  | { readonly type: 'answered'; readonly id: string; readonly choice: string | null }
  | { readonly type: 'refused'; readonly message: string; readonly hint: string };

/** Answers the open question of a project. */
export async function resume(project: Project, request: ResumeRequest): Promise<Resumed> {
  const { situation, policy } = await look(project);
  const { question } = situation;
  if (question === null)
    return refuse(`No question is open: ${situation.headline}`, situation.next[0] ?? 'next-role why');
  if (request.id !== null && request.id !== question.id) {
    return refuse(`The open question is "${question.id}", not "${request.id}"`, 'next-role why');
  }
  const letters = question.options.map((option) => option.letter);
  const chosen = letters.find((letter) => letter.toLowerCase() === request.choose?.toLowerCase()) ?? null;
  if (request.choose !== null && chosen === null && letters.length > 0) {
    return refuse(
      `"${request.choose}" is none of the options ${letters.join(', ')}`,
      `next-role resume --choose ${letters[0] ?? 'A'}`,
    );
  }
  if (request.choose === null && request.note === null) {
    return refuse(
      'An answer needs a letter or words',
      `next-role resume --choose ${letters[0] ?? 'A'} --note "…"`,
    );
  }
  const { digest, reading } = await readHandoff(project, policy);
  if (digest === null || reading.handoff === null)
    return refuse('The handoff cannot be read', 'next-role inspect');
  const same = reading.handoff.answer === (chosen ?? request.choose) && reading.handoff.note === request.note;
  if (chosen !== null && same) {
    const hint = `next-role resume --choose ${chosen} --note "…"`;
    return refuse(
      'The handoff holds this very answer already, and it was refused or waits for a runner',
      hint,
    );
  }
  return answered(await write(project, digest, chosen, request), question.id, chosen);
}

/** In words alone, READY releases the question; with a letter, the answer key does. */
async function write(
  project: Project,
  digest: string,
  chosen: string | null,
  request: ResumeRequest,
): Promise<Replaced> {
  const answer = chosen ?? request.choose;
  const change = {
    ...(answer === null ? { status: 'READY' } : { answer }),
    ...(request.note === null ? {} : { note: request.note }),
  };
  return replaceIf(project.handoff, digest, (text) => {
    const edited = edit(text, change);
    return edited.ok ? edited.text : null;
  });
}

function answered(replaced: Replaced, id: string, choice: string | null): Resumed {
  switch (replaced.type) {
    case 'written':
      return { type: 'answered', id, choice };
    case 'lost':
      return refuse('The handoff was edited at the same moment', 'next-role why, then answer again');
    case 'failed':
      return refuse(replaced.message, 'next-role inspect');
    default:
      return replaced satisfies never;
  }
}

function refuse(message: string, hint: string): Resumed {
  return { type: 'refused', message, hint };
}
