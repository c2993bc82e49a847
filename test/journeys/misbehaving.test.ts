/**
 * Sessions that misbehave in the ways real agents were seen to, one project each, all at the same time because most of
 * their time is waiting for short clocks. What is asserted is what a person reads in `why` afterwards.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunEnd } from '../../src/runner/run.ts';
import { line } from '../cli/shell.ts';
import {
  good,
  goodRound,
  handoffText,
  makeProject,
  play,
  removeProjects,
  type Journey,
  type Scenario,
  type Step,
} from '../rig/journey.ts';

const limits = {
  firstByteMinutes: 0.05,
  idleMinutes: 0.05,
  totalMinutes: 1,
  lingerSeconds: 0.5,
  graceSeconds: 0.5,
  outputMegabytes: 8,
};
const work = good('architect', 'implementer');
const raw = (event: Step): Step => ({ raw: JSON.stringify(event) });
const ask = { escalate: { question: 'Which one rules?', options: {} } };
const answered = {
  escalate: {
    question: 'Which one rules?',
    options: { A: { do: 'this', then: 'x' }, B: { do: 'that', then: 'y' } },
  },
};

type Case = {
  /** What the architect does. */
  readonly steps?: readonly Step[];
  /** In place of the scripted agent: a shell command line. */
  readonly run?: string;
  /** The exit code of the run, what `why` says, and what the notices of the run hold. */
  readonly rest: number;
  readonly why: RegExp;
  readonly seen?: RegExp;
};

const cases: Readonly<Record<string, Case>> = {
  'hangs before the first byte': {
    run: 'sleep 60',
    rest: 1,
    why: /printed nothing within its first-byte limit/,
  },
  'stalls in the middle of its stream': {
    run: 'echo I begin; sleep 60',
    rest: 1,
    why: /showed no sign of life within its idle limit/,
  },
  'ignores SIGTERM': {
    run: "trap '' TERM INT HUP; echo I stay; sleep 60",
    rest: 1,
    why: /showed no sign of life within its idle limit/,
  },
  'floods its output': {
    run: "trap '' TERM; head -c 40000000 /dev/zero | tr '\\0' x; sleep 60",
    rest: 1,
    why: /printed more than its output limit/,
  },
  'works in silence through children that end': {
    run: 'for n in 1 2 3 4 5 6; do timeout 1 sh -c "while :; do :; done"; done; exit 7',
    rest: 1,
    why: /ended with exit code 7/,
  },
  'never exits after its result': {
    steps: [...work, { misbehave: 'linger' }],
    rest: 0,
    why: /R01 is finished/,
    seen: /finished its work|"type":"done"/,
  },
  'leaves a grandchild that holds its output open': {
    steps: [{ misbehave: 'hold-stdout' }, ...work],
    rest: 0,
    why: /R01 is finished/,
    seen: /"leftovers":1/,
  },
  'exits 0 with a permission refused': {
    steps: [raw({ type: 'denied', tool: 'Write', target: 'coordination/specs/Q-R01-SPEC.md' })],
    rest: 2,
    why: /A permission refused Write coordination\/specs\/Q-R01-SPEC\.md.*a permission is missing/,
  },
  'asks without options': { steps: [ask], rest: 2, why: /Which one rules\?.*next-role resume --note/ },
  'answers its own question': {
    steps: [answered, { handoff: { answer: 'A', note: 'I decide myself' } }],
    rest: 2,
    why: /Which one rules\?.*--choose A/,
  },
};

type Played = {
  readonly journey: Journey & { readonly ended: RunEnd };
  readonly why: string;
  readonly file: string;
};
const played = new Map<string, Promise<Played>>();

async function playCase({ steps, run }: Case): Promise<Played> {
  const scenario: Scenario = { ...goodRound, architect: [steps ?? work] };
  const agents = {
    scripted: { kind: 'scripted', scenario: 'scenario.yaml' },
    shell: { kind: 'command', run: run ?? 'true' },
  };
  const architect = { limits, ...(run === undefined ? {} : { agent: 'shell' }) };
  const settings = { agents, caps: { perRole: 4, perRound: 12, perDispatch: 1 }, roles: { architect } };
  const project = await makeProject({ scenario, settings });
  const journey = await play(project, ({ rest }) => rest !== null);
  const why = (await line(project.root, ['why'])).out.replace(/\s+/g, ' ');
  return { journey, why, file: handoffText(project) };
}

beforeAll(() => {
  for (const [name, each] of Object.entries(cases)) {
    const playing = playCase(each);
    // A failure is the test's to report, wherever it comes first.
    playing.catch(() => undefined);
    played.set(name, playing);
  }
});
afterAll(removeProjects);

describe('a session that', () => {
  it.each(Object.keys(cases))(
    '%s ends in the right state, with a reason a person understands',
    async (name) => {
      const { rest, why, seen } = cases[name]!;
      const after = await played.get(name)!;
      expect(after.why).toMatch(why);
      expect(after.journey.ended).toMatchObject({ type: 'rest', situation: { rest } });
      if (seen !== undefined) expect(JSON.stringify(after.journey.notices)).toMatch(seen);
      if (rest !== 0) expect(after.journey.sessions()).toEqual(['architect']);
      expect(after.file).not.toMatch(/^answer:/m);
    },
  );
});
