/**
 * Money in whole pico-dollars (10⁻¹² USD): prices are whole pico-dollars per token, so sums are exact whatever their
 * number. Floating point appears only where an agent reports it and where a figure leaves as JSON.
 */

/** Pico-dollars. */
export type Money = bigint;

const decimals = 12;
const unit = 10n ** BigInt(decimals);

/**
 * Money from dollars as JSON has them; exact for every decimal that a person or a program writes.
 *
 * @example moneyOf(0.0006006) // 600600000n
 */
export function moneyOf(usd: number): Money {
  const written = String(usd);
  const text = written.includes('e') ? usd.toFixed(decimals) : written;
  const [, sign = '', whole = '0', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  const amount = BigInt(whole) * unit + BigInt(fraction.slice(0, decimals).padEnd(decimals, '0'));
  return sign === '' ? amount : -amount;
}

/**
 * Dollars for JSON: the nearest double, which prints as the exact decimal up to 15 digits.
 *
 * @example usdOf(23424000000n) // 0.023424
 */
export function usdOf(money: Money): number {
  const size = money < 0n ? -money : money;
  const fraction = String(size % unit).padStart(decimals, '0');
  return Number(`${money < 0n ? '-' : ''}${size / unit}.${fraction}`);
}

/** Whole micro-dollars, rounded half up: what a provider's ledger is compared in, and what the memory adds up. */
export function microOf(money: Money): number {
  return Number((money + 500_000n) / 1_000_000n);
}

/**
 * For people: cents from one dollar on, four decimals below.
 *
 * @example dollars(moneyOf(0.0234)) // '$0.0234'
 */
export function dollars(money: Money): string {
  const size = money < 0n ? -money : money;
  const sign = money < 0n ? '-' : '';
  if (size === 0n) return '$0';
  if (size < unit / 10_000n) return `${sign}<$0.0001`;
  const places = size < unit ? 4 : 2;
  const step = 10n ** BigInt(decimals - places);
  const rounded = (size + step / 2n) / step;
  const base = 10n ** BigInt(places);
  return `${sign}$${rounded / base}.${String(rounded % base).padStart(places, '0')}`;
}
