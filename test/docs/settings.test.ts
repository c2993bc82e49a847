/**
 * Holds what docs/SPEC.md says of settings, overrides and role files to the code: the keys it lists are those the code
 * accepts, level by level, with the defaults and bounds it says, and the template names them all.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { packageRoot, readCatalog } from '../../src/effects/catalog.ts';
import { readData } from '../../src/protocol/datafile.ts';
import { gateNames } from '../../src/protocol/gateplan.ts';
import { readRole } from '../../src/protocol/rolefile.ts';
import { readSettings } from '../../src/protocol/settings.ts';
import { limitsFile } from '../../src/protocol/statefile.ts';
import { coded, section, subject, table, textOf } from './page.ts';

const { policy } = await readCatalog(join(packageRoot, 'no-such-project'), { path: '' });
const known = {
  roles: Object.keys(policy.roles),
  tiers: Object.keys(policy.tiers),
  presets: Object.keys(policy.presets),
};

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe('the settings of docs/SPEC.md', () => {
  const rows = table('key ', section('Settings'));
  const keys = rows.map(subject);
  const template = textOf('templates/next-role.yaml');

  /** The keys that are valid at a place, as the refusal of an unknown one lists them. */
  function validAt(text: string): readonly string[] {
    const { diagnostics } = readSettings(text, known);
    const hint = diagnostics.find(({ message }) => message.startsWith('"zzz" is no key'))?.hint ?? '';
    return (/Valid: (.*)\.$/.exec(hint)?.[1] ?? '').split(', ').sort();
  }

  /** The names that follow a start in the table. */
  function namesBelow(start: string): readonly string[] {
    const below = keys
      .filter((key) => key.startsWith(start))
      .map((key) => key.slice(start.length).split('.')[0] ?? '');
    return [...new Set(below)].sort();
  }

  it('are the keys that the code accepts, level by level', () => {
    expect(namesBelow('')).toEqual(validAt('zzz: 1'));
    expect(namesBelow('agents.<name>.')).toEqual(validAt('agents: { a: { kind: claude, zzz: 1 } }'));
    expect(namesBelow('roles.<role>.')).toEqual(validAt('roles: { reviewer: { zzz: 1 } }'));
    expect(namesBelow('roles.<role>.limits.')).toEqual(
      validAt('roles: { reviewer: { limits: { zzz: 1 } } }'),
    );
    expect(namesBelow('gates.<gate>.')).toEqual(validAt('gates: { artifact-contract: { zzz: 1 } }'));
    const common = namesBelow('gates.<gate>.');
    for (const gate of gateNames) {
      const all = [...common, ...namesBelow(`gates.${gate}.`)].sort();
      expect(all, gate).toEqual(validAt(`gates: { ${gate}: { zzz: 1 } }`));
    }
    expect(namesBelow('budget.')).toEqual(validAt('budget: { zzz: 1 }'));
    expect(namesBelow('budget.role.')).toEqual(validAt('budget: { role: { zzz: 1 } }'));
    expect(namesBelow('caps.')).toEqual(validAt('caps: { zzz: 1 }'));
    expect(namesBelow('escalation.')).toEqual(validAt('escalation: { zzz: 1 }'));
  });

  it('are all named in the template, which sets no other', () => {
    const text = template.replaceAll(/^#(?=[^ ]| {2,}[\w-]+:(?: |$))/gm, '');
    const { settings: shown, diagnostics } = readSettings(text, known);
    expect(diagnostics).toEqual([]);
    for (const path of pathsOf(shown)) {
      const general = path
        .replace(/^(agents)\.[^.]+/, '$1.<name>')
        .replace(/^((?:budget\.)?roles)\.[^.]+/, '$1.<role>')
        .replace(/^(gates)\.[^.]+/, '$1.<gate>');
      const named = keys.includes(general) ? general : path;
      expect(keys).toContain(named);
    }
    for (const key of keys) expect(template, key).toMatch(new RegExp(`\\b${key.split('.').at(-1) ?? ''}\\b`));
  });

  it('have the defaults that an empty file has', () => {
    const said = Object.fromEntries(rows.map((row) => [subject(row), coded(row[1])[0]]));
    expect(said['tier']).toBe(policy.defaultTier);
    for (const [cap, count] of Object.entries(policy.caps))
      expect(said[`caps.${cap}`], cap).toBe(String(count));
    const { tests, acceptance, citations } = policy.gates.options;
    expect(said['gates.citations.required']).toBe(String(citations.required));
    expect(said['gates.tests.timeoutMinutes']).toBe(String(tests.timeoutMinutes));
    expect(said['gates.acceptance.timeoutMinutes']).toBe(String(acceptance.timeoutMinutes));
    expect(said['interrupted']).toBe(policy.interrupted);
    expect(said['escalation.allowDefaults']).toBe(String(policy.allowDefaults));
    expect(said['commit']).toBe(String(policy.commit));
  });

  it('have the bounds that are said', () => {
    const refused = (text: string): boolean => readSettings(text, known).diagnostics.length > 0;
    for (const row of rows) {
      const key = subject(row).replace('<role>', 'reviewer').split('.');
      const most = Number(/(?:at most|to) ([\d,]+)/.exec(row[2] ?? '')?.[1]?.replaceAll(',', ''));
      if (Number.isNaN(most)) continue;
      const set = (value: number): string =>
        key.reduceRight((inner, name) => `{ ${name}: ${inner} }`, String(value));
      expect([refused(set(most)), refused(set(most + 1)), refused(set(0))], subject(row)).toEqual([
        false,
        true,
        true,
      ]);
    }
  });
});

/** Dotted paths of the leaves of a map; lists are leaves. */
function pathsOf(value: object, start = ''): readonly string[] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? pathsOf(inner, `${start}${key}.`)
      : [`${start}${key}`],
  );
}

describe('the overrides of docs/SPEC.md', () => {
  it('list the keys of a role file', () => {
    const text = '---\nzzz: 1\n---\n\nBody.\n';
    const role = readRole({ path: 'coordination/roles/tester.md', text }, []);
    const hint = role.ok
      ? ''
      : (role.diagnostics.find(({ message }) => message.startsWith('"zzz"'))?.hint ?? '');
    const valid = /Valid: (.*)\.$/.exec(hint)?.[1]?.split(', ');
    expect(table('key ', section('Overrides')).map(subject)).toEqual(valid);
  });

  it('are laid over the shipped files from where it says', async () => {
    const tiers = 'brief:\n  about: x\n  roles: [implementer]\n';
    const root = mkdtempSync(join(tmpdir(), 'next-role-spec-'));
    folders.push(root);
    const places = Object.fromEntries(table('shipped ').map((row) => [subject(row), coded(row[1])[0]]));
    const save = (shipped: string, text: string): void =>
      writeFileSync(join(root, places[shipped] ?? ''), text);
    mkdirSync(join(root, 'coordination/state'), { recursive: true });
    save('state/tiers.yaml', tiers);
    save('state/models.yaml', 'cheap: { claude: tiny }\n');
    save('state/limits.yaml', 'caps: { perRole: 9 }\n');
    save('state/gates.yaml', 'gates: { artifact-contract: { blocks: CRITICAL } }\n');
    const laid = await readCatalog(root, { path: '' });
    expect(laid.problems).toEqual([]);
    expect(Object.keys(laid.policy.tiers)).toEqual([...known.tiers, 'brief']);
    expect(laid.policy.assignments['memorial']?.ladder.cheap).toEqual(['tiny']);
    expect(laid.policy.caps).toEqual({ ...policy.caps, perRole: 9 });
    expect(laid.policy.gates.options['artifact-contract'].blocks).toBe('CRITICAL');
  });

  it('say how long a failure that may pass is waited for', () => {
    const backoff = readData(textOf('state/limits.yaml'), limitsFile);
    expect(backoff.ok && backoff.value.backoff).toEqual({ firstSeconds: 5, factor: 3, maxSeconds: 120 });
    expect(section('Caps').join(' ')).toContain('wait 5 s, 15 s, 45 s, then 120 s each');
  });
});
