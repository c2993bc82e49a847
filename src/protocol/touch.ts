/**
 * What a session touched, as its stream tells it: tool calls with their whole target, and what became of them. Also
 * what a comparison of the project before and after it tells, whoever wrote. Words only; domain/audit.ts judges them.
 */

/** What a tool call does to its target. `run` is a command line, `other` touches no path we know of. */
export type TouchVerb = 'read' | 'search' | 'write' | 'run' | 'other';

/** One mark in a stream. A call and its refusal share an id; a stream without ids joins them by order. */
export type TouchMark =
  | {
      readonly type: 'call';
      readonly id: string | null;
      readonly tool: string;
      readonly verb: TouchVerb;
      /** A path as the agent wrote it, or a whole command line. */
      readonly target: string | null;
    }
  /** A permission said no: nothing was done. */
  | { readonly type: 'refused'; readonly id: string | null; readonly tool: string | null }
  /** The call ended in an error; for a file tool this means that nothing was read or written. */
  | { readonly type: 'failed'; readonly id: string };

/** A call with its end. */
export type Touch = {
  readonly tool: string;
  readonly verb: TouchVerb;
  readonly target: string | null;
  readonly end: 'done' | 'refused' | 'failed';
};

/** Stands for the content of a file that could not be read: whether it is there, and what it holds, is not known. */
export const unread = 'unread';

/** A file whose content differs before and after a session; null where there was none, `unread` where nobody can say. */
export type FileChange = {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
};

/** What tools of any agent do, by their names in lower case. A name that is not here is `other`. */
const verbs: Readonly<Record<string, TouchVerb>> = {
  read: 'read',
  notebookread: 'read',
  read_file: 'read',
  read_many_files: 'read',
  view: 'read',
  grep: 'search',
  glob: 'search',
  ls: 'search',
  list: 'search',
  list_directory: 'search',
  search_file_content: 'search',
  write: 'write',
  write_file: 'write',
  edit: 'write',
  multiedit: 'write',
  notebookedit: 'write',
  replace: 'write',
  file_change: 'write',
  patch: 'write',
  apply_patch: 'write',
  bash: 'run',
  shell: 'run',
  run_shell_command: 'run',
  command_execution: 'run',
};

/**
 * What a tool does, by its name.
 *
 * @example verbOf('MultiEdit') // 'write'
 */
export function verbOf(tool: string): TouchVerb {
  return verbs[tool.toLowerCase()] ?? 'other';
}
