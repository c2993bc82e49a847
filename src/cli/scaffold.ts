/**
 * The first files of a project, made from the templates: the handoff in either dialect and the settings. Pure text;
 * init.ts writes them.
 */
import { decode, edit } from '../protocol/codec.ts';
import { isError } from '../protocol/diagnostic.ts';
import type { Diagnostic } from '../protocol/diagnostic.ts';
import type { Policy, Tier } from '../protocol/policy.ts';
import { readSettings } from '../protocol/settings.ts';

/**
 * The handoff of a new project. In the bare dialect the same values stand as KEY: value lines above the same body.
 *
 * @example firstHandoff(template, audit, true) // 'CURRENT-ROUND: R01\nNEXT-ROLE: IMPLEMENTER\nSTATUS: PAUSED\n…'
 */
export function firstHandoff(template: string, tier: Tier, bare: boolean): string {
  const first = tier.roles[0] ?? 'architect';
  const edited = edit(template, { tier: tier.name, 'next-role': first });
  if (!edited.ok) throw new Error('The template of the handoff cannot be edited; install next-role again');
  if (!bare) return edited.text;
  const { handoff } = decode(edited.text);
  const header = [
    `CURRENT-ROUND: ${handoff?.round ?? 'R01'}`,
    `NEXT-ROLE: ${first.toUpperCase()}`,
    `STATUS: ${handoff?.status ?? 'PAUSED'}`,
    `TIER: ${tier.name}`,
  ];
  return `${header.join('\n')}\n${bodyOf(edited.text)}`;
}

/** What stands below the front matter. */
function bodyOf(text: string): string {
  const end = /^---\n[\s\S]*?\n---\n/.exec(text)?.[0].length ?? 0;
  return text.slice(end);
}

/**
 * The settings of a new project: the template, with the agent named if one was asked for.
 *
 * @example firstSettings('#agent: claude\n', 'claude') // 'agent: claude\n'
 */
export function firstSettings(template: string, agent: string | null): string {
  if (agent === null) return template;
  const line = `agent: ${JSON.stringify(agent)}`.replace(/"([\w-]+)"$/, '$1');
  return /^#agent:.*$/m.test(template)
    ? template.replace(/^#agent:.*$/m, () => line)
    : `${template}\n${line}\n`;
}

/** What is wrong with settings that name an agent; null when nothing is. */
export function agentFault(settings: string, policy: Policy): Diagnostic | null {
  const known = { roles: Object.keys(policy.roles), tiers: Object.keys(policy.tiers) };
  return readSettings(settings, known).diagnostics.find(isError) ?? null;
}
