/**
 * The live line: what each working session is doing right now, redrawn in place at most ten times and at least once a
 * second; where there is no terminal, one plain line per session each half minute. It follows notices and keeps only
 * the last of each session. It never decides what a notice says: render.ts does.
 */
import type { Notice } from '../protocol/notice.ts';
import type { Order } from '../protocol/session.ts';
import { layoutColumns, print } from './output.ts';
import type { Output } from './output.ts';
import { liveLine, pulseLine } from './pulse.ts';
import type { Pulse } from './pulse.ts';
import { paint } from './text.ts';
import type { Text } from './text.ts';

/** A part of the terminal that is redrawn in place. */
export type Area = {
  show(text: string): void;
  /** Takes it off the screen; the next `show` draws it again below what was printed since. */
  clear(): void;
  /** Leaves the terminal as it was found. */
  close(): void;
};

export type Live = {
  /** Takes up a notice, and prints the lines a person should see of it above the live line. */
  follow(notice: Notice, lines: Text): void;
  /** Clears the live line for something else, such as a question; the next notice brings it back. */
  hide(): void;
  close(): void;
};

export type LiveOptions = {
  readonly out: Output;
  /** Null where nothing can be redrawn. */
  readonly area: Area | null;
  /** Name in front of a session's line, when several projects share the screen. */
  readonly nameOf: (project: string) => string | null;
  readonly now: () => number;
};

const redrawMsMin = 100;
const redrawMsMax = 1_000;
/** Between two plain lines about the same session. */
const plainPulseMs = 30_000;
/** Sessions shown at once; a watcher of hundreds of projects has no screen for more. */
const sessionsShownMax = 12;

/** Opens the live view. */
export function openLive(options: LiveOptions): Live {
  const { out, area, now } = options;
  const pulses = new Map<string, Pulse>();
  const saidAt = new Map<string, number>();
  let drawnAt = 0;
  let timer: NodeJS.Timeout | null = null;

  const draw = (): void => {
    drawnAt = now();
    if (area === null) return;
    if (pulses.size === 0) {
      area.clear();
      return;
    }
    const shown = [...pulses.values()].slice(0, sessionsShownMax);
    const lines = shown.map((pulse) => paint(liveLine(pulse, layoutColumns(out), now()), out.colour));
    const more = pulses.size - shown.length;
    area.show([...lines, ...(more > 0 ? [`… and ${more} more`] : [])].join('\n'));
  };
  const arm = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (area === null || pulses.size === 0) return;
    timer = setTimeout(() => {
      draw();
      arm();
    }, redrawMsMax);
  };
  const hide = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    area?.clear();
  };

  return {
    follow(notice, lines) {
      const changed = track(pulses, notice, options);
      if (lines.length > 0) {
        area?.clear();
        print(out, lines);
      }
      if (area === null) {
        if (notice.type === 'session-pulse') sayPlainly(notice.order, options, pulses, saidAt);
        return;
      }
      if (lines.length > 0 || (changed && now() - drawnAt >= redrawMsMin)) draw();
      if (timer === null || pulses.size === 0) arm();
    },
    hide,
    close() {
      hide();
      area?.close();
    },
  };
}

/** Keeps the last of each session. Gives whether anything to show has changed. */
function track(pulses: Map<string, Pulse>, notice: Notice, options: LiveOptions): boolean {
  const key = (order: Order): string => `${notice.project}\0${order.id}`;
  const fresh = (order: Order): Pulse => ({
    order,
    name: options.nameOf(notice.project),
    startedAt: notice.at,
    lastAt: notice.at,
    bytes: 0,
    last: null,
  });
  switch (notice.type) {
    case 'session-started':
      pulses.set(key(notice.order), fresh(notice.order));
      return true;
    case 'session-pulse': {
      const { order, elapsedMs, idleMs, bytes, last } = notice;
      const before = pulses.get(key(order)) ?? fresh(order);
      const startedAt = notice.at - elapsedMs;
      pulses.set(key(order), {
        ...before,
        startedAt,
        lastAt: notice.at - idleMs,
        bytes,
        last: last ?? before.last,
      });
      return true;
    }
    case 'session-event': {
      const before = pulses.get(key(notice.order)) ?? fresh(notice.order);
      const last = lastOf(notice.event) ?? before.last;
      pulses.set(key(notice.order), { ...before, lastAt: notice.at, last });
      return last !== before.last;
    }
    case 'decided':
      if (notice.event.type !== 'ENDED') return false;
      return pulses.delete(`${notice.project}\0${notice.event.order}`);
    case 'problem':
    case 'watching':
    case 'remark':
      return false;
    default:
      return notice satisfies never;
  }
}

function lastOf(event: Extract<Notice, { type: 'session-event' }>['event']): string | null {
  if (event.type !== 'tool') return null;
  return event.target === null ? event.tool : `${event.tool} ${event.target}`;
}

/** The first half minute of a session says nothing: its start has just been printed. */
function sayPlainly(
  order: Order,
  options: LiveOptions,
  pulses: ReadonlyMap<string, Pulse>,
  saidAt: Map<string, number>,
): void {
  const pulse = [...pulses.values()].find((each) => each.order.id === order.id);
  if (pulse === undefined) return;
  const at = options.now();
  const key = `${pulse.name ?? ''}\0${order.id}`;
  if (at - (saidAt.get(key) ?? pulse.startedAt) < plainPulseMs) return;
  saidAt.set(key, at);
  print(options.out, [pulseLine(pulse, at)]);
}
