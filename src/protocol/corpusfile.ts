/**
 * One labelled directive of a routing corpus: front matter with the label and why, then the directive as somebody would
 * write it. It relies on the same reader as every data file, so a mistake names its line.
 */
import { z } from 'zod';
import { closed, missing, plainText } from './dataissue.ts';
import { readData, type DataFile } from './datafile.ts';
import type { Diagnostic } from './diagnostic.ts';

const header = closed({
  label: z.enum(['solo', 'audit', 'full', 'coordinator']),
  project: plainText.optional(),
  why: plainText,
});

type CorpusReading =
  | { readonly ok: true; readonly label: z.infer<typeof header>['label']; readonly text: string }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/**
 * Reads one case.
 *
 * @example readCase({ path: 'a.md', text: '---\nlabel: solo\nwhy: Words.\n---\nFix a typo.' }) // { ok: true, … }
 */
export function readCase(file: DataFile): CorpusReading {
  const cut = /^\uFEFF?---\r?\n([\s\S]*?)\r?\n---\r?\n([\s\S]*)$/.exec(file.text);
  const [, head = '', text = ''] = cut ?? [];
  if (cut === null || text.trim() === '') {
    const hint = 'Write "---", "label: solo", "why: …", "---", then the directive.';
    return { ok: false, diagnostics: [missing(1, `"${file.path}" is no labelled directive`, hint)] };
  }
  const reading = readData(head, header);
  if (!reading.ok) return { ok: false, diagnostics: reading.diagnostics };
  return { ok: true, label: reading.value.label, text };
}
