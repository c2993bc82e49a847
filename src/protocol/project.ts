/** Where a project is. Absolute paths, resolved through links. */
export type Project = {
  readonly root: string;
  /** The handoff: coordination/NEXT-ROLE.md, or NEXT-ROLE.md at the root. */
  readonly handoff: string;
  /** The same, relative to the root, with forward slashes. */
  readonly handoffName: string;
  /** The runner's own folder, `.next-role/`. */
  readonly own: string;
};

/** The journal of a project. */
export function journalPath(project: Pick<Project, 'own'>): string {
  return `${project.own}/journal.jsonl`;
}
