/**
 * A round of which nobody has said anything: its sessions would be paid for, and could only guess. It is a remark and no
 * refusal, because a role's own files may say what the PRD does not.
 */
import { builtinFile } from '../effects/catalog.ts';
import { errorCode, readText } from '../effects/files.ts';
import type { Diagnostic } from '../protocol/diagnostic.ts';
import type { Handoff } from '../protocol/handoff.ts';
import type { Project } from '../protocol/project.ts';
import { caution } from '../protocol/remark.ts';

const prdName = 'coordination/PRD.md';

/** The PRD as init writes it; asked for at each reading, and a part of the package. */
let unwritten: string | null = null;

/** The remark on a round of which neither the PRD nor the directive nor an input says anything; null when one does. */
export async function nothingAsked(
  project: Project,
  { directive, inputs, round }: Pick<Handoff, 'directive' | 'inputs' | 'round'>,
): Promise<Diagnostic | null> {
  if (directive !== null || inputs.length > 0) return null;
  const prd = await textOf(`${project.root}/${prdName}`);
  if (prd === null) return null;
  unwritten ??= (await builtinFile('templates/PRD.md'))?.trim() ?? null;
  if (prd.trim() !== unwritten) return null;
  const message = `Nothing says what round ${round ?? ''} is to do: "${prdName}" is as init wrote it, the directive is empty.`;
  return caution('directive-missing', 1, message, `Write "${prdName}", or a few lines under "## Directive".`);
}

async function textOf(path: string): Promise<string | null> {
  try {
    return (await readText(path))?.text ?? null;
  } catch (error) {
    if (errorCode(error) === '') throw error;
    // Not for us to read: then it is no template either.
    return null;
  }
}
