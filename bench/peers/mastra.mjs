// A workflow of four steps, with its snapshots in a LibSQL file.
import { Mastra } from '@mastra/core';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { LibSQLStore } from '@mastra/libsql';
import { z } from 'zod';
import { roles, step } from './step.mjs';

const shape = z.object({ role: z.string() });
let workflow = createWorkflow({ id: 'round', inputSchema: shape, outputSchema: shape });
for (const role of roles) {
  const its = { id: role, inputSchema: shape, outputSchema: shape };
  workflow = workflow.then(createStep({ ...its, execute: async () => ({ role: await step(role) }) }));
}
workflow = workflow.commit();
const mastra = new Mastra({
  workflows: { round: workflow },
  storage: new LibSQLStore({ id: 'bench', url: `file:${process.argv[3]}/mastra.db` }),
  logger: false,
});
const run = await mastra.getWorkflow('round').createRun();
const { status } = await run.start({ inputData: { role: '' } });
process.exit(status === 'success' ? 0 : 1);
