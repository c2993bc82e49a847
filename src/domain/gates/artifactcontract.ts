/**
 * The artifact contract: each file a role owes is there, can be read as what it is, and has the sections its contract
 * asks for. Whether it was changed is asked before any gate runs (settle.ts), because an unchanged file is work not
 * done.
 */
import { findingId, type Finding } from '../../protocol/finding.ts';
import type { Gate } from './gate.ts';

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
  const headings = headingsOf(text);
  return sections
    .filter((section) => !headings.some((heading) => heading.startsWith(plain(section))))
    .map((section) => found(path, section, `The section "${section}" is missing`, null));
}

function found(path: string, what: string, text: string, line: number | null): Finding {
  const gate = artifactContract.name;
  return { id: findingId(gate, path, what), gate, severity: 'MAJOR', file: path, line, text };
}

/** Headings of a markdown text, as they are compared. What stands in a fenced block is an example, not a heading. */
function headingsOf(text: string): readonly string[] {
  let fence: string | null = null;
  const headings: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark !== undefined && (fence === null || mark.startsWith(fence)))
      fence = fence === null ? mark : null;
    else if (fence === null && /^#{1,6}\s/.test(line)) headings.push(plain(line.replace(/^#+\s*/, '')));
  }
  return headings;
}

/** A heading without numbering, emphasis and case, so that `## 3. **Anti-scope**` counts as "anti-scope". */
function plain(heading: string): string {
  return heading
    .replace(/[*_`#]/g, '')
    .replace(/^[\d.§)\s]+/, '')
    .trim()
    .toLowerCase();
}
