/**
 * The artifact contract: each file a role owes is there, can be read as what it is, and has the sections its contract
 * asks for. Whether it was changed is asked before any gate runs (settle.ts), because an unchanged file is work not
 * done.
 */
import { findingId, type Finding } from '../../protocol/finding.ts';
import type { Gate } from './gate.ts';
import { plain, sectionsOf } from './markdown.ts';

/** An owed file as it stands. */
export type OwedFile = {
  readonly path: string;
  readonly sections: readonly string[];
  /** Null when there is no such file, or none that can be read as text. */
  readonly text: string | null;
};

export const artifactContract: Gate<readonly OwedFile[]> = {
  name: 'artifact-contract',
  judge: (files) => files.flatMap(judgeFile),
};

function judgeFile({ path, sections, text }: OwedFile): readonly Finding[] {
  if (text === null)
    return [found(path, 'missing', 'The file is owed and is not there, or is no text', null)];
  const conflict = text.split('\n').findIndex((line) => /^(<{7}|>{7}) /.test(line));
  if (conflict >= 0)
    return [found(path, 'unmerged', 'The file holds the marks of an unfinished merge', conflict + 1)];
  const headings = sectionsOf(text).map(({ title }) => title);
  return sections
    .filter((section) => !headings.some((heading) => heading.startsWith(plain(section))))
    .map((section) => found(path, section, `The section "${section}" is missing`, null));
}

function found(path: string, what: string, text: string, line: number | null): Finding {
  const gate = artifactContract.name;
  return { id: findingId(gate, path, what), gate, severity: 'MAJOR', file: path, line, text };
}
