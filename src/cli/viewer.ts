/**
 * Turns the notices of running projects into what is seen: lines and a live line for people, JSON lines for programs.
 * One viewer serves all projects of a process. It only listens; nothing it does can change a run.
 */
import { basename } from 'node:path';
import { restore } from '../domain/machine.ts';
import type { Notice, Publish } from '../protocol/notice.ts';
import type { Project } from '../protocol/project.ts';
import type { RunEnd } from '../runner/run.ts';
import { openLive } from './live.ts';
import { namesOf } from './names.ts';
import { layoutColumns, print, printJsonLine } from './output.ts';
import { render } from './render.ts';
import { questionScreen } from './screens/question.ts';
import { commandFor } from './shell.ts';
import type { Shell } from './shell.ts';
import type { Text } from './text.ts';

export type Viewer = {
  readonly publish: Publish;
  /** Tells how the run of one project ended. */
  end(project: Project, end: RunEnd, text: Text): void;
  /** Clears the live line for a question. */
  hide(): void;
  close(): void;
};

export type ViewerOptions = {
  readonly projects: readonly Project[];
  /** Whether a question is shown in full when it opens; a run that ends with it shows it then. */
  readonly questions: boolean;
};

/** Opens the viewer. With several projects, each line begins with the project's name. */
export async function openViewer(shell: Shell, options: ViewerOptions): Promise<Viewer> {
  return shell.json ? jsonViewer(shell) : textViewer(shell, options, await shell.openArea());
}

function jsonViewer(shell: Shell): Viewer {
  return {
    publish: (notice) => printJsonLine(shell.out, notice),
    end(project, end) {
      const told = 'known' in end ? { ...end, known: undefined } : end;
      printJsonLine(shell.out, { type: 'end', at: shell.now(), project: project.root, end: told });
    },
    hide: () => undefined,
    close: () => undefined,
  };
}

function textViewer(
  shell: Shell,
  options: ViewerOptions,
  area: Awaited<ReturnType<Shell['openArea']>>,
): Viewer {
  const { out, now } = shell;
  const names = namesOf(options.projects);
  const nameOf = (root: string): string | null =>
    names.size > 1 ? (names.get(root) ?? basename(root)) : null;
  const live = openLive({ out, area, nameOf, now });
  return {
    publish(notice: Notice) {
      const lines = render(notice, { columns: layoutColumns(out), name: nameOf(notice.project) });
      const project = options.projects.find(({ root }) => root === notice.project);
      const isAsked = options.questions && project !== undefined;
      live.follow(notice, isAsked ? [...lines, ...questionOf(shell, project, notice)] : lines);
    },
    end(_project, _end, text) {
      live.hide();
      print(out, text);
    },
    hide: () => live.hide(),
    close: () => live.close(),
  };
}

/** The screen of the question that a notice opens; nothing when it opens none. */
function questionOf(shell: Shell, project: Project, notice: Notice): Text {
  if (notice.type !== 'decided') return [];
  const state = restore(notice.state);
  const question = state?.value === 'parked' ? state.context.question : null;
  if (question === null) return [];
  const screen = questionScreen(
    { ...question.escalation, id: question.id, askedBy: question.role },
    {
      columns: layoutColumns(shell.out),
      now: shell.now(),
      handoff: project.handoffName,
      command: (line) => commandFor(shell, project, line),
      defaultAt: undefined,
    },
  );
  return ['', ...screen, ''];
}
