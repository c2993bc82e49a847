// What each role is given to read first: bytes of the system text and of the prompt as `next-role prompt` shows them, and
// how far two roles share the same beginning, which is what a provider's cache can reuse between sessions of one model.
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { round } from '../figures.mjs';
import { environment, ours, stage } from '../process.mjs';

export const about = 'Bytes of prompt and system text per role, and what roles share of it.';

const roles = ['architect', 'implementer', 'reviewer', 'memorial'];
/** The tokenizers of this family take three to four bytes of English a token; an estimate, and said to be one. */
const bytesPerToken = 4;

export async function measure() {
  const folder = mkdtempSync(join(stage, 'prompt-'));
  const call = (...args) => {
    const [program, ...first] = ours;
    const { status, stdout, stderr } = spawnSync(program, [...first, ...args], {
      cwd: folder,
      env: environment(),
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`next-role ${args.join(' ')} ended with ${status}: ${stderr}`);
    return stdout;
  };
  call('init');
  const briefs = roles.map((role) => ({ role, ...JSON.parse(call('prompt', role, '--json')) }));
  const bytes = (text) => Buffer.byteLength(text, 'utf8');
  const [first] = briefs;
  const rows = briefs.map(({ role, system, prompt }) => {
    const shared = briefs
      .filter((other) => other.role !== role)
      .map((other) => ({
        system: other.system === system ? bytes(system) : 0,
        prompt: sharedStart(other.prompt, prompt),
      }));
    const all = bytes(system) + bytes(prompt);
    return {
      name: role,
      kind: 'ours',
      system: bytes(system),
      prompt: bytes(prompt),
      tokens: Math.round(all / bytesPerToken),
      sharedPrompt: Math.max(...shared.map((each) => each.prompt)),
      sharedPercent: round((Math.max(...shared.map((each) => each.system)) / all) * 100),
    };
  });
  return {
    rows,
    figures: {
      sameSystem: briefs.every(({ system }) => system === first.system) ? 1 : 0,
      sharedPromptMin: Math.min(...rows.map(({ sharedPrompt }) => sharedPrompt)),
      sharedPercentMin: Math.min(...rows.map(({ sharedPercent }) => sharedPercent)),
    },
  };
}

function sharedStart(one, other) {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return at;
}

export const columns = [
  ['role', ({ name }) => name],
  ['system bytes', ({ system }) => system],
  ['prompt bytes', ({ prompt }) => prompt],
  ['tokens, estimated', ({ tokens }) => tokens],
  ['identical system text, % of all', ({ sharedPercent }) => sharedPercent],
  ['identical first characters of the prompt', ({ sharedPrompt }) => sharedPrompt],
];
export const picture = {
  title: 'First text of a session: system text and prompt',
  unit: 'B',
  of: ({ system, prompt }) => system + prompt,
};
