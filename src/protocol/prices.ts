/**
 * The price sheet: state/prices.yaml, dated prices of models in USD per million tokens. Here are its schema, how a
 * project's own sheet is laid over the shipped one (model by model), and what is wrong with a sheet. Prices are kept as
 * whole pico-dollars per token, so that no sum of them ever drifts. It knows no clock: a price is asked for a date.
 */
import { z } from 'zod';
import { closed, invalid, plainText } from './dataissue.ts';
import type { LineOf } from './dataissue.ts';
import { readData } from './datafile.ts';
import type { DataFile } from './datafile.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Usage } from './usage.ts';

/** Pico-dollars (10⁻¹² USD) per token by class; null where the sheet has no price for that class. */
export type Rates = { readonly [Class in keyof Usage]: bigint | null };

/** Prices of one model for a time. */
export type PriceRow = {
  /** First day, `YYYY-MM-DD` in UTC; null since ever. */
  readonly from: string | null;
  /** First day on which it no longer holds; null for ever. */
  readonly until: string | null;
  readonly rates: Rates;
  /** Rates of a whole request whose prompt is longer than so many tokens; ascending. */
  readonly over: readonly { readonly promptTokens: number; readonly rates: Rates }[];
  readonly source: string | null;
};

export type PricedModel = {
  readonly id: string;
  readonly aliases: readonly string[];
  /** Ascending by date, without overlap. */
  readonly rows: readonly PriceRow[];
  /** The file the model's prices are from. */
  readonly file: string;
};

export type PriceSheet = {
  /** The shipped sheet's version, and `+project` where a project's own is laid over it. */
  readonly version: string;
  /** Providers that ask these prices for their own models: an id that names one before a slash is the model itself. */
  readonly makers: readonly string[];
  readonly models: ReadonlyMap<string, PricedModel>;
};

export type SheetProblem = { readonly file: string; readonly diagnostics: readonly Diagnostic[] };

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'Write a day, such as 2026-11-27, in quotes or bare.');
/** USD per million tokens: with 6 decimals a token costs whole pico-dollars. */
const price = z
  .number()
  .min(0)
  .max(1_000_000)
  .refine(
    (usd) => Number.isInteger(Math.round(usd * 1e6)) && Math.abs(usd * 1e6 - Math.round(usd * 1e6)) < 1e-4,
    {
      error: 'Write USD per million tokens with at most 6 decimals.',
    },
  );
const rates = {
  input: price.optional(),
  cacheWrite5m: price.optional(),
  cacheWrite1h: price.optional(),
  cacheRead: price.optional(),
  output: price.optional(),
};
const row = closed({
  from: day.optional(),
  until: day.optional(),
  ...rates,
  over: z.array(closed({ promptTokens: z.int().min(1), ...rates })).optional(),
  source: plainText.optional(),
});
const sheetFile = closed({
  version: plainText.optional(),
  makers: z.array(plainText).optional(),
  models: z
    .record(
      z.string().min(1),
      closed({ aliases: z.array(plainText).optional(), prices: z.array(row).min(1) }),
    )
    .optional(),
});
type RowFile = z.infer<typeof row>;

export const noPrices: PriceSheet = { version: 'none', makers: [], models: new Map() };

/**
 * Lays sheets over each other: a later file's model takes the place of an earlier one's. A file with a mistake is
 * reported and left out whole.
 *
 * @example readPrices([{ path: 'state/prices.yaml', text }]).sheet.version // '2026-11-27'
 */
export function readPrices(files: readonly DataFile[]): {
  readonly sheet: PriceSheet;
  readonly problems: readonly SheetProblem[];
} {
  const problems: SheetProblem[] = [];
  const models = new Map<string, PricedModel>();
  const versions: string[] = [];
  const makers: string[] = [];
  for (const { path, text } of files) {
    const reading = readData(text, sheetFile);
    const diagnostics = reading.ok ? faults(reading.value, reading.lineOf) : reading.diagnostics;
    if (!reading.ok || diagnostics.length > 0) {
      problems.push({ file: path, diagnostics });
      continue;
    }
    versions.push(reading.value.version ?? 'project');
    makers.push(...(reading.value.makers ?? []));
    for (const [id, { aliases = [], prices }] of Object.entries(reading.value.models ?? {})) {
      models.set(id, { id, aliases, rows: prices.map(rowOf).sort(byDate), file: path });
    }
  }
  const version = versions.join('+') || noPrices.version;
  return { sheet: { version, makers: [...new Set(makers)], models }, problems };
}

function rowOf(file: RowFile): PriceRow {
  const over = (file.over ?? []).map((tier) => ({ promptTokens: tier.promptTokens, rates: ratesOf(tier) }));
  return {
    from: file.from ?? null,
    until: file.until ?? null,
    rates: ratesOf(file),
    over: over.sort((a, b) => a.promptTokens - b.promptTokens),
    source: file.source ?? null,
  };
}

function ratesOf(file: z.infer<z.ZodObject<typeof rates>>): Rates {
  return {
    input: perToken(file.input),
    cacheWrite5m: perToken(file.cacheWrite5m),
    cacheWrite1h: perToken(file.cacheWrite1h),
    cacheRead: perToken(file.cacheRead),
    output: perToken(file.output),
  };
}

/** 1 USD per million tokens is a micro-dollar, 10⁶ pico-dollars, per token. */
function perToken(usdPerMillion: number | undefined): bigint | null {
  return usdPerMillion === undefined ? null : BigInt(Math.round(usdPerMillion * 1e6));
}

function byDate(a: PriceRow, b: PriceRow): number {
  return (a.from ?? '') < (b.from ?? '') ? -1 : 1;
}

/** Days on which two prices hold, or none, and names that two models have. */
function faults(file: z.infer<typeof sheetFile>, lineOf: LineOf): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const names = new Map<string, string>();
  for (const [id, model] of Object.entries(file.models ?? {})) {
    const at = (index: number): number => lineOf(['models', id, 'prices', index]);
    const rows = model.prices
      .map((each, index) => ({ each, index }))
      .sort((a, b) => byDate(rowOf(a.each), rowOf(b.each)));
    for (const [place, { each, index }] of rows.entries()) {
      if (each.until !== undefined && each.until <= (each.from ?? '')) {
        found.push(
          invalid(
            at(index),
            `The price of "${id}" ends on ${each.until}, before it begins`,
            'Put "until" after "from".',
          ),
        );
      }
      const next = rows[place + 1];
      if (next === undefined) continue;
      const begins = next.each.from ?? 'ever';
      if (begins === (each.from ?? 'ever') || (each.until !== undefined && each.until > begins)) {
        const hint = `End the earlier one with "until: ${begins}", or leave its "until" out: a price holds until the next begins.`;
        found.push(invalid(at(next.index), `Two prices of "${id}" overlap from ${begins} on`, hint));
      } else if (each.until !== undefined && each.until < begins) {
        const hint = `Write "until: ${begins}" above, or leave it out.`;
        found.push(invalid(at(next.index), `"${id}" has no price from ${each.until} until ${begins}`, hint));
      }
    }
    for (const name of [id, ...(model.aliases ?? [])]) {
      const other = names.get(name);
      if (other !== undefined && other !== id) {
        found.push(
          invalid(
            lineOf(['models', id]),
            `"${name}" names both "${other}" and "${id}"`,
            'Remove one of the aliases.',
          ),
        );
      }
      names.set(name, id);
    }
  }
  return found;
}
