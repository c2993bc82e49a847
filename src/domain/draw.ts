/**
 * Draws the chart as Mermaid text from the machine's own definition, so that state/machine.mmd cannot drift from the
 * code: `npm run generate` writes it, a test compares.
 */
import type { chart } from './machine.ts';

type Chart = ReturnType<typeof chart>;

/** The chart as a Mermaid state diagram. */
export function drawChart(machine: Chart): string {
  const names = Object.keys(machine.states);
  const edges = names.flatMap((name) => edgesFrom(machine, name));
  const header = [
    '%% Generated from src/domain/machine.ts by `npm run generate`; do not edit.',
    'stateDiagram-v2',
  ];
  const lines = ['  [*] --> reading', ...edges.map(({ from, to, label }) => `  ${from} --> ${to}: ${label}`)];
  return `${[...header, ...lines].join('\n')}\n`;
}

type Edge = { readonly from: string; readonly to: string; readonly label: string };

/** One line per pair of states; several causes share it. */
function edgesFrom(machine: Chart, name: string): readonly Edge[] {
  const state = machine.getStateNodeById(`round.${name}`);
  const causes = new Map<string, string[]>();
  const transitions = [...state.transitions.entries()].flatMap(([event, list]) =>
    list.map((one) => ({ event, one })),
  );
  const eventless = (state.always ?? []).map((one) => ({ event: '', one }));
  for (const { event, one } of [...transitions, ...eventless]) {
    const to = one.target?.[0]?.key;
    if (to === undefined) continue;
    const guard = nameOf(one.guard);
    const label = [event, guard === '' ? '' : `[${guard}]`].filter((part) => part !== '').join(' ') || 'else';
    causes.set(to, [...(causes.get(to) ?? []), label]);
  }
  return [...causes].map(([to, labels]) => ({ from: name, to, label: labels.join(', ') }));
}

/** A guard by its name; a guard made of several names them all. */
function nameOf(guard: unknown): string {
  if (typeof guard === 'string') return guard;
  const parts = typeof guard === 'function' && 'guards' in guard ? guard.guards : [];
  return Array.isArray(parts) ? parts.filter((part) => typeof part === 'string').join(' and ') : '';
}
