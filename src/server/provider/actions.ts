/**
 * What a script's model does, spelled in the tools of the client that asks: Claude Code 2.1.330, Codex 0.169.0, Gemini
 * CLI 0.61.0, opencode 1.18.33 by its provider "anthropic". Paths are made absolute by the folder the client says it works in. Pure.
 */
import { isAbsolute, join } from 'node:path';
import type { ScriptTurn } from '../../protocol/modelscript.ts';
import type { ModelRequest, ToolCall, WireName } from './exchange.ts';

type Acting = Pick<ModelRequest, 'wire' | 'cwd' | 'tools'>;

/** Whose tools: a wire's own client, or opencode, which speaks the wire of Claude Code and has tools of its own. */
type Speech = WireName | 'opencode';

function speechOf({ wire, tools }: Acting): Speech {
  return wire === 'messages' && tools.includes('read') ? 'opencode' : wire;
}

/** The calls of a turn, one after the other: most clients need a single one. */
export function callsOf(turn: ScriptTurn, asking: Acting): readonly ToolCall[] {
  const { cwd } = asking;
  const wire = speechOf(asking);
  const at = (path: string): string => (isAbsolute(path) || cwd === null ? path : join(cwd, path));
  if (turn.call !== undefined) return [turn.call];
  if (turn.run !== undefined) return [run(wire, turn.run)];
  if (turn.read !== undefined) return [read(wire, at(turn.read))];
  if (turn.write !== undefined)
    return write(wire, at(turn.write.path), 'text' in turn.write ? turn.write.text : '');
  if (turn.edit !== undefined) return edit(wire, at(turn.edit.path), turn.edit);
  return [];
}

function run(wire: Speech, command: string): ToolCall {
  switch (wire) {
    case 'messages':
      return { name: 'Bash', input: { command, description: 'a step' } };
    case 'opencode':
      return { name: 'bash', input: { command, description: 'a step' } };
    case 'responses':
      return { name: 'exec_command', input: { cmd: command } };
    case 'generate':
      return { name: 'run_shell_command', input: { command, description: 'a step' } };
    default:
      return wire satisfies never;
  }
}

function read(wire: Speech, path: string): ToolCall {
  switch (wire) {
    case 'messages':
      return { name: 'Read', input: { file_path: path } };
    case 'opencode':
      return { name: 'read', input: { filePath: path } };
    case 'responses':
      return run(wire, `cat ${quoted(path)}`);
    case 'generate':
      return { name: 'read_file', input: { file_path: path } };
    default:
      return wire satisfies never;
  }
}

function write(wire: Speech, path: string, text: string): readonly ToolCall[] {
  switch (wire) {
    case 'messages':
      return [{ name: 'Write', input: { file_path: path, content: text } }];
    case 'opencode':
      return [{ name: 'write', input: { filePath: path, content: text } }];
    case 'responses': {
      const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
      const made = folder === '' ? '' : `mkdir -p ${quoted(folder)} && `;
      return [run(wire, `${made}printf %s ${quoted(text)} > ${quoted(path)}`)];
    }
    case 'generate':
      return [{ name: 'write_file', input: { file_path: path, content: text } }];
    default:
      return wire satisfies never;
  }
}

/** Claude Code and opencode want a file to be read before it is edited. Codex edits whole lines, so `from` must be such. */
function edit(wire: Speech, path: string, { from, to }: { from: string; to: string }): readonly ToolCall[] {
  switch (wire) {
    case 'messages':
      return [
        read(wire, path),
        { name: 'Edit', input: { file_path: path, old_string: from, new_string: to } },
      ];
    case 'opencode':
      return [read(wire, path), { name: 'edit', input: { filePath: path, oldString: from, newString: to } }];
    case 'responses': {
      const lines = (text: string, mark: string): readonly string[] =>
        text.split('\n').map((line) => `${mark}${line}`);
      const patch = [
        '*** Begin Patch',
        `*** Update File: ${path}`,
        '@@',
        ...lines(from, '-'),
        ...lines(to, '+'),
      ];
      return [{ name: 'apply_patch', input: [...patch, '*** End Patch'].join('\n') }];
    }
    case 'generate':
      return [
        {
          name: 'replace',
          input: { file_path: path, instruction: 'as ordered', old_string: from, new_string: to },
        },
      ];
    default:
      return wire satisfies never;
  }
}

/** One word of a shell, whatever it holds. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
