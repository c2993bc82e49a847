/**
 * What any runner must do, whatever it runs sessions on. A suite calls `runnerConformance` with a way to open a world:
 * a project, a runner in it, and a second runner that stands for one started after the first was lost. Sessions are
 * small /bin/sh programs, so the world under test must be able to run those.
 */
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Runner, SessionWatch } from '../../src/protocol/journal.ts';
import type { Command, Order } from '../../src/protocol/session.ts';

export type RunnerWorld = {
  /** An existing folder that sessions can write into. */
  readonly project: string;
  readonly runner: Runner;
  /** Another runner over the same project, as after a restart. */
  readonly again: () => Runner;
};

/** An order with everything in it that a runner may look at. */
export function orderOf(id: string): Order {
  return {
    id,
    dispatchId: `dispatch-of-${id}`,
    round: 'R07',
    tier: 'full',
    role: 'implementer',
    agent: 'test-agent',
    model: null,
    fallbacks: [],
    visit: 1,
    attempt: 1,
    kind: 'work',
    feedback: [],
    because: [],
  };
}

/** A command that runs a shell script. */
export function shell(script: string, more: Partial<Command> = {}): Command {
  return { argv: ['/bin/sh', '-c', script], env: {}, passEnv: [], stdin: '', files: {}, ...more };
}

/** A watch that remembers what it was told. */
export function recorder(): SessionWatch & { readonly lines: string[]; readonly totals: number[] } {
  const lines: string[] = [];
  const totals: number[] = [];
  return { lines, totals, line: (text) => lines.push(text), bytes: (total) => totals.push(total) };
}

/** Waits for a condition, and fails with its name when the bound is over. */
export async function until(what: string, holds: () => boolean, boundMs = 10_000): Promise<void> {
  const end = performance.now() + boundMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`waited ${boundMs} ms in vain: ${what}`);
    await delay(5);
  }
}

export function tempFolder(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), 'next-role-runner-')));
}

export function runnerConformance(name: string, open: (project: string) => RunnerWorld): void {
  describe(`${name} as a runner`, () => {
    it('ensure() runs a session once and reports its exit code and every line in order', () =>
      inWorld(open, async ({ runner }) => {
        const watch = recorder();
        const end = await runner.ensure(
          orderOf('R07.1-implementer'),
          resolved(shell('cat; echo two; printf three; exit 3', { stdin: 'one\n' })),
          watch,
        );
        expect(end).toMatchObject({ exit: { type: 'exited', code: 3 }, leftovers: 0, adopted: false });
        expect(watch.lines).toEqual(['one', 'two', 'three']);
        expect(watch.totals.at(-1)).toBe('one\ntwo\nthree'.length);
      }));

    it('ensure() reports a signal by its name', () =>
      inWorld(open, async ({ runner }) => {
        const end = await runner.ensure(orderOf('a'), resolved(shell('kill -SEGV $$')), recorder());
        expect(end.exit).toEqual({ type: 'signalled', signal: 'SIGSEGV' });
      }));

    it('ensure() of an ended session reports the same end and lines, and prepares nothing', () =>
      inWorld(open, async ({ runner, again, project }) => {
        const script = `echo ran >>'${project}/runs'; echo line; exit 4`;
        await runner.ensure(orderOf('a'), resolved(shell(script)), recorder());
        for (const later of [runner, again()]) {
          const watch = recorder();
          const end = await later.ensure(orderOf('a'), mustNotPrepare, watch);
          expect(end.exit).toEqual({ type: 'exited', code: 4 });
          expect(watch.lines).toEqual(['line']);
        }
        expect(readFileSync(join(project, 'runs'), 'utf8')).toBe('ran\n');
      }));

    it('ensure() adopts a living session and passes on its lines from the first', () =>
      inWorld(open, async ({ runner, again, project }) => {
        const first = recorder();
        const started = runner.ensure(orderOf('a'), resolved(shell(gated(project))), first);
        await until('the first line', () => first.lines.length === 1);
        const second = recorder();
        const adopted = again().ensure(orderOf('a'), mustNotPrepare, second);
        await until('the first line again', () => second.lines.length === 1);
        openGate(project);
        expect(await adopted).toMatchObject({ exit: { type: 'exited', code: 5 }, adopted: true });
        expect(await started).toMatchObject({ exit: { type: 'exited', code: 5 }, adopted: false });
        expect(first.lines).toEqual(['before', 'after']);
        expect(second.lines).toEqual(['before', 'after']);
      }));

    it('ensure() called by many at once runs the session once', () =>
      inWorld(open, async ({ runner, again, project }) => {
        const script = `echo ran >>'${project}/runs'; echo line; sleep 0.3; exit 6`;
        const watches = Array.from({ length: 6 }, recorder);
        const runners = [runner, runner, again(), again(), again(), again()];
        const ends = await Promise.all(
          runners.map((each, index) => each.ensure(orderOf('a'), resolved(shell(script)), watches[index]!)),
        );
        expect(ends.map((end) => end.exit)).toEqual(ends.map(() => ({ type: 'exited', code: 6 })));
        expect(watches.map((watch) => watch.lines)).toEqual(watches.map(() => ['line']));
        expect(readFileSync(join(project, 'runs'), 'utf8')).toBe('ran\n');
      }));

    it('stop() ends a session, and the first reason stands also after a restart', () =>
      inWorld(open, async ({ runner, again }) => {
        const watch = recorder();
        const ended = runner.ensure(orderOf('a'), resolved(shell('echo up; sleep 60; true')), watch);
        await until('the session is up', () => watch.lines.length === 1);
        await Promise.all([runner.stop('a', 'paused'), runner.stop('a', 'interrupted')]);
        await again().stop('a', 'interrupted');
        const stopped = { type: 'stopped', why: 'paused' };
        expect((await ended).exit).toEqual(stopped);
        expect((await again().ensure(orderOf('a'), mustNotPrepare, recorder())).exit).toEqual(stopped);
      }));

    it('stop() by a restarted runner ends a session it did not start', () =>
      inWorld(open, async ({ runner, again }) => {
        const watch = recorder();
        const ended = runner.ensure(orderOf('a'), resolved(shell('echo up; sleep 60; true')), watch);
        await until('the session is up', () => watch.lines.length === 1);
        await again().stop('a', 'interrupted');
        expect((await ended).exit).toEqual({ type: 'stopped', why: 'interrupted' });
      }));

    it('stop() of a session that is still being prepared keeps it from starting', () =>
      inWorld(open, async ({ runner, project }) => {
        let go: (command: Command) => void = () => undefined;
        const prepared = new Promise<Command>((resolve) => (go = resolve));
        let asked = false;
        const ended = runner.ensure(
          orderOf('a'),
          () => {
            asked = true;
            return prepared;
          },
          recorder(),
        );
        await until('prepare was called', () => asked);
        await runner.stop('a', 'paused');
        go(shell(`echo ran >>'${project}/runs'`));
        expect((await ended).exit).toEqual({ type: 'stopped', why: 'paused' });
        expect(() => readFileSync(join(project, 'runs'))).toThrow('ENOENT');
      }));

    it('stop() of an unknown or ended session changes nothing', () =>
      inWorld(open, async ({ runner }) => {
        await runner.stop('never-heard-of', 'paused');
        await runner.ensure(orderOf('a'), resolved(shell('exit 0')), recorder());
        await runner.stop('a', 'paused');
        const end = await runner.ensure(orderOf('a'), mustNotPrepare, recorder());
        expect(end.exit).toEqual({ type: 'exited', code: 0 });
      }));

    it('ensure() of several orders at once keeps them apart', () =>
      inWorld(open, async ({ runner }) => {
        const ids = ['a', 'b', 'c', 'd'];
        const watches = ids.map(recorder);
        const ends = await Promise.all(
          ids.map((id, index) =>
            runner.ensure(
              orderOf(id),
              resolved(shell(`echo ${id}; sleep 0.1; exit ${index}`)),
              watches[index]!,
            ),
          ),
        );
        expect(ends.map((end) => end.exit)).toEqual(ids.map((_, code) => ({ type: 'exited', code })));
        expect(watches.map((watch) => watch.lines)).toEqual(ids.map((id) => [id]));
      }));

    it('ensure() reports a program that cannot be started, and tries again when asked again', () =>
      inWorld(open, async ({ runner }) => {
        const missing = { ...shell(''), argv: ['no-such-program-anywhere'] } as const;
        const end = await runner.ensure(orderOf('a'), resolved(missing), recorder());
        expect(end.exit).toMatchObject({
          type: 'not-started',
          message: expect.stringMatching(/"no-such-program-anywhere".*Install it/) as unknown,
        });
        const later = await runner.ensure(orderOf('a'), resolved(shell('exit 0')), recorder());
        expect(later.exit).toEqual({ type: 'exited', code: 0 });
      }));

    it('ensure() passes on what prepare() throws', () =>
      inWorld(open, async ({ runner }) => {
        const failing = (): Promise<Command> => Promise.reject(new Error('no brief'));
        await expect(runner.ensure(orderOf('a'), failing, recorder())).rejects.toThrow('no brief');
      }));
  });
}

/** Says `before`, waits for the gate, says `after`. */
export function gated(project: string): string {
  return `echo before; while [ ! -e '${project}/gate' ]; do sleep 0.02; done; echo after; exit 5`;
}

export function openGate(project: string): void {
  writeFileSync(join(project, 'gate'), '');
}

/** For a session that is there already: the world must be asked, not made. */
export function mustNotPrepare(): Promise<Command> {
  return Promise.reject(new Error('prepare() was called for a session that is there'));
}

export function resolved(command: Command): () => Promise<Command> {
  return () => Promise.resolve(command);
}

async function inWorld(
  open: (project: string) => RunnerWorld,
  test: (world: RunnerWorld) => Promise<void>,
): Promise<void> {
  const project = tempFolder();
  try {
    await test(open(project));
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}
