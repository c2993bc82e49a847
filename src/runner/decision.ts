/**
 * The file that keeps a human's answer: coordination/decisions/D-<id>.md. Word for word, with a header that scripts and
 * scenarios can read. The same decision always gives the same bytes.
 */
import type { Decision } from '../protocol/event.ts';

export function decisionText(decision: Decision): string {
  const { answer } = decision;
  const header = [
    '---',
    `id: ${JSON.stringify(answer.escalationId)}`,
    `asked-by: ${JSON.stringify(decision.role)}`,
    `choice: ${answer.choice ?? 'none'}`,
    `via: ${answer.via}`,
    '---',
  ];
  const body = [
    '',
    `# Decision ${answer.escalationId}`,
    '',
    '## Question',
    '',
    decision.question.trim(),
    '',
    '## Answer',
    '',
  ];
  const chosen = answer.choice === null ? [] : [`**${answer.choice}** — ${decision.chosen}`, ''];
  const words = answer.words === null ? [] : [answer.words.trim(), ''];
  const none = chosen.length + words.length === 0 ? ['The human set READY without an answer.', ''] : [];
  return [...header, ...body, ...chosen, ...words, ...none].join('\n');
}
