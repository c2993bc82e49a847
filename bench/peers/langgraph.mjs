// A graph of four nodes in a line, with a checkpoint on disk after each.
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite';
import { roles, step } from './step.mjs';

const State = Annotation.Root({
  done: Annotation({ reducer: (all, more) => [...all, ...more], default: () => [] }),
});
let graph = new StateGraph(State);
for (const role of roles) graph = graph.addNode(role, async () => ({ done: [await step(role)] }));
[START, ...roles].forEach((from, at) => (graph = graph.addEdge(from, roles[at] ?? END)));
const saver = SqliteSaver.fromConnString(`${process.argv[2]}/graph.sqlite`);
const app = graph.compile({ checkpointer: saver });
const { done } = await app.invoke(
  { done: [] },
  { configurable: { thread_id: `${process.pid}-${Date.now()}` } },
);
if (done.length !== roles.length) process.exit(1);
