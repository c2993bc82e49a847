/**
 * Turns the notices of running projects into what is seen: lines and a live line for people, JSON lines for programs.
 * One viewer serves all projects of a process. It only listens; nothing it does can change a run.
 */
import { basename } from 'node:path';
import type { Notice, Publish } from '../protocol/notice.ts';
import type { Project } from '../protocol/project.ts';
import type { RunEnd } from '../runner/run.ts';
import { openLive } from './live.ts';
import { layoutColumns, print, printJsonLine } from './output.ts';
import { render } from './render.ts';
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

/** Opens the viewer. With several projects, each line begins with the project's name. */
export async function openViewer(shell: Shell, projects: readonly Project[]): Promise<Viewer> {
  return shell.json ? jsonViewer(shell) : textViewer(shell, namesOf(projects), await shell.openArea());
}

function jsonViewer(shell: Shell): Viewer {
  return {
    publish: (notice) => printJsonLine(shell.out, notice),
    end: (project, end) =>
      printJsonLine(shell.out, { type: 'end', at: shell.now(), project: project.root, end }),
    hide: () => undefined,
    close: () => undefined,
  };
}

function textViewer(
  shell: Shell,
  names: ReadonlyMap<string, string>,
  area: Awaited<ReturnType<Shell['openArea']>>,
): Viewer {
  const { out, now } = shell;
  const nameOf = (root: string): string | null =>
    names.size > 1 ? (names.get(root) ?? basename(root)) : null;
  const live = openLive({ out, area, nameOf, now });
  return {
    publish(notice: Notice) {
      live.follow(notice, render(notice, { columns: layoutColumns(out), name: nameOf(notice.project) }));
    },
    end(_project, _end, text) {
      live.hide();
      print(out, text);
    },
    hide: () => live.hide(),
    close: () => live.close(),
  };
}

/**
 * A short name for each project: the folder's, with as much of the path as tells two of the same name apart.
 *
 * @example namesOf([{ root: '/a/web' }, { root: '/b/web' }]).get('/b/web') // 'b/web'
 */
export function namesOf(projects: readonly Pick<Project, 'root'>[]): ReadonlyMap<string, string> {
  const roots = projects.map(({ root }) => root);
  const tailOf = (root: string, parts: number): string =>
    root.split('/').filter(Boolean).slice(-parts).join('/');
  return new Map(
    roots.map((root) => {
      const depth = root.split('/').length;
      let parts = 1;
      while (
        parts < depth &&
        roots.some((other) => other !== root && tailOf(other, parts) === tailOf(root, parts))
      ) {
        parts += 1;
      }
      return [root, tailOf(root, parts) || root];
    }),
  );
}
