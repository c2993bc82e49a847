/**
 * What the log keeps of a notice: one short line per decision and per session, more only at level debug. The journal
 * holds the truth; the log is for reading what happened when.
 */
import type { Log } from '../effects/log.ts';
import type { Notice } from '../protocol/notice.ts';

/** Writes a notice to the log. */
export function chronicle({ log }: Log, notice: Notice): void {
  switch (notice.type) {
    case 'decided': {
      const wants = notice.effects.map(({ kind }) => kind).join(' ');
      // What only looks says nothing that the next line does not say as well.
      const level = wants === 'read' || wants === 'settle' || wants === 'gate' ? 'debug' : 'info';
      log[level]({ seq: notice.seq, event: notice.event.type, state: notice.state.value, wants }, 'decided');
      return;
    }
    case 'session-started': {
      const { id, agent, model, attempt } = notice.order;
      log.info({ order: id, agent, model, attempt, promptBytes: notice.promptBytes }, 'session started');
      return;
    }
    case 'session-event':
      log.debug({ order: notice.order.id, event: notice.event }, 'session event');
      return;
    case 'problem':
      log.warn({ file: notice.file, diagnostics: notice.diagnostics }, 'problem');
      return;
    case 'watching':
      log.info({ mode: notice.mode, reason: notice.reason }, 'watching');
      return;
    case 'remark':
      log[notice.level === 'warning' ? 'warn' : 'info'](notice.text);
      return;
    case 'session-pulse':
      return;
    default:
      notice satisfies never;
  }
}
