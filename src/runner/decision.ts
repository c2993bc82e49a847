/**
 * The file that keeps a human's answer: coordination/decisions/D-<id>.md. Question, options and answer word for word,
 * with a header that scripts and scenarios can read. The same decision always gives the same bytes.
 */
import type { Option } from '../protocol/escalation.ts';
import type { Decision } from '../protocol/event.ts';

export function decisionText(decision: Decision): string {
  const { answer } = decision;
  const lines = [
    '---',
    `id: ${JSON.stringify(answer.escalationId)}`,
    `asked-by: ${JSON.stringify(decision.role)}`,
    `choice: ${answer.choice ?? 'none'}`,
    `via: ${answer.via}`,
    '---',
    '',
    `# Decision ${answer.escalationId}`,
    '',
    '## Question',
    '',
    decision.question.trim(),
    '',
    ...decision.options.map(optionLine),
    ...(decision.options.length === 0 ? [] : ['']),
    '## Answer',
    '',
    ...answerLines(decision),
  ];
  return lines.join('\n');
}

function optionLine(option: Option): string {
  return `- ${option.letter}: ${option.do}${option.then === '' ? '' : ` — ${option.then}`}`;
}

function answerLines({ answer, chosen }: Decision): readonly string[] {
  const choice = answer.choice === null ? [] : [`**${answer.choice}** — ${chosen}`, ''];
  const words = answer.words === null ? [] : [answer.words.trim(), ''];
  return choice.length + words.length === 0
    ? ['The human set READY without an answer.', '']
    : [...choice, ...words];
}
