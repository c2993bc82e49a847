/**
 * What `doctor` asks of a project: rights, settings, agents of the roles, handoff, runner, journal. It only looks.
 */
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../effects/files.ts';
import { repositoryOf } from '../../effects/git.ts';
import { openJournal } from '../../effects/journal.ts';
import { coordinationDir, runnerDir } from '../../protocol/artifact.ts';
import { isError } from '../../protocol/diagnostic.ts';
import { JournalDamaged } from '../../protocol/journal.ts';
import type { AgentSettings, Policy } from '../../protocol/policy.ts';
import { journalPath, type Project } from '../../protocol/project.ts';
import type { Look } from '../../runner/look.ts';
import { look } from '../../runner/look.ts';
import { readHandoff } from '../../runner/handoff.ts';
import { missingProgram } from '../../runner/startable.ts';
import { nothingAsked } from '../../runner/unasked.ts';
import { counted } from '../quantity.ts';
import { diagnosticLine } from '../render.ts';
import { oneLine, plainOf } from '../text.ts';
import { caution, fault, fine } from './check.ts';
import type { Check } from './check.ts';

/** Every check of a project. */
export async function checkProject(project: Project, path: string | undefined): Promise<readonly Check[]> {
  const rights = await checkRights(project);
  const journal = checkJournal(project);
  const repository = await checkRepository(project);
  if (journal.state === 'bad') return [...rights, repository, journal];
  const seen = await look(project);
  return [
    ...rights,
    repository,
    ...checkSettings(seen),
    ...(await checkRoles(project, seen.policy, path)),
    checkHandoff(seen),
    ...(await checkDirective(seen)),
    checkRunner(seen),
    journal,
  ];
}

async function checkRights(project: Project): Promise<readonly Check[]> {
  const places = [project.handoff, join(project.root, coordinationDir), project.own];
  const locked: string[] = [];
  for (const place of places) {
    const answer = await mayWrite(place);
    if (answer === 'no') locked.push(place);
  }
  if (locked.length === 0) return [fine('rights', `${coordinationDir}/ and ${runnerDir}/ can be written`)];
  return locked.map((place) =>
    fault('rights', `"${place}" cannot be written`, `chmod u+rw "${place}", or change its owner`),
  );
}

async function mayWrite(path: string): Promise<'yes' | 'no' | 'missing'> {
  try {
    await access(path, constants.R_OK | constants.W_OK);
    return 'yes';
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'missing';
    if (errorCode(error) !== '') return 'no';
    throw error;
  }
}

async function checkRepository(project: Project): Promise<Check> {
  const repository = await repositoryOf(project.root);
  if (repository !== null) return fine('repository', repository);
  return caution('repository', 'none: nothing is committed after a role', 'git init');
}

function checkSettings(seen: Look): readonly Check[] {
  if (seen.problems.length === 0)
    return [fine('settings', 'roles, tiers, models, limits and settings are in order')];
  return seen.problems.flatMap(({ file, diagnostics }) =>
    diagnostics.map((each) => {
      const words = `${file}, ${plainOf(diagnosticLine(each)).replace(/ → .*$/, '')}`;
      return isError(each) ? fault('settings', words, each.hint) : caution('settings', words, each.hint);
    }),
  );
}

/** Each agent that a role is assigned to must be there to be started. */
async function checkRoles(
  project: Project,
  policy: Policy,
  path: string | undefined,
): Promise<readonly Check[]> {
  const used = [...new Set(Object.values(policy.assignments).map((assignment) => assignment.agent))];
  return Promise.all(
    used.map(async (name) => {
      const roles = Object.entries(policy.assignments).flatMap(([role, its]) =>
        its.agent === name ? [role] : [],
      );
      const settings = policy.agents[name];
      const why = settings === undefined ? 'it is not configured' : await missing(project, settings, path);
      if (why === null) return fine('roles', `${roles.join(', ')}: ${name}`);
      const remedy = 'Install it, or name another agent in coordination/next-role.yaml';
      return fault('roles', `${roles.join(', ')}: ${name}, but ${why}`, remedy);
    }),
  );
}

/** Why an agent cannot be started; null when it can, as far as can be told without starting it. */
async function missing(
  project: Project,
  settings: AgentSettings,
  path: string | undefined,
): Promise<string | null> {
  switch (settings.kind) {
    case 'claude':
    case 'codex':
    case 'gemini':
    case 'opencode': {
      const program = missingProgram(settings, { path, root: project.root });
      return program === null ? null : `"${program}" is not found`;
    }
    case 'scripted': {
      const scenario = join(project.root, settings.scenario ?? '');
      return (await mayWrite(scenario)) === 'missing'
        ? `its scenario "${settings.scenario ?? ''}" is missing`
        : null;
    }
    case 'command':
      return null;
    default:
      return settings.kind satisfies never;
  }
}

function checkHandoff({ situation, project }: Look): Check {
  const [problem] = situation.problems;
  if (situation.state !== 'unreadable')
    return fine('handoff', `${project.handoffName}: ${oneLine(situation.headline)}`);
  return fault(
    'handoff',
    problem === undefined ? 'it cannot be read' : plainOf(diagnosticLine(problem)),
    'next-role inspect',
  );
}

/** A session on an untouched template is paid for, and can only guess. */
async function checkDirective({ project, policy }: Look): Promise<readonly Check[]> {
  const { handoff } = (await readHandoff(project, policy)).reading;
  const remark = handoff === null ? null : await nothingAsked(project, handoff);
  return remark === null ? [] : [caution('directive', remark.message, remark.hint)];
}

function checkRunner({ runner, situation }: Look): Check {
  if (runner !== null)
    return fine('runner', `process ${runner.pid} on ${runner.host}, since ${runner.since}`);
  if (situation.rest !== null || situation.waitsFor !== 'session')
    return fine('runner', 'none, nothing is locked');
  return caution('runner', 'none, though a session was started and not yet settled', 'next-role run');
}

function checkJournal(project: Project): Check {
  const journal = openJournal(journalPath(project));
  let records = 0;
  try {
    for (const record of journal.records()) records = record.seq;
    return fine('journal', records === 0 ? 'none yet' : `${counted(records, 'record')}, the chain is whole`);
  } catch (error) {
    if (!(error instanceof JournalDamaged)) throw error;
    return fault('journal', error.message, `mv "${error.path}" "${error.path}.damaged", then next-role run`);
  } finally {
    journal.close();
  }
}
