/**
 * Finds a project from any folder inside it, and the files a brief offers. Reads only; a project is a folder with a
 * `coordination/` folder or a NEXT-ROLE.md in it, and `coordination/` wins.
 */
import { readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { coordinationDir, handoffNames, matches, runnerDir, staysInside } from '../protocol/artifact.ts';
import type { Project } from '../protocol/project.ts';
import type { OfferedPath } from '../protocol/session.ts';
import { digestOf, insideProject } from './files.ts';

/** Most names looked at under coordination/ for one pattern; a larger tree is offered as the pattern alone. */
export const filesScannedMax = 5_000;

/**
 * The project that a folder belongs to: the folder itself or the nearest one above it. Null when there is none.
 *
 * @example await findProject('.') // { root: '/home/me/app', handoff: '/home/me/app/coordination/NEXT-ROLE.md', … }
 */
export async function findProject(from: string): Promise<Project | null> {
  let folder = resolved(from);
  for (;;) {
    const found = await projectAt(folder);
    if (found !== null) return found;
    const above = dirname(folder);
    if (above === folder) return null;
    folder = above;
  }
}

/** The project in exactly this folder; null when it has neither coordination/ nor NEXT-ROLE.md. */
export function projectAt(folder: string): Promise<Project | null> {
  return Promise.resolve(projectIn(resolved(folder)));
}

function projectIn(root: string): Project | null {
  const [inside, atRoot] = handoffNames;
  if (isFile(join(root, inside))) return describeProject(root, inside);
  if (isFile(join(root, atRoot))) return describeProject(root, atRoot);
  if (isFolder(join(root, coordinationDir))) return describeProject(root, inside);
  return null;
}

function describeProject(root: string, handoffName: string): Project {
  return { root, handoffName, handoff: join(root, handoffName), own: join(root, runnerDir) };
}

/** The existing files that match patterns, in the patterns' order; wildcards look under coordination/ only. */
export async function findOffered(
  root: string,
  patterns: readonly string[],
): Promise<readonly OfferedPath[]> {
  const names: string[] = [];
  let listed: readonly string[] | null = null;
  for (const pattern of patterns) {
    if (!pattern.includes('*') && !pattern.endsWith('/')) {
      names.push(pattern);
    } else if (pattern.startsWith(`${coordinationDir}/`)) {
      listed ??= listFiles(root, coordinationDir);
      names.push(...listed.filter((name) => matches(name, pattern)));
    }
  }
  const offered = await Promise.all([...new Set(names)].map((name) => offer(root, name)));
  return [...new Map(offered.filter((file) => file !== null).map((file) => [file.path, file])).values()];
}

/** Offered under its real name inside the project, so that no spelling and no link gets past what a role may not see. */
async function offer(root: string, name: string): Promise<OfferedPath | null> {
  if (!staysInside(name) || !isFile(join(root, name)) || !insideProject(root, name)) return null;
  const path = realpathSync.native(join(root, name));
  const real = relative(root, path).split(sep).join('/');
  const sha256 = await digestOf(path);
  return sha256 === null ? null : { path: real, sha256, bytes: statSync(path).size };
}

/**
 * Files below a folder, relative to the root, sorted. Links are not followed: a session can make them, and two that lead to
 * their own folder have no end. By hand, because Node 22 follows them where its listing is synchronous.
 */
function listFiles(root: string, folder: string): readonly string[] {
  if (!isFolder(join(root, folder))) return [];
  const files: string[] = [];
  const folders = [folder];
  for (
    let looked = 0, at = folders.shift();
    at !== undefined && looked < filesScannedMax;
    at = folders.shift()
  ) {
    const entries = readdirSync(join(root, at), { withFileTypes: true }).slice(0, filesScannedMax - looked);
    looked += entries.length;
    for (const entry of entries) {
      const path = `${at}/${entry.name}`;
      if (entry.isFile()) files.push(path);
      else if (entry.isDirectory()) folders.push(path);
    }
  }
  return files.sort();
}

function resolved(path: string): string {
  const absolute = resolve(path);
  return kindOf(absolute) !== 'nothing' ? realpathSync.native(absolute) : absolute;
}

function isFile(path: string): boolean {
  return kindOf(path) === 'file';
}

function isFolder(path: string): boolean {
  return kindOf(path) === 'folder';
}

/** Synchronous: a trip to the thread pool costs ten times the look, and a brief takes dozens of them. */
function kindOf(path: string): 'file' | 'folder' | 'other' | 'nothing' {
  try {
    const found = statSync(path);
    if (found.isFile()) return 'file';
    return found.isDirectory() ? 'folder' : 'other';
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return 'nothing';
    throw error;
  }
}
