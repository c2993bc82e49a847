/**
 * `next-role prices`: the price sheet in force, and what is wrong with it: mistakes in the project's own sheet, and
 * models in use that have no price. Looks nothing up; a price is corrected in coordination/state/prices.yaml.
 */
import { chooseModel } from '../../domain/modelchoice.ts';
import { newRound } from '../../domain/round.ts';
import { modelIn, priceOf } from '../../domain/cost.ts';
import { dollars, usdOf } from '../../domain/money.ts';
import { readCatalog } from '../../effects/catalog.ts';
import { isError } from '../../protocol/diagnostic.ts';
import type { PriceRow, PriceSheet, Rates } from '../../protocol/prices.ts';
import { usageClasses } from '../../protocol/usage.ts';
import { readLedgers } from '../../runner/ledger.ts';
import type { Project } from '../../protocol/project.ts';
import type { Policy } from '../../protocol/policy.ts';
import { layoutColumns, print, printJson } from '../output.ts';
import { counted } from '../quantity.ts';
import { exits, projectFor } from '../shell.ts';
import type { Command } from '../shell.ts';
import { bad, good, quiet, strong, table, warn, wrap } from '../text.ts';
import type { Line, Span, Text } from '../text.ts';

/** A model that somebody uses and the sheet does not price. */
type Unpriced = { readonly model: string; readonly usedBy: string };

const addIt = 'Add it to coordination/state/prices.yaml (next-role eject state/prices.yaml shows the form).';

export const prices: Command = async (shell, input) => {
  const project = await projectFor(shell, input);
  if (project === null) return exits.usage;
  const now = shell.now();
  const { policy, prices: sheet, problems } = await readCatalog(project.root);
  const mistakes = problems.filter(({ file }) => file.endsWith('state/prices.yaml'));
  const unpriced = unpricedIn(sheet, used(project, policy), now);
  const hasErrors = mistakes.some(({ diagnostics }) => diagnostics.some(isError));
  if (shell.json) {
    printJson(shell.out, {
      version: sheet.version,
      models: [...sheet.models.values()].map((model) => {
        const row = priceOf(model, now);
        return {
          id: model.id,
          aliases: model.aliases,
          file: model.file,
          inForce: row === null ? null : rowJson(row),
          rows: model.rows.map(rowJson),
        };
      }),
      unpriced,
      problems: mistakes,
    });
  } else {
    const columns = layoutColumns(shell.out);
    print(shell.out, [
      ...listing(sheet, now, columns),
      '',
      ...mistakes.flatMap(({ file, diagnostics }) =>
        diagnostics.flatMap((each): Text => [
          [bad('✗ '), `${file}:${each.line} ${each.message}`],
          ...wrap(each.hint, columns - 4).map((line): Line => `    ${line}`),
        ]),
      ),
      ...unpriced.flatMap(({ model, usedBy }): Text => [
        [warn('! '), `"${model}" has no price; ${usedBy}`],
        ...wrap(addIt, columns - 4).map((line): Line => ['    ', quiet(line)]),
      ]),
      ...(hasErrors || unpriced.length > 0
        ? []
        : [[good('✓ '), 'No gap, no overlap, and every model in use has a price'] satisfies Line]),
    ]);
  }
  return hasErrors ? exits.failed : exits.finished;
};

/** Models by name, with who uses them: the journal's sessions, and what the roles are assigned. */
function used(project: Project, policy: Policy): readonly Unpriced[] {
  const worked = readLedgers(project).flatMap(({ round, work }) =>
    work.flatMap(({ ended }) => {
      // A journal of an earlier version has no such member.
      const { usage }: Partial<typeof ended> = ended;
      return (usage?.models ?? []).flatMap(({ model }) =>
        model === null ? [] : [{ model, usedBy: `it worked in round ${round}` }],
      );
    }),
  );
  const assigned = Object.keys(policy.assignments).flatMap((role) => {
    const { model, fallbacks } = chooseModel(policy, newRound('R00', policy.defaultTier), role);
    const models = model === null ? [] : [model, ...fallbacks];
    return models.map((each) => ({ model: each, usedBy: `${role} is assigned to it` }));
  });
  return [...new Map([...assigned, ...worked].map((each) => [each.model, each])).values()];
}

function unpricedIn(sheet: PriceSheet, models: readonly Unpriced[], now: number): readonly Unpriced[] {
  return models.filter(({ model }) => {
    const priced = modelIn(sheet, model);
    return priced === null || priceOf(priced, now) === null;
  });
}

function rowJson({ from, until, rates, over, source }: PriceRow): object {
  return {
    from,
    until,
    ...usdPerMillion(rates),
    over: over.map((tier) => ({ promptTokens: tier.promptTokens, ...usdPerMillion(tier.rates) })),
    source,
  };
}

/** Back to the unit of the sheet: a pico-dollar a token is a micro-dollar a million. */
function usdPerMillion(rates: Rates): Record<keyof Rates, number | null> {
  const usd = (each: keyof Rates): number | null => {
    const rate = rates[each];
    return rate === null ? null : usdOf(rate * 1_000_000n);
  };
  return {
    input: usd('input'),
    cacheWrite5m: usd('cacheWrite5m'),
    cacheWrite1h: usd('cacheWrite1h'),
    cacheRead: usd('cacheRead'),
    output: usd('output'),
  };
}

function listing(sheet: PriceSheet, now: number, columns: number): Text {
  const rows = [...sheet.models.values()].flatMap((model): readonly (readonly (string | Span)[])[] => {
    const row = priceOf(model, now);
    const name = model.file.startsWith('coordination/') ? `${model.id} (project)` : model.id;
    if (row === null) return [[name, ...usageClasses.map(() => '–'), 'not today']];
    const when = row.from === null ? '' : `from ${row.from}`;
    return [
      [name, ...cellsOf(row.rates), row.until === null ? when : `${when} until ${row.until}`.trim()],
      ...row.over.map((tier) => [
        quiet(`  prompts over ${Math.round(tier.promptTokens / 1_000)}k`),
        ...cellsOf(tier.rates),
        '',
      ]),
    ];
  });
  return [
    [
      strong(`Prices of ${sheet.version}`),
      quiet(`  USD per million tokens, ${counted(sheet.models.size, 'model')}`),
    ],
    '',
    ...table(['MODEL', 'INPUT', 'WRITE 5M', 'WRITE 1H', 'READ', 'OUTPUT', 'WHEN'], rows, {
      columns,
      flexible: 6,
    }),
  ];
}

function cellsOf(rates: Rates): readonly string[] {
  return usageClasses.map((each) => {
    const rate = rates[each];
    return rate === null ? '–' : perMillion(rate);
  });
}

/** As short as the price allows: `4`, `0.20`, `0.125`. */
function perMillion(rate: bigint): string {
  const usd = usdOf(rate * 1_000_000n);
  const text = String(usd);
  return /\.\d$/.test(text) ? `${text}0` : text.includes('e') ? dollars(rate * 1_000_000n) : text;
}
