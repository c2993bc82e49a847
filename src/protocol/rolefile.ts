/**
 * Reads one role file: front matter (the contract) and body (the prompt). The file name is the role's name. It relies
 * on gray-matter for the cut between the two, with every executable engine replaced by one that throws, and it never
 * calls it without options, because its cache would hide a broken header the second time.
 */
import matter from 'gray-matter';
import { z } from 'zod';
import { fill, matches, staysInside } from './artifact.ts';
import { closed, invalid, missing, nameWord, oneOf, plainText } from './dataissue.ts';
import type { LineOf } from './dataissue.ts';
import { readData } from './datafile.ts';
import type { DataFile } from './datafile.ts';
import type { Diagnostic } from './diagnostic.ts';
import { human } from './handoff.ts';
import { modelClasses } from './modelfile.ts';
import { limitsPatch } from './statefile.ts';
import type { LimitsPatch } from './statefile.ts';
import type { RoleContract } from './policy.ts';

/** A role as its file says it, before limits are merged. */
export type RoleFile = Omit<RoleContract, 'limits'> & { readonly limits: LimitsPatch };

type RoleReading =
  | { readonly ok: true; readonly role: RoleFile }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** Statuses a role may leave; WORKING and BLOCKED are the runner's, PAUSED is the human's. */
const roleEnds = [
  'READY',
  'ESCALATE',
  'MERGE-READY',
  'ROUND-COMPLETE',
  'WAVE-PLAN-READY',
  'WAVE-GATE-READY',
  'WAVE-COMPLETE',
] as const;

const pathPattern = plainText
  .refine(staysInside, 'Write a path inside the project: relative, without "..".')
  .refine(
    (path) => !fill(path, { round: '', role: '' }).includes('{'),
    'Use only the placeholders {round} and {role} in a path.',
  );

const header = closed({
  title: plainText,
  class: z.enum(modelClasses),
  reads: z.array(z.union([pathPattern, closed({ path: pathPattern, tiers: z.array(nameWord).min(1) })])),
  hides: z.array(pathPattern).optional(),
  writes: z.array(pathPattern).min(1),
  protects: z.array(pathPattern).optional(),
  owes: z
    .array(
      closed({
        path: pathPattern,
        tiers: z.array(nameWord).optional(),
        sections: z.array(plainText).optional(),
      }),
    )
    .optional(),
  tools: z.array(plainText).min(1),
  limits: limitsPatch.optional(),
  ends: z.array(z.enum(roleEnds)).min(1),
  'sees-answers': z.boolean().optional(),
});

/**
 * Reads a role file. `tiers` are the names that `owes[].tiers` may use.
 *
 * @example readRole({ path: 'coordination/roles/tester.md', text }, ['full']) // { ok: true, role: { name: 'tester', … } }
 */
export function readRole(file: DataFile, tiers: readonly string[]): RoleReading {
  const roleName = nameOf(file.path);
  const named = nameWord.safeParse(roleName);
  if (!named.success || roleName === human) {
    const hint = 'Name the file <role>.md: lower-case letters, digits and dashes, and not "human".';
    return { ok: false, diagnostics: [invalid(1, `"${roleName}" cannot be the name of a role`, hint)] };
  }
  const cut = cutFrontMatter(file.text);
  if ('problem' in cut) return { ok: false, diagnostics: [cut.problem] };
  const reading = readData(cut.block, header);
  if (!reading.ok) return reading;
  const role = contractOf(roleName, reading.value, cut.body);
  const diagnostics = [...checkReads(role, tiers, reading.lineOf), ...checkOwed(role, tiers, reading.lineOf)];
  if (role.body === '') {
    diagnostics.push(
      missing(1, 'The role has no prompt', 'Write below the second "---" what the role is to do.'),
    );
  }
  return diagnostics.length > 0 ? { ok: false, diagnostics } : { ok: true, role };
}

function nameOf(path: string): string {
  return (path.split('/').at(-1) ?? '').replace(/\.md$/, '');
}

function contractOf(roleName: string, data: z.infer<typeof header>, body: string): RoleFile {
  return {
    name: roleName,
    title: data.title,
    class: data.class,
    reads: data.reads.map((read) => (typeof read === 'string' ? { path: read, tiers: [] } : read)),
    hides: data.hides ?? [],
    writes: data.writes,
    protects: data.protects ?? [],
    owes: (data.owes ?? []).map((owed) => ({
      path: owed.path,
      tiers: owed.tiers ?? [],
      sections: owed.sections ?? [],
    })),
    tools: data.tools,
    limits: data.limits ?? {},
    ends: data.ends,
    seesAnswers: data['sees-answers'] ?? false,
    body,
  };
}

/** What is offered in a tier is offered in one that exists. */
function checkReads(role: RoleFile, tiers: readonly string[], lineOf: LineOf): Diagnostic[] {
  return role.reads.flatMap((read, at) =>
    read.tiers.flatMap((tier, tierAt) =>
      tiers.includes(tier)
        ? []
        : [invalid(lineOf(['reads', at, 'tiers', tierAt]), `"${tier}" is no tier`, oneOf(tier, tiers))],
    ),
  );
}

/** What a role owes it must be allowed to write and to read back, in tiers that exist. */
function checkOwed(role: RoleFile, tiers: readonly string[], lineOf: LineOf): Diagnostic[] {
  const filled = (pattern: string): string => fill(pattern, { round: 'R00', role: role.name });
  return role.owes.flatMap((owed, at) => {
    const line = (): number => lineOf(['owes', at, 'path']);
    const covers = (pattern: string): boolean => matches(filled(owed.path), filled(pattern));
    const found: Diagnostic[] = [];
    if (!role.writes.some(covers)) {
      found.push(
        invalid(line(), `"${owed.path}" is owed, but not under "writes"`, 'Add the path to "writes".'),
      );
    }
    if (role.hides.some(covers)) {
      found.push(
        invalid(
          line(),
          `"${owed.path}" is owed, but "hides" covers it`,
          'Make the pattern in "hides" narrower.',
        ),
      );
    }
    owed.tiers.forEach((tier, tierAt) => {
      if (tiers.includes(tier)) return;
      found.push(invalid(lineOf(['owes', at, 'tiers', tierAt]), `"${tier}" is no tier`, oneOf(tier, tiers)));
    });
    return found;
  });
}

/**
 * The YAML block (with the newline in front that makes its line numbers those of the file) and the body. The fences
 * are checked first: gray-matter takes any line that starts with "---" for the end, and the whole rest for the header
 * when there is none.
 */
function cutFrontMatter(raw: string): { block: string; body: string } | { problem: Diagnostic } {
  const lines = raw.replace(/^\uFEFF/, '').split(/\r\n?|\n/);
  const first = lines[0] ?? '';
  if (!first.startsWith('---')) {
    return {
      problem: missing(1, `The front matter is missing; the file starts with ${show(first)}`, fenceHint),
    };
  }
  if (first.trimEnd() !== '---') {
    return {
      problem: invalid(1, `The front matter opens with ${show(first)}`, 'Write "---" alone: it is YAML.'),
    };
  }
  const end = lines.findIndex((line, at) => at > 0 && line.startsWith('---'));
  if (end === -1) return { problem: missing(1, 'The front matter is not closed', fenceHint) };
  const last = lines[end] ?? '';
  if (last.trimEnd() !== '---') {
    return {
      problem: invalid(end + 1, `The front matter ends at ${show(last)}`, 'Write "---" alone on this line.'),
    };
  }
  let block = '';
  const { content } = matter(lines.join('\n'), {
    language: 'yaml',
    engines: engines((yaml) => (block = yaml)),
  });
  return { block, body: content.trim() };
}

const fenceHint = 'Put the keys of the role between two lines "---" at the top of the file.';

function show(line: string): string {
  return JSON.stringify(line.slice(0, 40));
}

/** The engines of gray-matter: yaml hands the block to us, all others refuse. By default `js` would be evaluated. */
function engines(take: (yaml: string) => void): Record<string, (input: string) => object> {
  const refuse = (): never => {
    throw new Error('only YAML front matter is read');
  };
  const yaml = (input: string): object => {
    take(input);
    return {};
  };
  return { yaml, js: refuse, javascript: refuse, json: refuse, coffee: refuse, toml: refuse };
}
