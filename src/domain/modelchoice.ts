/**
 * Which model works an order, and why: the round's own word, else the settings', else the class of the role as the preset,
 * the risk of the round and failed attempts move it; then the first model of that class that is not overloaded. Pure
 * look-ups over the policy and the round; every step that moved something is a sentence in `because`.
 */
import type { Role } from '../protocol/handoff.ts';
import type { ModelClass, Policy, Preset, SelectorRule } from '../protocol/policy.ts';
import type { Routing } from '../protocol/routing.ts';
import type { RoundMemory } from './round.ts';

/** From the strongest down. */
const classes = ['frontier', 'balanced', 'cheap'] as const satisfies readonly ModelClass[];

export type ModelChoice = {
  readonly class: ModelClass | null;
  /** Null: no model is passed, the agent uses its own default. */
  readonly model: string | null;
  /** What stands in for the model when it is overloaded or at its limit, in order. */
  readonly fallbacks: readonly string[];
  readonly because: readonly string[];
};

/** What of a round decides about a model. */
export type ChoiceOf = Pick<RoundMemory, 'tier' | 'routing' | 'preset' | 'models' | 'setbacks'>;

/**
 * Chooses the model for the next session of a role.
 *
 * @example chooseModel(policy, newRound('R07', 'full'), 'reviewer')
 * // { class: 'frontier', model: 'opus', fallbacks: ['sonnet'], because: ['reviewer is class frontier → opus'] }
 */
export function chooseModel(policy: Policy, round: ChoiceOf, role: Role): ModelChoice {
  const assignment = policy.assignments[role];
  if (assignment === undefined) return { class: null, model: null, fallbacks: [], because: [] };
  const { failures, busy } = round.setbacks[role] ?? { failures: 0, busy: [] };
  const own = round.models[role] ?? round.models['*'] ?? null;
  const key = round.models[role] === undefined ? 'model' : 'models';
  if (own !== null && !isClass(own)) return pinned([own], busy, `the header: ${key}`);
  if (own === null && assignment.pinned !== null)
    return pinned(assignment.pinned, busy, `settings: roles.${role}.model`);
  const preset = presetOf(policy, round);
  const start =
    own === null
      ? startOf(policy, round, role, preset)
      : { class: own, why: [`the header: ${key} → class ${own}`] };
  const end = escalated(start.class, preset.escalate && own === null ? failures : 0);
  const found = free(assignment.ladder[end.class], busy);
  const because = [...start.why, ...end.why, ...modelWords(role, end.class, found)];
  return { class: end.class, model: found.model, fallbacks: found.fallbacks, because };
}

function pinned(models: readonly string[], busy: readonly string[], why: string): ModelChoice {
  const { model, fallbacks, passed } = free(models, busy);
  return { class: null, model, fallbacks, because: [why, ...swapWords({ model, fallbacks, passed })] };
}

type NamedPreset = Preset & { readonly why: string | null };

/** The preset of the round's header, else of the settings; without one, everything may move. */
function presetOf(policy: Policy, round: ChoiceOf): NamedPreset {
  const name = round.preset ?? policy.preset;
  const preset = name === null ? undefined : policy.presets[name];
  if (name === null || preset === undefined)
    return { about: '', classes: {}, risk: 'both', escalate: true, why: null };
  return { ...preset, why: `preset ${name} (${round.preset === null ? 'settings' : 'the header'})` };
}

type Moved = { readonly class: ModelClass; readonly why: readonly string[] };

/** The class of the settings as it is; else that of the preset or the role, as the round's risk moves it. */
function startOf(policy: Policy, round: ChoiceOf, role: Role, preset: NamedPreset): Moved {
  const fixed = policy.assignments[role]?.class ?? null;
  if (fixed !== null) return { class: fixed, why: [`settings: roles.${role}.class`] };
  const own = preset.classes[role] ?? policy.roles[role]?.class ?? 'balanced';
  const why = preset.why === null ? [] : [`${preset.why}: ${role} is ${own}`];
  const { routing, tier } = round;
  if (preset.risk === 'none' || routing === null) return { class: own, why };
  const rule = policy.selector.find((one) => one.role === role && fits(one, routing, tier));
  if (rule === undefined || rule.class === own) return { class: own, why };
  if (preset.risk === 'raise' && rank(rule.class) > rank(own)) return { class: own, why };
  return {
    class: rule.class,
    why: [...why, `${own} → ${rule.class}: ${rule.because}${wordsOf(rule, routing)}`],
  };
}

function fits(rule: SelectorRule, routing: Routing, tier: string): boolean {
  if (rule.risk !== null && rule.risk !== routing.risk) return false;
  if (rule.work !== null && rule.work !== routing.work) return false;
  if (rule.tiers.length > 0 && !rule.tiers.includes(tier)) return false;
  return rule.signals.length === 0 || routing.signals.some(({ id }) => rule.signals.includes(id));
}

/** The words that made the round what the rule asks for. */
function wordsOf(rule: SelectorRule, { signals }: Routing): string {
  const counted = signals.filter(({ id, group }) =>
    rule.signals.length > 0
      ? rule.signals.includes(id)
      : rule.risk === 'high' && (group === 'risk' || group === 'A'),
  );
  const words = counted.slice(0, 3).map((signal) => `"${signal.words[0] ?? signal.id}"`);
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}

/** One class up for each attempt of this role that failed in this round. */
function escalated(from: ModelClass, failures: number): Moved {
  const to = classes[Math.max(0, rank(from) - failures)] ?? 'frontier';
  if (to === from) return { class: from, why: [] };
  const attempts = failures === 1 ? 'one attempt' : `${failures} attempts`;
  return { class: to, why: [`${from} → ${to}: ${attempts} failed`] };
}

type Found = {
  readonly model: string | null;
  readonly fallbacks: readonly string[];
  readonly passed: readonly string[];
};

/** The first model that is not busy; when all are, the first again. */
function free(models: readonly string[], busy: readonly string[]): Found {
  const at = models.findIndex((model) => !busy.includes(model));
  const from = Math.max(0, at);
  return {
    model: models[from] ?? null,
    fallbacks: models.slice(from + 1).filter((model) => !busy.includes(model)),
    passed: models.slice(0, from),
  };
}

function modelWords(role: Role, of: ModelClass, found: Found): readonly string[] {
  if (found.model === null) return [`${role} is class ${of}, for which this agent is given no model`];
  return [`${role} is class ${of} → ${found.model}`, ...swapWords(found)];
}

function swapWords({ passed, model }: Found): readonly string[] {
  if (passed.length === 0) return [];
  return [`${passed.join(', ')} was overloaded or at its limit → fallback ${model ?? ''}`];
}

function rank(of: ModelClass): number {
  return classes.indexOf(of);
}

function isClass(word: string): word is ModelClass {
  return classes.some((one) => one === word);
}

/**
 * The model whose limit it is, by the provider's words; null when they name none, so that it is the account's. A word that
 * several of the models have says whose they are, not which.
 *
 * @example modelNamed('the seven_day_opus limit is used up', ['opus', 'sonnet']) // 'opus'
 * @example modelNamed('the five_hour limit is used up', ['opus', 'sonnet']) // null
 */
export function modelNamed(message: string, models: readonly string[]): string | null {
  const said = new Set(wordsIn(message));
  const all = [...new Set(models)];
  const isOwn = (word: string): boolean => all.filter((model) => wordsIn(model).includes(word)).length === 1;
  return all.find((model) => wordsIn(model).some((word) => said.has(word) && isOwn(word))) ?? null;
}

function wordsIn(text: string): readonly string[] {
  return text.toLowerCase().match(/[a-z]{3,}/g) ?? [];
}
