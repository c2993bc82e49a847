/**
 * Grilling: where a role owes a section "Grilling", it must have asked itself the three questions of the method: what is
 * critical if it is wrong, what will surprise the next one, what an earlier role could have caught. A heading with a
 * word below it is no grilling.
 */
import { findingId, type Finding } from '../../protocol/finding.ts';
import type { OwedFile } from './artifactcontract.ts';
import type { Gate } from './gate.ts';
import { blocksOf, sectionsNamed, type TextLine } from './markdown.ts';

const questions: readonly { readonly ask: string; readonly sign: RegExp }[] = [
  { ask: 'what is CRITICAL if it is wrong', sign: /\bcritical\b/i },
  { ask: 'what will surprise the next role or the user', sign: /surpris|likely.surfaces|unexpected/i },
  {
    ask: 'what could have been caught earlier',
    sign: /pre.?empt|earlier|PRD alone|could the PRD|caught|foreseen/i,
  },
];
/** An answer is at least this long, in words. */
const wordsMin = 3;

export const grilling: Gate<readonly OwedFile[]> = {
  name: 'grilling',
  judge: (files) => files.filter(({ sections }) => sections.some(isGrilling)).flatMap(judgeFile),
};

function isGrilling(section: string): boolean {
  return /grilling/i.test(section);
}

function judgeFile({ path, text }: OwedFile): readonly Finding[] {
  const section = sectionsNamed(text ?? '', 'grilling', 'pre-emit grilling')[0];
  // That the section is missing, or the file, is the artifact contract's to say.
  if (section === undefined) return [];
  const answers = answersOf(section.lines);
  const whole = answers.join('\n');
  const open = questions.filter(({ sign }) => !sign.test(whole));
  // Three answers of substance count whatever words they use; fewer must name what they answer.
  if (answers.length >= questions.length || (open.length === 0 && answers.length > 0)) return [];
  const asks = (open.length === 0 ? questions : open).map(({ ask }) => ask).join('; ');
  const said =
    answers.length === 0
      ? 'has no answer in it'
      : `answers ${answers.length} of ${questions.length} questions`;
  return [
    {
      id: findingId(grilling.name, path),
      gate: grilling.name,
      severity: 'MAJOR',
      file: path,
      line: section.line,
      text: `The section "Grilling" ${said}. Answer each in a sentence: ${asks}`,
    },
  ];
}

/** List items, table rows and paragraphs that say something. */
function answersOf(lines: readonly TextLine[]): readonly string[] {
  return blocksOf(lines)
    .map(({ text }) => text)
    .filter((text) => {
      const words = text
        .replace(/[|*_`#>-]/g, ' ')
        .trim()
        .split(/\s+/);
      return words.length >= wordsMin && !/^\W*(?:tbd|todo|n\/a|none|\.{3}|…)\W*$/i.test(text);
    });
}
