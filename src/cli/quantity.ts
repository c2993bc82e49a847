/**
 * Quantities as people read them: durations, sizes, moments, counts. Pure; the present comes in as an argument, and
 * moments are shown in the zone of this machine.
 */

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/**
 * How long something took or takes.
 *
 * @example duration(83_000) // '1 min 23 s'
 */
export function duration(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  if (whole < secondMs) return `${whole} ms`;
  if (whole < 10 * secondMs) return `${(whole / secondMs).toFixed(1)} s`;
  if (whole < minuteMs) return `${Math.round(whole / secondMs)} s`;
  if (whole < hourMs) return pair(Math.round(whole / secondMs), 60, 'min', 's');
  if (whole < dayMs) return pair(Math.round(whole / minuteMs), 60, 'h', 'min');
  return pair(Math.round(whole / hourMs), 24, 'd', 'h');
}

function pair(count: number, per: number, big: string, small: string): string {
  const rest = count % per;
  return rest === 0
    ? `${Math.floor(count / per)} ${big}`
    : `${Math.floor(count / per)} ${big} ${rest} ${small}`;
}

/**
 * A running clock.
 *
 * @example stopwatch(83_000) // '1:23'
 */
export function stopwatch(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / secondMs));
  const two = (n: number): string => String(n).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

/**
 * A size, in thousands as disks are sold.
 *
 * @example bytes(12_400) // '12 kB'
 */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;
  let value = count;
  let at = 0;
  while (value >= 999.5 && at < units.length - 1) {
    value /= 1_000;
    at += 1;
  }
  const digits = at > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${units[at] ?? 'B'}`;
}

/** The time of day, `14:02:07`. */
export function clock(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((n) => String(n).padStart(2, '0'))
    .join(':');
}

/**
 * A moment and how far it is from now.
 *
 * @example moment(now - 180_000, now) // '14:02:07 (3 min ago)'
 */
export function moment(at: number, now: number): string {
  const away = now - at;
  const distance = away >= 0 ? `${duration(away)} ago` : `in ${duration(-away)}`;
  const isNear = Math.abs(away) < dayMs / 2;
  return `${isNear ? clock(at) : `${day(at)} ${clock(at)}`} (${distance})`;
}

function day(at: number): string {
  const date = new Date(at);
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()]
    .map((n) => String(n).padStart(2, '0'))
    .join('-');
}

/**
 * A count with its noun.
 *
 * @example counted(2, 'session') // '2 sessions'
 */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
