/**
 * `next-role cost`: the receipt of a round, made again from the journal. Takes no lock, asks nobody, starts nothing.
 */
import { chooseModel } from '../../domain/modelchoice.ts';
import { newRound } from '../../domain/round.ts';
import { modelIn } from '../../domain/cost.ts';
import { receiptOf, sumUsd } from '../../domain/receipt.ts';
import type { Ledger } from '../../domain/receipt.ts';
import { imagine, readWhatIf } from '../../domain/whatif.ts';
import { readCatalog } from '../../effects/catalog.ts';
import { readLast } from '../../effects/journal.ts';
import { restore } from '../../domain/machine.ts';
import type { Policy } from '../../protocol/policy.ts';
import type { PriceSheet } from '../../protocol/prices.ts';
import { journalPath, type Project } from '../../protocol/project.ts';
import { readInputs } from '../../runner/inputs.ts';
import type { Receipt } from '../../protocol/receipt.ts';
import { readLedgers } from '../../runner/ledger.ts';
import { layoutColumns, print, printJson } from '../output.ts';
import { costPage } from '../page/page.ts';
import { savePage } from '../page/write.ts';
import { counted } from '../quantity.ts';
import { costScreen, usdWords } from '../screens/cost.ts';
import { whatIfScreen } from '../screens/whatif.ts';
import { exits, projectFor, refuse } from '../shell.ts';
import type { Command, Shell } from '../shell.ts';
import { quiet } from '../text.ts';

/** Rounds named in a refusal. */
const roundsNamedMax = 12;

export const cost: Command = async (shell, input) => {
  const project = await projectFor(shell, input);
  if (project === null) return exits.usage;
  const ledgers = readLedgers(project);
  const wanted = input.args[0] ?? currentRound(project) ?? ledgers.at(-1)?.round ?? null;
  const ledger =
    ledgers.find(({ round }) => round === wanted) ??
    (input.args[0] === undefined ? ledgers.at(-1) : undefined);
  if (ledger === undefined) {
    const known = ledgers.map(({ round }) => round).slice(-roundsNamedMax);
    return known.length === 0
      ? refuse(
          shell,
          'No session of this project has been started yet, so nothing has a cost',
          'next-role run',
        )
      : refuse(
          shell,
          `The journal has no round "${wanted ?? ''}"; it has ${known.join(', ')}`,
          'next-role cost <round>',
        );
  }
  const { policy, prices } = await readCatalog(project.root);
  const receipt = receiptOf(ledger, prices, await readInputs(project, ledger));
  const change = input.text('what-if');
  if (change !== null) return otherwise(shell, { policy, prices, ledger, receipt, change });
  const page = input.text('html');
  if (page !== null) return savePage(shell, page, costPage(receipt, prices));
  if (shell.json) {
    printJson(shell.out, receipt);
    return exits.finished;
  }
  const all = ledgers.map((each) => receiptOf(each, prices).totals);
  const usd = sumUsd(all.map((totals) => totals.usd));
  const complete = all.every((totals) => totals.complete);
  const soFar = `This project so far: ${counted(ledgers.length, 'round')}, ${usdWords({ usd, complete })}`;
  print(shell.out, [...costScreen(receipt, layoutColumns(shell.out)), [quiet(soFar)]]);
  return exits.finished;
};

type Asked = {
  readonly policy: Policy;
  readonly prices: PriceSheet;
  readonly ledger: Ledger;
  readonly receipt: Receipt;
  readonly change: string;
};

/** The same round, as it would have been. */
function otherwise(shell: Shell, { policy, prices, ledger, receipt, change }: Asked): number {
  const what = readWhatIf(change, (word) => modelIn(prices, ofClass(policy, word) ?? word)?.id ?? null);
  if (typeof what === 'string') return refuse(shell, what, 'next-role cost --what-if all=opus');
  const imagined = imagine(ledger, what);
  if (typeof imagined === 'string') return refuse(shell, imagined, 'next-role cost --what-if all=opus');
  const other = receiptOf(imagined.ledger, prices);
  const modelled = imagined.shapes.length > 0;
  if (shell.json) {
    printJson(shell.out, {
      whatIf: change,
      modelled,
      shapes: imagined.shapes,
      actual: receipt.totals,
      receipt: other,
    });
    return exits.finished;
  }
  const columns = layoutColumns(shell.out);
  print(shell.out, whatIfScreen({ change, actual: receipt, other, shapes: imagined.shapes }, columns));
  return exits.finished;
}

/** The model that a class of work stands for in this project; null when the word is no class, or has none. */
function ofClass(policy: Policy, word: string): string | null {
  const role = Object.values(policy.roles).find((contract) => contract.class === word);
  return role === undefined
    ? null
    : chooseModel(policy, newRound('R00', policy.defaultTier), role.name).model;
}

/** The round the journal ends in; null when it says none, or is of another version. */
function currentRound(project: Project): string | null {
  const last = readLast(journalPath(project));
  return last === null ? null : (restore(last.state)?.context.round?.id ?? null);
}
