/**
 * Citations: what a spec or a report quotes must really be there. A spec cites existing code in a table (file, commit,
 * lines, snippet), read at that commit; a report cites `file:line` with a quote behind it, read as the files are now.
 * Reading is a hand's work: `sourcesOf` says which files are needed, `judge` compares.
 */
import { findingId, type Finding } from '../../protocol/finding.ts';
import type { Gate } from './gate.ts';
import { isPath, proseOf, quotedIn, sectionsOf, tablesOf } from './markdown.ts';

/** One quote of a text. `commit` null means: as the files are now. */
export type Citation = {
  /** The text that cites, and where in it. */
  readonly in: string;
  readonly at: number;
  readonly file: string;
  readonly commit: string | null;
  /** Ranges of lines, 1-based and inclusive; empty means anywhere in the file. */
  readonly lines: readonly (readonly [number, number])[];
  /** Null when only the place is cited. */
  readonly snippet: string | null;
  /** What the row leaves open; such a row proves nothing. */
  readonly open: string | null;
};

/** The file a citation needs, at its commit; text null when it is not there. */
export type Source = { readonly file: string; readonly commit: string | null; readonly text: string | null };

export type CitationFacts = {
  readonly citations: readonly Citation[];
  readonly sources: readonly Source[];
  /** Texts that cite nothing although the options ask for it. */
  readonly silent: readonly string[];
};

/** Citations looked at in one text. */
const citationsMax = 200;

/**
 * Everything a text cites.
 *
 * @example citationsIn('r.md', 'see src/a.ts:3 `x = 1`') // [{ file: 'src/a.ts', lines: [[3, 3]], snippet: 'x = 1', … }]
 */
export function citationsIn(path: string, text: string): readonly Citation[] {
  return [...tableCitations(path, text), ...inlineCitations(path, text)].slice(0, citationsMax);
}

function tableCitations(path: string, text: string): readonly Citation[] {
  const sections = sectionsOf(text).filter(({ title }) =>
    /existing (?:architectural )?surface|^citations?\b/.test(title),
  );
  return sections.flatMap(({ lines }) =>
    tablesOf(lines).flatMap(({ head, rows }) => {
      const column = (name: RegExp): number => head.findIndex((cell) => name.test(cell));
      const [file, commit, where, snippet] = [/file|path/, /sha|commit/, /line/, /snippet|quote|code/].map(
        column,
      );
      if (file === undefined || file < 0) return [];
      return rows
        .filter(({ cells }) => !/greenfield|^\W*(?:none|n\/a)\W*$/i.test(cells[file] ?? ''))
        .map(({ line, cells }) => {
          const cell = (at: number | undefined): string =>
            bare(at === undefined || at < 0 ? '' : (cells[at] ?? ''));
          const needed = { file: cell(file), lines: cell(where), snippet: cell(snippet) };
          const empty = Object.entries(needed).find(([, value]) => isPlaceholder(value))?.[0] ?? null;
          const ranges = rangesOf(needed.lines);
          const sha = cell(commit);
          return {
            in: path,
            at: line,
            file: needed.file.replace(/^\.\//, ''),
            commit: isPlaceholder(sha) ? null : sha,
            lines: ranges,
            snippet: needed.snippet,
            open: empty ?? (ranges.length === 0 ? 'lines' : null),
          };
        });
    }),
  );
}

/** `src/a.ts:12` or `src/a.ts:12-14`, with what is quoted right behind it. */
function inlineCitations(path: string, text: string): readonly Citation[] {
  return proseOf(text).flatMap(({ line, text: prose }) =>
    [...prose.matchAll(/`?([\w@.+/-]+\.[A-Za-z]\w{0,7}):(\d+)(?:[-–](\d+))?`?(?:\s+(`+)(.+?)\4)?/g)]
      .filter((match) => isPath(match[1] ?? '') && !/^(?:https?:)?\/\//.test(match[1] ?? ''))
      .map((match) => {
        const first = Number(match[2]);
        const snippet = match[5]?.trim() ?? null;
        return {
          in: path,
          at: line,
          file: (match[1] ?? '').replace(/^\.\//, ''),
          commit: null,
          lines: [[first, Number(match[3] ?? first)]] as const,
          snippet: snippet === '' ? null : snippet,
          open: null,
        };
      }),
  );
}

function bare(cell: string): string {
  return (quotedIn(cell)[0] ?? cell.replace(/[*_]/g, '')).trim();
}

function isPlaceholder(text: string): boolean {
  return text === '' || /^(?:…|\.{2,}|-+|—|tbd|todo|\?+|<.*>|\{.*\}|x{3,})$/i.test(text);
}

/** `12`, `12-20`, `12, 30-34`. */
function rangesOf(text: string): readonly (readonly [number, number])[] {
  return [...text.matchAll(/L?(\d+)(?:\s*[-–]\s*L?(\d+))?/g)].map((match) => {
    const first = Number(match[1]);
    return [first, Number(match[2] ?? first)] as const;
  });
}

/** The files that must be read to judge these citations, each once. */
export function sourcesOf(citations: readonly Citation[]): readonly Pick<Source, 'file' | 'commit'>[] {
  const wanted = citations.filter(({ open }) => open === null).map(({ file, commit }) => ({ file, commit }));
  return [...new Map(wanted.map((each) => [`${each.commit ?? ''} ${each.file}`, each])).values()];
}

export const citationsGate: Gate<CitationFacts> = {
  name: 'citations',
  judge({ citations, sources, silent }) {
    return [
      ...silent.map((path) =>
        found('MAJOR', { in: path, at: null }, 'none', 'It cites nothing; its contract asks for citations'),
      ),
      ...citations.flatMap((citation) => {
        const source = sources.find(
          ({ file, commit }) => file === citation.file && commit === citation.commit,
        );
        return judgeOne(citation, source?.text ?? null);
      }),
    ];
  },
};

function judgeOne(citation: Citation, text: string | null): readonly Finding[] {
  const { file, commit, snippet, open } = citation;
  if (open !== null) {
    return [found('CRITICAL', citation, `${file}-open`, `The citation of "${file}" leaves its ${open} open`)];
  }
  const where = commit === null ? '' : ` at commit ${commit}`;
  if (text === null)
    return [found('MAJOR', citation, file, `It cites "${file}"${where}, which is not there`)];
  const lines = text.split(/\r?\n/);
  const beyond = citation.lines.find(([first, last]) => first < 1 || last < first || first > lines.length);
  const place = `${file}:${citation.lines.map(([first, last]) => (first === last ? first : `${first}-${last}`)).join(', ')}`;
  if (beyond !== undefined) {
    return [found('MAJOR', citation, place, `It cites ${place}${where}; the file has ${lines.length} lines`)];
  }
  if (snippet === null) return [];
  const cited = citation.lines.map(([first, last]) => lines.slice(first - 1, last).join('\n')).join('\n');
  if (spelled(cited).includes(spelled(snippet))) return [];
  const isTable = commit !== null || citation.lines.length > 1;
  const elsewhere = lines.findIndex((line) => spelled(line).includes(spelled(snippet)));
  if (elsewhere >= 0) {
    const text = `It cites "${shown(snippet)}" at ${place}${where}; that stands in line ${elsewhere + 1}`;
    return [found(isTable ? 'MAJOR' : 'MINOR', citation, `${file}-${snippet}`, text)];
  }
  const gone = `It cites "${shown(snippet)}" at ${place}${where}; nothing in that file reads so`;
  return [found('MAJOR', citation, `${file}-${snippet}`, gone)];
}

/** Back-quotes, blanks and an ellipsis at the end are the citing text's own. */
function spelled(text: string): string {
  return text
    .replace(/`/g, '')
    .replace(/(?:…|\.{3})$/, '')
    .replace(/\s+/g, ' ')
    .trim();
}

function shown(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function found(
  severity: Finding['severity'],
  place: { readonly in: string; readonly at: number | null },
  what: string,
  text: string,
): Finding {
  const gate = citationsGate.name;
  return { id: findingId(gate, place.in, what), gate, severity, file: place.in, line: place.at, text };
}
