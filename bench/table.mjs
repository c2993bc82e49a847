// Results as markdown tables.

/** A value in a cell; a spread reads min / median / max. */
export function cell(value) {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'object') return [value.min, value.median, value.max].map(cell).join(' / ');
  return typeof value === 'number' ? value.toLocaleString('en', { maximumSignificantDigits: 4 }) : value;
}

const row = (cells) => `| ${cells.join(' | ')} |`;

export function tableOf(columns, rows) {
  const head = columns.map(([title]) => title);
  return [
    row(head),
    row(head.map(() => '---')),
    ...rows.map((its) =>
      row(
        columns.map(([title, of], at) =>
          at === 0 && its.kind === 'ours' ? `**${of(its)}**` : cell(of(its, title)),
        ),
      ),
    ),
  ].join('\n');
}

export const targetTable = (verdicts) =>
  tableOf(
    [
      ['target', ({ id }) => id],
      ['what', ({ about }) => about],
      ['first set', ({ first }) => first ?? ''],
      ['wanted', ({ wanted }) => wanted],
      ['measured', ({ value }) => value],
      ['met', ({ met }) => (met === null ? 'not measured' : met ? 'yes' : '**no**')],
    ],
    verdicts,
  );
