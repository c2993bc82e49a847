/**
 * How one working session looks on one line: who works, for how long, what was seen last. Pure: the present comes in.
 */
import type { Order } from '../protocol/session.ts';
import { bytes, clock, duration, stopwatch } from './quantity.ts';
import { cut, good, oneLine, quiet, strong, warn, width } from './text.ts';
import type { Line, Span } from './text.ts';

export type Pulse = {
  readonly order: Order;
  /** The project, when several share the screen. */
  readonly name: string | null;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly lastAt: number;
  /** Of the session's output. */
  readonly bytes: number;
  /** The last tool and its target. */
  readonly last: string | null;
};

/** Silence worth a word; a model that thinks is often silent for less. */
const idleShownMs = 10_000;
const frames = ['◐', '◓', '◑', '◒'] as const;
const frameMs = 250;

/**
 * Who works an order: role, agent and model.
 *
 * @example worker(order) // 'implementer (claude sonnet)'
 */
export function worker(order: Order): string {
  return `${order.role} (${order.model === null ? order.agent : `${order.agent} ${order.model}`})`;
}

/**
 * The line that is redrawn in place; what was seen last is cut so that it fits.
 *
 * @example plainOf(liveLine(pulse, 80, now)) // '◐ implementer (claude sonnet)  1:23  Write src/a.ts  12 kB'
 */
export function liveLine(pulse: Pulse, columns: number, now: number): Line {
  const { order } = pulse;
  const frame = frames[Math.floor(now / frameMs) % frames.length] ?? frames[0];
  const head = `${pulse.name === null ? '' : `${oneLine(pulse.name)}  `}${oneLine(worker(order))}`;
  const tries = order.attempt > 1 ? `  attempt ${order.attempt}` : '';
  const elapsed = stopwatch(now - pulse.startedAt);
  const idleMs = now - pulse.lastAt;
  const size = pulse.bytes === 0 ? '' : `  ${bytes(pulse.bytes)}`;
  const idle = idleMs >= idleShownMs ? `  silent ${duration(idleMs)}` : '';
  const fixed = width(`${frame} ${head}${tries}  ${elapsed}${size}${idle}`) + 2;
  const room = columns - fixed;
  const last = room < 8 ? '' : cut(oneLine(pulse.last ?? 'starting'), room, 'start');
  const spans: Span[] = [good(`${frame} `), strong(head), warn(tries), quiet(`  ${elapsed}`)];
  if (last !== '') spans.push({ text: `  ${last}`, tone: 'plain' });
  return [...spans, quiet(size), warn(idle)];
}

/** The same for a log: a line of its own, with the time. */
export function pulseLine(pulse: Pulse, now: number): Line {
  const { order } = pulse;
  const name = pulse.name === null ? '' : `${oneLine(pulse.name)}: `;
  const idleMs = now - pulse.lastAt;
  const idle = idleMs >= idleShownMs ? `, silent for ${duration(idleMs)}` : '';
  const last = pulse.last === null ? '' : `, last: ${oneLine(pulse.last)}`;
  return `${clock(now)}  ${name}${worker(order)} works, ${duration(now - pulse.startedAt)}, ${bytes(pulse.bytes)}${last}${idle}`;
}
