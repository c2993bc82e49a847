/**
 * Rotates the handoff and the memorial of a round that has ended: what moves is on disk under coordination/history/
 * before anything is cut, and the cut is made only while the file is the one that was looked at. Done twice is done
 * once; a file that a person saved in between is left as it is.
 */
import { digestText, readText, replaceIf } from '../effects/files.ts';
import { keepText, takeBack } from '../effects/keep.ts';
import { safeName } from '../protocol/artifact.ts';
import { byteLength } from '../protocol/bytes.ts';
import { memorialPath } from '../protocol/memorial.ts';
import type { BriefBounds } from '../protocol/policy.ts';
import type { Project } from '../protocol/project.ts';
import { historyDir, rotateHandoff, rotateMemorial, type Rotated } from '../protocol/rotation.ts';

/** The handoff's digest after rotation; the given one when it was left as it is. */
export async function rotateRound(
  project: Project,
  bounds: BriefBounds,
  ended: { readonly round: string; readonly digest: string },
): Promise<string> {
  const name = safeName(ended.round);
  await rotateFile(project, memorialPath, `MEMORIAL-${name}.md`, null, (text, link) =>
    rotateMemorial(text, bounds.memorialBytes, link),
  );
  const digest = await rotateFile(project, project.handoffName, `${name}.md`, ended.digest, (text, link) =>
    byteLength(text) > bounds.handoffBytes ? rotateHandoff(text, link) : null,
  );
  return digest ?? ended.digest;
}

/** The new digest of a file; null when nothing was cut. */
async function rotateFile(
  project: Project,
  path: string,
  name: string,
  expect: string | null,
  rotate: (text: string, link: string) => Rotated | null,
): Promise<string | null> {
  const full = `${project.root}/${path}`;
  const found = await readText(full);
  if (found === null || (expect !== null && found.digest !== expect)) return null;
  // Not UTF-8: it could not be cut without changing other bytes.
  if (digestText(found.text) !== found.digest) return null;
  const folder = path.startsWith('coordination/') ? 'history' : historyDir;
  const rotated = rotate(found.text, `- [${name}](${folder}/${name})`);
  if (rotated === null) return null;
  const kept = `${project.root}/${historyDir}/${name}`;
  const earlier = await keepText(kept, rotated.moved);
  const replaced = await replaceIf(full, found.digest, () => rotated.text);
  if (replaced.type === 'written') return replaced.digest;
  await takeBack(kept, earlier);
  if (replaced.type === 'failed') throw new Error(replaced.message);
  return null;
}
