import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describe as situate } from '../../src/domain/situation.ts';
import { step, store, initialState } from '../../src/domain/machine.ts';
import { openLive } from '../../src/cli/live.ts';
import { print, printJson, printJsonLine } from '../../src/cli/output.ts';
import { render } from '../../src/cli/render.ts';
import { questionScreen } from '../../src/cli/screens/question.ts';
import { bad, strong } from '../../src/cli/text.ts';
import type { Notice } from '../../src/protocol/notice.ts';
import { facts, question, read } from '../rig/facts.ts';
import { testPolicy } from '../rig/policy.ts';
import { outputTo } from './shell.ts';

/** Whatever a terminal would obey or be turned round by. */
const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
/** The colours that are ours. */
const ours = /\u001b\[\d{1,2}m/g;

const words = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '\u001b[2J',
        '\u001b]0;title\u0007',
        '\u001b]8;;http://x\u001b\\',
        '\u001bP+q\u001b\\',
        '\u009b31m',
        '\u009d0;x\u009c',
        '\u001b[',
        '\u001b',
        '\u202e',
        '\u2066',
        '\u061c',
        '\u200f',
        '\u2028',
        '\u0008',
        '\r',
        '\u0000',
        '\u007f',
      ),
    ),
    { maxLength: 6 },
  )
  .map((all) => all.join(''));

describe('text that a model wrote', () => {
  it('reaches no terminal with anything that a terminal obeys, through whatever prints', () => {
    const policy = testPolicy();
    fc.assert(
      fc.property(words, words, fc.boolean(), (one, two, colour) => {
        const pieces: string[] = [];
        const out = { ...outputTo(pieces), colour };
        const shown: string[] = [];
        const asks = {
          ...question,
          question: one,
          options: [{ letter: 'A', do: two, then: one }],
          diagnostic: two,
        };
        const event = read(facts({ status: 'ESCALATE', escalation: asks, statusText: one }));
        const { state } = step(policy, initialState(), event);
        const order = { ...baseOrder, agent: one, feedback: [two] };
        const notices: readonly Notice[] = [
          { at: 1, project: two, type: 'decided', seq: 1, event, state: store(state), effects: [] },
          { at: 1, project: two, type: 'remark', level: 'warning', text: one },
          {
            at: 1,
            project: two,
            type: 'session-event',
            order,
            event: { type: 'tool', tool: one, target: two },
          },
          { at: 1, project: two, type: 'session-pulse', order, elapsedMs: 1, idleMs: 1, bytes: 1, last: two },
          {
            at: 1,
            project: two,
            type: 'problem',
            file: one,
            diagnostics: [{ code: 'header-yaml', line: 1, severity: 'error', message: two, hint: one }],
          },
        ];
        const area = {
          show: (text: string) => void shown.push(text),
          clear: () => undefined,
          close: () => undefined,
        };
        const live = openLive({ out, area, nameOf: () => one, now: () => 1_000_000 });
        for (const notice of notices) {
          live.follow(notice, render(notice, { columns: 80, name: two }));
          printJsonLine(out, notice);
        }
        live.close();
        const asked = situate(policy, state).question;
        if (asked !== null) {
          print(
            out,
            questionScreen(asked, { columns: 80, now: 1, handoff: one, command: () => two, defaultAt: null }),
          );
        }
        print(out, [one, [strong(one), bad(two)]]);
        printJson(out, { [one]: two });
        for (const text of [...pieces, ...shown]) expect(text.replace(ours, '')).not.toMatch(obeyed);
      }),
      { numRuns: 400 },
    );
  });

  it('has no second way to the terminal: only these files of the command line write to a stream', () => {
    const files = readdirSync('src/cli', { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    );
    const writers = files.filter((name) =>
      /process\.(?:stdout|stderr)|\bconsole\.|writeSync\(|\.write\(/.test(
        readFileSync(`src/cli/${name}`, 'utf8'),
      ),
    );
    // An output (plain.ts, terminal.ts) is given text by output.ts alone. The player is an agent of its own: its output goes to the session's file. Completion prints words of ours alone.
    expect(writers.filter((name) => !name.startsWith('play/')).sort()).toEqual([
      'commands/completion.ts',
      'commands/play.ts',
      'output.ts',
      'plain.ts',
      'program.ts',
      'terminal.ts',
    ]);
  });
});

const baseOrder = {
  id: 'o',
  dispatchId: 'd',
  round: 'R01',
  tier: 'full',
  role: 'architect',
  agent: 'a',
  model: null,
  visit: 1,
  attempt: 1,
  kind: 'work',
  feedback: [],
  because: [],
  fallbacks: [],
} as const;
