/**
 * state/models.yaml: which model a class of work means for each kind of agent, the presets that move whole roles between
 * classes, and the rules by which the risk of a round moves one. Several files are laid over each other: cells and presets
 * by name, the list of rules as a whole. Pure data in, pure data out.
 */
import { z } from 'zod';
import { closed, nameWord, plainText } from './dataissue.ts';
import type { ModelClass, Preset, SelectorRule } from './policy.ts';

export const modelClasses = ['frontier', 'balanced', 'cheap'] as const satisfies readonly ModelClass[];

const modelName = z.string().min(1, 'Write a model name or alias, or null.');
/** Models of one cell: the first is used, the others stand in for it, in order. */
export const modelList = z.union([modelName, z.array(modelName).min(1).max(8)]);

const cell = modelList.nullable().optional();
/** One column for each kind of agent; a column may stand here before its adapter is installed. */
const row = closed({
  claude: cell,
  codex: cell,
  gemini: cell,
  opencode: cell,
  command: cell,
  scripted: cell,
}).optional();

const moves = z.enum(['both', 'raise', 'none']);
const preset = closed({
  about: plainText,
  classes: z.record(nameWord, z.enum(modelClasses)).optional(),
  risk: moves.optional(),
  escalate: z.boolean().optional(),
});

const rule = closed({
  role: nameWord,
  risk: z.enum(['high', 'low']).optional(),
  work: z.enum(['mechanical', 'building']).optional(),
  tiers: z.array(nameWord).min(1).optional(),
  signals: z.array(nameWord).min(1).optional(),
  class: z.enum(modelClasses),
  because: plainText,
});

export const modelsFile = closed({
  frontier: row,
  balanced: row,
  cheap: row,
  presets: z.record(nameWord, preset).optional(),
  select: z.array(rule).max(100).optional(),
});
export type ModelsFile = z.infer<typeof modelsFile>;

/** Models by class and kind of agent. An empty list passes no model; an absent cell does the same and is told as missing. */
export type ModelTable = Readonly<Record<ModelClass, Readonly<Record<string, readonly string[]>>>>;

export type Models = {
  readonly table: ModelTable;
  readonly presets: ReadonlyMap<string, Preset>;
  readonly select: readonly SelectorRule[];
};

/** Lays the files over each other, the last one on top. */
export function joinModels(files: readonly ModelsFile[]): Models {
  const table = (of: ModelClass): ModelTable[ModelClass] =>
    Object.fromEntries(
      files.flatMap((file) =>
        Object.entries(file[of] ?? {}).flatMap(([kind, models]) =>
          models === undefined ? [] : [[kind, listOf(models)]],
        ),
      ),
    );
  const presets = files.flatMap((file) => Object.entries(file.presets ?? {}));
  const select = files.findLast((file) => file.select !== undefined)?.select ?? [];
  return {
    table: { frontier: table('frontier'), balanced: table('balanced'), cheap: table('cheap') },
    presets: new Map(
      presets.map(([name, { about, classes = {}, risk = 'both', escalate = true }]) => [
        name,
        { about, classes, risk, escalate },
      ]),
    ),
    select: select.map((its) => ({
      role: its.role,
      risk: its.risk ?? null,
      work: its.work ?? null,
      tiers: its.tiers ?? [],
      signals: its.signals ?? [],
      class: its.class,
      because: its.because,
    })),
  };
}

/** One model, several, or none. */
export function listOf(models: string | readonly string[] | null): readonly string[] {
  if (models === null) return [];
  return typeof models === 'string' ? [models] : models;
}
