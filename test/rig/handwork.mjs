// One piece of the runner's hand work, alone in a process of its own, so that faults.mjs can end it at any of its steps:
// `rotate PROJECT` as when a round ends, `back PROJECT SESSION` as when an isolated session has ended. Needs a build.
import { readFileSync } from 'node:fs';
import { digestOf } from '../../dist/effects/files.js';
import { projectAt } from '../../dist/effects/project.js';
import { recordAfter } from '../../dist/runner/audit.js';
import { bringBack, clearCopy } from '../../dist/runner/bringback.js';
import { rotateRound } from '../../dist/runner/rotate.js';

const [, , work, root, session] = process.argv;
const project = await projectAt(root);
if (work === 'rotate') {
  const bounds = { inlineBytes: 0, inlineTotalBytes: 0, handoffBytes: 1_000, memorialBytes: 2_000 };
  await rotateRound(project, bounds, { round: 'R01', digest: await digestOf(project.handoff) });
} else {
  const order = JSON.parse(readFileSync(`${session}/order.json`, 'utf8'));
  await bringBack(project, session, order, new Map());
  await recordAfter(project.root, session, new Map());
  await clearCopy(session);
}
