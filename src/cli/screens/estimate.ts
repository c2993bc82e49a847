/**
 * The estimate of `run --estimate`: what each role of the tier came to in rounds before, and the sum. Pure.
 */
import type { Estimate } from '../../domain/estimate.ts';
import { counted } from '../quantity.ts';
import { quiet, strong, table } from '../text.ts';
import type { Text } from '../text.ts';
import { tokens, unknown, usdWords } from './cost.ts';

export function estimateScreen(estimate: Estimate, tier: string, columns: number): Text {
  const words = (count: number | null): string => (count === null ? unknown : tokens(count));
  const rows = [
    ...estimate.roles.map((row) => [
      row.role,
      words(row.tokens),
      usdWords({ usd: row.usd, complete: true }),
      row.rounds === 0 ? 'no history' : `median of ${counted(row.rounds, 'round')}`,
    ]),
    [strong('total'), words(estimate.tokens), strong(usdWords({ usd: estimate.usd, complete: true })), ''],
  ];
  return [
    [strong(`A round of tier ${tier}, by this project's own history`)],
    '',
    ...table(['ROLE', 'TOKENS', 'COST', 'FROM'], rows, { columns, flexible: 3 }),
    ...(estimate.usd === null
      ? [[quiet('A role without history has no estimate, and then the round has none either.')]]
      : []),
  ];
}
