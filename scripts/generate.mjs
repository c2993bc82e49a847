// Writes the files that are generated from the code: run `npm run generate` after a change of the machine.
// Needs a build in dist/ (npm run build does it first).
import { writeFileSync } from 'node:fs';
import { drawChart } from '../dist/domain/draw.js';
import { chart } from '../dist/domain/machine.js';
import { readCatalog } from '../dist/effects/catalog.js';
import { tmpdir } from 'node:os';

const { policy } = await readCatalog(tmpdir());
writeFileSync(new URL('../state/machine.mmd', import.meta.url), drawChart(chart(policy)));
