// An actor with an invoked promise per role: the same library as ours, with nothing kept.
import { createActor, createMachine, fromPromise, toPromise } from 'xstate';
import { roles, step } from './step.mjs';

const states = Object.fromEntries(
  roles.map((role, at) => [
    role,
    { invoke: { src: fromPromise(() => step(role)), onDone: roles[at + 1] ?? 'over' } },
  ]),
);
const actor = createActor(
  createMachine({ initial: roles[0], states: { ...states, over: { type: 'final' } } }),
);
actor.start();
await toPromise(actor);
