/**
 * `next-role simulate-provider`: a model provider on the loopback address for real clients, until it is interrupted. It
 * answers from a script, counts prompts as a provider's cache does, and writes one line per request into a ledger. It
 * listens and never calls; nothing is paid.
 */
import { appendFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { errorCode } from '../../effects/files.ts';
import { readModelScript, textFiles, withTexts } from '../../protocol/modelscript.ts';
import { startModelApi } from '../../server/provider/api.ts';
import type { ModelApi } from '../../server/provider/api.ts';
import type { ModelScript } from '../../server/provider/exchange.ts';
import type { LedgerEntry } from '../../server/provider/ledger.ts';
import { playScript } from '../../server/provider/play.ts';
import { layoutColumns, print, printJsonLine } from '../output.ts';
import { counted } from '../quantity.ts';
import { exits, refuse } from '../shell.ts';
import type { Command, Shell } from '../shell.ts';
import { good, note, oneLine, quiet, strong, wrap } from '../text.ts';
import type { Line, Text } from '../text.ts';

const portMax = 65_535;

export const simulateProvider: Command = async (shell, input) => {
  const port = portOf(input.text('port'));
  if (port === null)
    return refuse(
      shell,
      `"${input.text('port') ?? ''}" is no port`,
      'next-role simulate-provider --port 8787',
    );
  const file = input.text('script');
  const script = file === null ? idle : await scriptOf(shell, resolve(shell.cwd, file));
  if (script === null) return exits.usage;
  const ledger = input.text('ledger');
  const path = ledger === null ? null : resolve(shell.cwd, ledger);
  const stopped = shell.interrupts();
  let served = 0;
  const onEntry = (entry: LedgerEntry): void => {
    served += 1;
    if (path !== null) appendFileSync(path, `${JSON.stringify(entry)}\n`);
    if (shell.json) printJsonLine(shell.out, { type: 'request', ...entry });
    else print(shell.out, [requestLine(entry)]);
  };
  let api: ModelApi;
  try {
    // Made at once, so that a path that cannot be written is told before anything asks.
    if (path !== null) appendFileSync(path, '');
    api = await startModelApi(script, { port, accounting: true, onEntry });
  } catch (error) {
    if (errorCode(error) !== 'EADDRINUSE') throw error;
    return refuse(shell, `Port ${port} is taken`, 'next-role simulate-provider --port 0', exits.failed);
  }
  if (shell.json) printJsonLine(shell.out, { type: 'listening', url: api.url, ledger: path });
  else print(shell.out, welcome(api.url, path, layoutColumns(shell.out)));
  if (!stopped.aborted)
    await new Promise<void>((done) => stopped.addEventListener('abort', () => done(), { once: true }));
  await api.close();
  if (!shell.json) print(shell.out, [[quiet(`${counted(served, 'request')} served`)]]);
  return exits.finished;
};

const idle: ModelScript = () => ({ text: 'ok' });

/** 0, a free one, when none is asked for; null when it is none. */
function portOf(text: string | null): number | null {
  if (text === null) return 0;
  return /^\d{1,5}$/.test(text) && Number(text) <= portMax ? Number(text) : null;
}

/** Null after a refusal. */
async function scriptOf(shell: Shell, path: string): Promise<ModelScript | null> {
  const read = async (file: string, what: string): Promise<string | null> => {
    try {
      return await readFile(file, 'utf8');
    } catch (error) {
      if (errorCode(error) === '') throw error;
      refuse(shell, `${what} "${file}" cannot be read`, 'next-role simulate-provider --script FILE');
      return null;
    }
  };
  const text = await read(path, 'The script');
  if (text === null) return null;
  const reading = readModelScript(text);
  if (reading.ok) {
    const texts: Record<string, string> = {};
    for (const name of textFiles(reading.script)) {
      const held = await read(resolve(dirname(path), name), `The script "${path}" writes from a file;`);
      if (held === null) return null;
      texts[name] = held;
    }
    return playScript(withTexts(reading.script, texts));
  }
  const [first] = reading.diagnostics;
  refuse(
    shell,
    `${path}, line ${first?.line ?? 1}: ${first?.message ?? 'it cannot be read'}`,
    first?.hint ?? 'Mend it',
  );
  return null;
}

/** How each client is pointed at it. Dummy keys are enough. */
function welcome(url: string, ledger: string | null, columns: number): Text {
  const line = (text: string): Line => ['  ', note(text)];
  return [
    [good('✓ '), strong(`A model provider listens on ${url}`)],
    ...wrap('It answers from its script and is paid nothing. Point a client at it:', columns),
    '',
    'Claude Code',
    line(`export ANTHROPIC_BASE_URL=${url} ANTHROPIC_API_KEY=dummy`),
    'Codex CLI, as agents.codex.args in coordination/next-role.yaml, with OPENAI_API_KEY=dummy',
    line('-c model_provider="sim"'),
    line(
      `-c model_providers.sim={name="sim",base_url="${url}/v1",env_key="OPENAI_API_KEY",wire_api="responses"}`,
    ),
    'opencode, in its opencode.json, with ANTHROPIC_API_KEY=dummy and a model anthropic/…',
    line(`{"provider":{"anthropic":{"options":{"baseURL":"${url}/v1"}}}}`),
    'Gemini CLI, with security.auth.selectedType "gemini-api-key" in ~/.gemini/settings.json',
    line(`export GOOGLE_GEMINI_BASE_URL=${url} GEMINI_API_KEY=dummy`),
    '',
    ...(ledger === null ? [] : [`Every request is written to ${oneLine(ledger)}`]),
    [quiet('Ctrl-C ends it')],
  ];
}

function requestLine({ wire, model, role, step, status, usage }: LedgerEntry): Line {
  const who = role === null ? 'no role' : `${role}, step ${step}`;
  const served =
    usage === null
      ? `status ${status ?? 'none'}`
      : `in ${usage.input}, write ${usage.cacheWrite5m + usage.cacheWrite1h}, read ${usage.cacheRead}, out ${usage.output}`;
  return [
    quiet(wire.padEnd(10)),
    oneLine(model).slice(0, 28).padEnd(28),
    ' ',
    oneLine(who).slice(0, 24).padEnd(24),
    ' ',
    served,
  ];
}
