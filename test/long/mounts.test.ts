/**
 * A disk that is really full, and a mount that is really read-only: small file systems in memory, made by the kernel, where
 * this user may mount. Here agents and git run into the full disk too, not the runner alone. The run ends with words, the
 * handoff keeps what its human wrote, and when there is room again the round comes to its end.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Project } from '../../src/protocol/project.ts';
import { finish, outcomeOf, runUnder } from '../rig/crash.ts';
import { handoffText } from '../rig/journey.ts';
import { makeShellProject, ranInOrder } from '../rig/shell-agent.ts';

const mounts: string[] = [];

function mount(...args: readonly string[]): void {
  execFileSync('mount', [...args], { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** A file system in memory of so many megabytes. */
function memoryDisk(megabytes: number): string {
  const at = realpathSync(mkdtempSync(join(tmpdir(), 'next-role-mount-')));
  mounts.push(at);
  mount('-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', at);
  return at;
}

function unmountAll(): void {
  for (const at of mounts.splice(0).reverse()) {
    execFileSync('umount', ['--recursive', at], { stdio: 'ignore' });
    rmSync(at, { recursive: true });
  }
}

/** Root in a container may be kept from mounting. */
function canMount(): boolean {
  try {
    memoryDisk(1);
    unmountAll();
    return true;
  } catch {
    for (const at of mounts.splice(0)) rmSync(at, { recursive: true });
    return false;
  }
}

/** A project on a disk of its own. */
async function projectOn(disk: string): Promise<Project> {
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = disk;
  try {
    return await makeShellProject();
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
}

/** Fills a disk up to so many bytes; gives them back when called. */
function fill(disk: string, leave: number): () => void {
  const ballast = join(disk, 'ballast');
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - leave), 1));
  return () => truncateSync(ballast, 0);
}

const plain = (said: string): string => said.replace(/\s+/g, ' ');
const kilobyte = 1024;

afterEach(unmountAll);

describe.runIf(canMount())('a real mount', () => {
  it.each([0, 4, 16, 48, 96, 160, 256, 384])('with %i KB left costs no work', async (left) => {
    const disk = memoryDisk(32);
    const project = await projectOn(disk);
    const empty = fill(disk, left * kilobyte);
    const hit = await runUnder(project, null);
    expect(hit.signal, hit.said).toBeNull();
    expect(hit.said).not.toContain('made a mistake of its own');
    console.log(`${left} KB left: code ${hit.code}, ${plain(hit.said).slice(-300)}`);
    if (left === 0) expect(plain(hit.said)).toContain('The disk is full');
    expect(handoffText(project)).toContain('## Directive\n\nDo the work.\n');
    empty();
    await finish(project);
    expect(handoffText(project)).toContain('status: ROUND-COMPLETE');
    expect(outcomeOf(project).differences).toEqual([]);
  });

  it('that is read-only is named, and the round is worked when it is writable', async () => {
    const project = await projectOn(memoryDisk(32));
    const before = handoffText(project);
    mount('--bind', project.root, project.root);
    mount('-o', 'remount,bind,ro', project.root);
    const hit = await runUnder(project, null);
    expect(plain(hit.said)).toMatch(/read-only/);
    expect(hit.said).not.toContain('made a mistake of its own');
    expect(hit.code).toBe(1);
    expect(handoffText(project)).toBe(before);
    execFileSync('umount', [project.root]);
    await finish(project);
    expect(outcomeOf(project)).toMatchObject({ sessions: ranInOrder, differences: [] });
  });
});
