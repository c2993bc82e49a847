/**
 * What `status` shows: one line per project. Starts nothing; a project that cannot be looked at is a line as well. The exit
 * code is that of the first project.
 */
import { resolve } from 'node:path';
import { findProject } from '../effects/project.ts';
import { JournalDamaged } from '../protocol/journal.ts';
import type { Project } from '../protocol/project.ts';
import type { Glance } from '../runner/glance.ts';
import { found } from './found.ts';
import { namesOf } from './names.ts';
import { layoutColumns, print, printJson } from './output.ts';
import { rowOf, statusScreen } from './screens/status.ts';
import type { Seen } from './screens/status.ts';
import { exits, refuse } from './shell.ts';
import type { Input, Shell } from './shell.ts';

type StatusInput = Pick<Input, 'args' | 'text'>;
type StatusShell = Pick<Shell, 'json' | 'out' | 'err' | 'cwd' | 'now'>;
type Looking = (project: Project) => Promise<Glance>;

/** Projects looked at together; each is a few small reads. */
const togetherMax = 16;

/** What `status` does, by whichever way of looking. Nothing is printed before every project was looked at. */
export async function showStatus(shell: StatusShell, input: StatusInput, look: Looking): Promise<number> {
  const folders = input.args.length > 0 ? input.args : [input.text('dir') ?? '.'];
  const projects: Project[] = [];
  for (const folder of folders) {
    const project = await findProject(resolve(shell.cwd, folder));
    if (project === null) return refuse(shell, `No project in "${folder}" or above it`, 'next-role init');
    projects.push(project);
  }
  const names = namesOf(projects);
  const seen: Seen[] = [];
  for (let at = 0; at < projects.length; at += togetherMax) {
    const some = projects.slice(at, at + togetherMax);
    seen.push(
      ...(await Promise.all(
        some.map((project) => see(project, names.get(project.root) ?? project.root, look)),
      )),
    );
  }
  const now = shell.now();
  if (shell.json)
    printJson(
      shell.out,
      seen.map((each, at) => ({ ...rowOf(each), root: projects[at]?.root })),
    );
  else print(shell.out, statusScreen(seen, { columns: layoutColumns(shell.out), now }));
  const [first] = seen;
  return first === undefined ? exits.finished : (rowOf(first).rest ?? exits.finished);
}

async function see(project: Project, name: string, look: Looking): Promise<Seen> {
  try {
    return { type: 'seen', name, look: found(await look(project)) };
  } catch (error) {
    if (error instanceof JournalDamaged) return { type: 'failed', name, message: error.message };
    throw error;
  }
}
