/** The command `opt-outs`. */
import { type Command, Option } from 'commander'
import { exportFormats } from '../api/opt-out-schemas.ts'
import type { Environment } from '../config/config.ts'
import {
  type OptOutOptions,
  runOptOutAdd,
  runOptOutExport,
  runOptOutImport,
  runOptOutList,
  runOptOutRemove,
} from './opt-outs-role.ts'
import { customerIdArgument } from './option-parsers.ts'

type Exit = (code: number) => void
type Format = (typeof exportFormats)[number]

export function addOptOutCommands(program: Command, environment: Environment, exit: Exit): void {
  const optOuts = program.command('opt-outs').description('who wants no messages of a customer')
  optOuts
    .command('list')
    .description('in the order in which they came')
    .option('--customer <id>', 'of this customer', customerIdArgument)
    .option('--json', 'one JSON object a line', false)
    .action(async ({ customer, json }: { customer?: number; json: boolean }) =>
      exit(await runOptOutList(environment, customer ?? null, json)),
    )
  for (const [word, description, run] of [
    ['add', 'refuse messages to a number', runOptOutAdd],
    ['remove', 'take messages to a number again', runOptOutRemove],
  ] as const) {
    optOuts
      .command(word)
      .description(description)
      .argument('<phone>', 'an E.164 number with its plus sign')
      .requiredOption('--customer <id>', 'of this customer', customerIdArgument)
      .option('--sender <id>', 'of this sender only')
      .action(async (phone: string, options: OptOutOptions) =>
        exit(await run(environment, phone, options)),
      )
  }
  optOuts
    .command('import')
    .description('from CSV with a column phone, or one JSON object a line: all of it or none')
    .argument('<file>')
    .requiredOption('--customer <id>', 'of this customer', customerIdArgument)
    .action(async (path: string, { customer }: { customer: number }) =>
      exit(await runOptOutImport(environment, path, customer)),
    )
  optOuts
    .command('export')
    .description('as import takes it, on stdout')
    .option('--customer <id>', 'of this customer', customerIdArgument)
    .addOption(new Option('--format <format>').choices([...exportFormats]).default('csv'))
    .action(async ({ customer, format }: { customer?: number; format: Format }) =>
      exit(await runOptOutExport(environment, customer ?? null, format)),
    )
}
