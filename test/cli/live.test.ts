import { describe, expect, it } from 'vitest';
import { openLive } from '../../src/cli/live.ts';
import type { Area } from '../../src/cli/live.ts';
import { namesOf } from '../../src/cli/names.ts';
import { commandFor } from '../../src/cli/shell.ts';
import type { Notice } from '../../src/protocol/notice.ts';
import { outputTo } from './shell.ts';
import { noon, order } from './values.ts';

const started: Notice = {
  type: 'session-started',
  at: noon,
  project: '/p',
  order,
  folder: '/f',
  promptBytes: 1,
};
const ended: Notice = {
  type: 'decided',
  at: noon,
  project: '/p',
  seq: 1,
  event: {
    type: 'ENDED',
    at: noon,
    order: order.id,
    outcome: { type: 'done' },
    ms: 1,
    tools: 0,
    denied: [],
    model: null,
    costUsd: null,
    usage: null,
    promptBytes: 0,
    priced: { microUsd: null, prices: 'test' },
    sessionId: null,
    said: null,
    leftovers: 0,
  },
  state: { version: '1', value: 'settling', context: null },
  effects: [],
};
const pulseAt = (at: number): Notice => ({
  type: 'session-pulse',
  at,
  project: '/p',
  order,
  elapsedMs: at - noon,
  idleMs: 0,
  bytes: 2_000,
  last: 'Write src/a.ts',
});

function stage(withArea: boolean) {
  const out: string[] = [];
  const drawn: string[] = [];
  let now = noon;
  const area: Area = {
    show: (text) => void drawn.push(text),
    clear: () => void drawn.push(''),
    close: () => undefined,
  };
  const live = openLive({
    out: outputTo(out),
    area: withArea ? area : null,
    nameOf: () => null,
    now: () => now,
  });
  return {
    out,
    drawn,
    live,
    at: (ms: number): void => {
      now = noon + ms;
    },
  };
}

describe('the live line', () => {
  it('is drawn while a session works and gone when it has ended', () => {
    const { live, drawn } = stage(true);
    live.follow(started, ['starts']);
    expect(drawn.at(-1)).toContain('implementer (claude sonnet)');
    live.follow(ended, ['ended']);
    expect(drawn.at(-1)).toBe('');
    live.close();
  });

  it('is redrawn at most ten times a second, however much a session says', () => {
    const { live, drawn, at } = stage(true);
    live.follow(started, []);
    const before = drawn.length;
    for (let ms = 1; ms <= 1_000; ms += 1) {
      at(ms);
      live.follow(
        {
          type: 'session-event',
          at: noon + ms,
          project: '/p',
          order,
          event: { type: 'tool', tool: 'Read', target: `f${ms}` },
        },
        [],
      );
    }
    expect(drawn.length - before).toBeGreaterThanOrEqual(9);
    expect(drawn.length - before).toBeLessThanOrEqual(10);
    live.close();
  });

  it('makes room for lines that are printed', () => {
    const { live, drawn, out } = stage(true);
    live.follow(started, []);
    const before = drawn.length;
    live.follow({ type: 'remark', at: noon, project: '/p', level: 'info', text: 'x' }, ['a line']);
    expect(drawn.slice(before)[0]).toBe('');
    expect(out.join('')).toBe('a line\n');
    expect(drawn.at(-1)).toContain('implementer');
    live.close();
  });

  it('is one plain line each half minute where there is no terminal', () => {
    const { live, out, at } = stage(false);
    live.follow(started, []);
    for (let second = 1; second <= 90; second += 1) {
      at(second * 1_000);
      live.follow(pulseAt(noon + second * 1_000), []);
    }
    expect(out.join('').trim().split('\n')).toEqual([
      '12:00:30  implementer (claude sonnet) works, 30 s, 2.0 kB, last: Write src/a.ts',
      '12:01:00  implementer (claude sonnet) works, 1 min, 2.0 kB, last: Write src/a.ts',
      '12:01:30  implementer (claude sonnet) works, 1 min 30 s, 2.0 kB, last: Write src/a.ts',
    ]);
    live.close();
  });
});

describe('namesOf()', () => {
  it('gives the shortest names that tell projects apart', () => {
    expect([...namesOf([{ root: '/a/web' }, { root: '/b/web' }, { root: '/b/api' }]).values()]).toEqual([
      'a/web',
      'b/web',
      'api',
    ]);
  });
});

describe('commandFor()', () => {
  it.each([
    ['/home/ada/shop', 'next-role run', 'next-role run'],
    ['/home/ada/shop/src', 'next-role run', 'next-role run'],
    ['/home/ada', 'next-role run', 'next-role run --dir shop'],
    ['/home/ada/my shop', 'next-role run', 'next-role run --dir ../shop'],
    ['/', 'Save it again', 'Save it again'],
    ['/home/ada/shop', 'next-role set next-role=<role>', 'next-role set next-role=ROLE'],
  ])('from %s: %s', (cwd, command, expected) => {
    expect(commandFor({ cwd }, { root: '/home/ada/shop' }, command)).toBe(expected);
  });

  it('quotes a folder with spaces', () => {
    expect(commandFor({ cwd: '/' }, { root: "/a/it's" }, 'next-role run')).toBe(
      "next-role run --dir 'a/it'\\''s'",
    );
  });
});
