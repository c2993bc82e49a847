// Holds figures to targets. A target names a measure, a figure in it, and the most or the least it may be; `quickMax` is
// the wide margin of the short form, which still catches what became twice as bad. A target without one is left out there.
// `first` is what it was set to before a decision restated it.

/** What became of each target: met, not met, or not measured (null). */
export function judge(targets, { quick, measures }) {
  return targets
    .map(({ id, about, measure, figure, ...bounds }) => {
      const max = quick ? bounds.quickMax : bounds.max;
      const min = quick ? undefined : bounds.min;
      const value = measures[measure]?.figures[figure] ?? null;
      const sign = max === undefined ? '>=' : '<=';
      const isBound = max !== undefined || min !== undefined;
      const met =
        value === null || !isBound ? null : value <= (max ?? Infinity) && value >= (min ?? -Infinity);
      return { id, about, first: bounds.first, wanted: `${sign} ${max ?? min}`, value, met };
    })
    .filter(({ wanted }) => !wanted.includes('undefined'));
}
