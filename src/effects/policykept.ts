/**
 * What of the policy it takes to say where a project stands, as a runner read it last, kept in its own folder for those
 * who only look: `status` would spend most of its time on reading and checking files that nobody has touched. It counts
 * while every file behind it has the size, times and number it had then. No runner ever works by it: an agent could have
 * written there.
 */
import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { coordinationDir, settingsPath } from '../protocol/artifact.ts';
import type { Policy, WordRules } from '../protocol/policy.ts';
import type { Project } from '../protocol/project.ts';
import { errorCode } from './files.ts';
import { agentPrograms, packageRoot } from './packageroot.ts';

type Place = Pick<Project, 'root' | 'own'>;

const fileName = 'policy.json';

/**
 * Keeps a policy whose files have no problem; `stamp` is theirs, taken before they were read. That it cannot be kept
 * costs time and nothing else, so nobody is told.
 */
export function keepPolicy(place: Place, stamp: string, policy: Policy): void {
  const path = join(place.own, fileName);
  try {
    if (keptWith(path, stamp) !== null) return;
    writeFileSync(`${path}.next`, JSON.stringify({ stamp, policy: wordRulesOf(policy) }), { mode: 0o600 });
    renameSync(`${path}.next`, path);
  } catch {
    // A full disk, a folder that is not ours: the next look reads the files themselves.
  }
}

function wordRulesOf({ allowDefaults, autoTier, defaultTier, failures, tiers, roles }: Policy): WordRules {
  const limits = Object.entries(roles).map(([role, its]) => [role, { limits: its.limits }]);
  return {
    allowDefaults,
    autoTier,
    defaultTier,
    failures,
    tiers,
    roles: Object.fromEntries(limits) as WordRules['roles'],
  };
}

/** What is kept of the policy; null when there is none, or when a file behind it may have changed since. */
export function keptPolicy(place: Place): WordRules | null {
  return keptWith(join(place.own, fileName), policyStamp(place.root));
}

function keptWith(path: string, stamp: string): WordRules | null {
  try {
    const kept = JSON.parse(readFileSync(path, 'utf8')) as { stamp?: string; policy?: WordRules };
    return kept.stamp === stamp ? (kept.policy ?? null) : null;
  } catch {
    // None yet, or half of one: the files themselves say it.
    return null;
  }
}

/**
 * A word that changes when anything changes that `readCatalog` looks at: shipped files, the project's own, the programs
 * on PATH.
 *
 * @example policyStamp('/p') === policyStamp('/p') // true, while nobody edits
 */
export function policyStamp(project: string): string {
  const folders = ['roles', 'state'].flatMap((name) => [
    join(packageRoot, name),
    join(project, coordinationDir, name),
  ]);
  const paths = [
    join(packageRoot, 'package.json'),
    join(project, settingsPath),
    ...folders.flatMap(withFiles),
  ];
  const programs = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => isAbsolute(folder))
    .flatMap((folder) => agentPrograms.map((program) => join(folder, program)));
  return [...paths, ...programs].flatMap(timesOf).join('\n');
}

/** A folder and what is in it. */
export function withFiles(folder: string): readonly string[] {
  try {
    return [folder, ...readdirSync(folder).map((name) => join(folder, name))];
  } catch {
    // No such folder: there is nothing in it, and it is noticed when it comes.
    return [folder];
  }
}

/**
 * What tells one content of a path from another without reading it; nothing where nothing is. Synchronous, because it is
 * asked for every few seconds, for a thousand projects: a trip to the thread pool costs ten times the look.
 */
export function timesOf(path: string): readonly string[] {
  try {
    const info = statSync(path, { throwIfNoEntry: false, bigint: true });
    if (info === undefined) return [];
    return [[path, info.ino, info.size, info.mtimeNs, info.ctimeNs, info.mode].join(' ')];
  } catch (error) {
    return [`${path} ${errorCode(error)}`];
  }
}
