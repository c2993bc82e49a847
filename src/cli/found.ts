/**
 * What a look at a project means for somebody who would start a run now. The machine knows only what is in the journal
 * and the handoff; a run also refuses broken settings, and nobody knows since when a handoff stands that no runner has
 * read. Pure; it changes words of the situation and nothing else.
 */
import { isError } from '../protocol/diagnostic.ts';
import type { Glance } from '../runner/glance.ts';

/**
 * Whether a run would refuse to start. A runner that is there already goes on with the last settings that were good.
 *
 * @example isMisconfigured({ runner: null, problems: [] }) // false
 */
export function isMisconfigured(look: Pick<Glance, 'runner' | 'problems'>): boolean {
  return look.runner === null && brokenFile(look) !== null;
}

/**
 * The look as it should be shown; `since: 0` means that it is not known.
 *
 * @example found(await look(project)).situation.headline // 'coordination/next-role.yaml has errors: a run would …'
 */
export function found<Seen extends Glance>(look: Seen): Seen {
  const isRecorded = look.last !== null && !look.edited;
  const situation = isRecorded ? look.situation : { ...look.situation, since: 0 };
  if (!isMisconfigured(look)) return { ...look, situation };
  return {
    ...look,
    situation: {
      ...situation,
      // Thought out under the settings as shipped, so no word of it would come true.
      role: situation.question === null ? null : situation.role,
      order: null,
      headline: `${brokenFile(look) ?? 'A file'} has errors: a run would start nothing`,
      waitsFor: 'human',
      until: null,
      rest: 2,
      next: ['next-role doctor'],
    },
  };
}

function brokenFile({ problems }: Pick<Glance, 'problems'>): string | null {
  return problems.find(({ diagnostics }) => diagnostics.some(isError))?.file ?? null;
}
