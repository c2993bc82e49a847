// Numbers about numbers. Machines are shared and noisy, so what is compared is never one time with another, but each
// repetition's ratio to the baseline of the same repetition, taken moments apart; and of these the median.

export const median = (values) => quantile(values, 0.5);

/** The value below which this part of the values lies. */
export function quantile(values, part) {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const low = sorted[Math.floor(at)];
  return low + (sorted[Math.ceil(at)] - low) * (at % 1);
}

/** min, median and max, with three digits. */
export const spread = (values) =>
  values.length === 0
    ? null
    : {
        min: round(Math.min(...values)),
        median: round(median(values)),
        max: round(Math.max(...values)),
        n: values.length,
      };

/** Median over the repetitions of value divided by baseline. */
export const ratio = (values, baseline) =>
  round(median(values.map((value, at) => value / baseline[at]).filter(Number.isFinite)));

export const round = (value) => (value === null || value === 0 ? value : Number(value.toPrecision(3)));

/** So few turns are made even when the time is up: fewer have no median. */
const turnsMin = 3;

/**
 * Runs cases A B C A B C …, after one turn of each that is not counted. On a slow machine, or beside slow peers, fewer
 * turns are made than wanted: none begins after `budgetMs`.
 *
 * @returns by case name, the results in the order of the repetitions
 */
export async function interleaved(cases, repetitions, tell = () => undefined, budgetMs = Infinity) {
  const endMs = performance.now() + budgetMs;
  const results = Object.fromEntries(cases.map(({ name }) => [name, []]));
  for (let turn = -1; turn < repetitions; turn += 1) {
    if (turn >= turnsMin && performance.now() > endMs) break;
    for (const { name, run } of cases) {
      const result = await run();
      if (turn >= 0) results[name].push(result);
    }
    tell(turn + 1, repetitions);
  }
  return results;
}
