/** What projects are called where several are shown together. Pure. */
import type { Project } from '../protocol/project.ts';

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
