/**
 * The screen of `cost --what-if`: the round as it was beside the round as it would have been, and, where that is
 * modelled, the figures the model was given. Pure.
 */
import type { Receipt, ReceiptTotals } from '../../protocol/receipt.ts';
import type { Shape } from '../../domain/whatif.ts';
import { good, quiet, strong, table, warn } from '../text.ts';
import type { Text } from '../text.ts';
import { times } from './compare.ts';
import { lacking, tokens, unknown, usdWords } from './cost.ts';

export type Otherwise = {
  readonly change: string;
  readonly actual: Receipt;
  readonly other: Receipt;
  readonly shapes: readonly Shape[];
};

export function whatIfScreen({ change, actual, other, shapes }: Otherwise, columns: number): Text {
  const cells = ({ usage }: ReceiptTotals): readonly string[] =>
    usage === null
      ? [unknown, unknown, unknown, unknown]
      : [usage.input, usage.cacheWrite5m + usage.cacheWrite1h, usage.cacheRead, usage.output].map(tokens);
  const modelled = shapes.length > 0;
  const rows = [
    ['as it was', ...cells(actual.totals), usdWords(actual.totals), ''],
    [change, ...cells(other.totals), strong(usdWords(other.totals)), ratio(actual.totals, other.totals)],
  ];
  const shapeRows = shapes.map((shape) => [
    shape.role,
    String(shape.requests),
    tokens(shape.firstPrompt),
    tokens(shape.shared),
    tokens(shape.own),
    tokens(shape.growth),
  ]);
  return [
    [
      modelled ? warn('MODELLED ') : good('Exact: '),
      modelled ? 'from the shape of this round, below' : 'the same tokens, at other prices',
    ],
    '',
    ...table([`ROUND ${actual.round}`, 'INPUT', 'WRITE', 'READ', 'OUTPUT', 'COST', 'RATIO'], rows, {
      columns,
      flexible: 0,
    }),
    ...lacking(other.totals, columns),
    ...(modelled
      ? [
          '',
          ...table(['ROLE', 'REQUESTS T', 'FIRST PROMPT L1', 'CACHED S', 'OWN', 'GROWTH g'], shapeRows, {
            columns,
            flexible: 0,
          }),
          [
            quiet(
              'One session keeps all of it and reads it again at every request; tools are written once a session.',
            ),
          ],
        ]
      : []),
  ];
}

/** Of what is known of both: a total that lacks something has no ratio. */
function ratio(before: ReceiptTotals, after: ReceiptTotals): string {
  if (!before.complete || !after.complete || before.usd === null || after.usd === null) return '';
  return before.usd === 0 ? '' : times(after.usd / before.usd);
}
