/** What `next-role route` looks like: a tier with its reasons, the models, and the grades of a corpus. Pure. */
import type { Grades } from '../../domain/corpus.ts';
import { gradedTiers } from '../../domain/corpus.ts';
import type { RouteReading } from '../../runner/routing.ts';
import { bad, good, labelled, oneLine, quiet, strong, table, wrap } from '../text.ts';
import type { Line, Text } from '../text.ts';

/** Signals shown to a person; --json has them all. */
const signalsShown = 8;
/** Misses named one by one. */
const missesShown = 20;

export function routeScreen(reading: RouteReading, columns: number): Text {
  const { tier, confidence, because, signals, alternatives, models } = reading;
  const row = (label: string, words: string): Text => labelled(label, oneLine(words), columns, 12);
  const shown = signals
    .slice(0, signalsShown)
    .map(({ id, weight, words, from }) => [
      `${id}${from === 'prd' ? ' (PRD)' : ''}`,
      String(weight),
      words.map((one) => `"${one}"`).join(', '),
    ]);
  return [
    [strong(tier), quiet(` · ${Math.round(confidence * 100)} % sure · ${reading.about}`)],
    ...because.flatMap((words) => row('because', words)),
    ...(shown.length === 0
      ? []
      : ['', ...table(['SIGNAL', 'WEIGHT', 'WORDS'], shown, { columns, flexible: 2 })]),
    '',
    ...alternatives.flatMap((one) => row(one.tier, `if ${one.when}`)),
    '',
    ...table(
      ['ROLE', 'MODEL', 'IF IT IS BUSY', 'AGENT'],
      models.map(({ role, model, fallbacks, agent }) => [
        role,
        model ?? "(agent's own)",
        fallbacks.join(', ') || '-',
        agent,
      ]),
      { columns, flexible: 1 },
    ),
    ...models.flatMap(({ role, because: why }) =>
      wrap(`${role}: ${why.join('; ')}`, columns - 2, 2).map((line): Line => [quiet(`  ${line}`)]),
    ),
  ];
}

type Split = Grades & { readonly name: string };

export function gradesScreen(splits: readonly Split[], columns: number): Text {
  return splits.flatMap((split, at) => [...(at === 0 ? [] : ['']), ...splitLines(split, columns)]);
}

function splitLines(split: Split, columns: number): Text {
  const { cases, right, under, over } = split;
  const rows = gradedTiers.map((label) => [
    label,
    ...gradedTiers.map((tier) => String(split.matrix[label][tier] ?? 0)),
  ]);
  const misses = [...under, ...over].slice(0, missesShown);
  return [
    [strong(`${split.name}: ${cases} directives, ${right} right`)],
    ...table(['LABEL', ...gradedTiers.map((tier) => `→ ${tier}`)], rows, { columns, flexible: 0 }),
    under.length === 0
      ? [good('✓ '), 'nothing gets too little care']
      : [bad('✗ '), `${under.length} would get too little care`],
    `  ${over.length} would get more care than needed (${percent(over.length, cases)})`,
    `  confidence is off by ${split.calibrationError} on average`,
    ...misses.flatMap(({ name, label, routing }) =>
      wrap(`${name}: ${label}, routed ${routing.tier}: ${routing.because[0] ?? ''}`, columns - 2, 2).map(
        (line): Line => [quiet(`  ${line}`)],
      ),
    ),
  ];
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '0 %' : `${Math.round((part / whole) * 1000) / 10} %`;
}
