/** The commands about money: `accounts` and `prices`. */
import type { Command } from 'commander'
import type { Environment } from '../config/config.ts'
import { returnRules } from '../domain/money.ts'
import {
  type AccountOptions,
  type EntryOptions,
  runAccountAudit,
  runAccountEnter,
  runAccountEntries,
  runAccountSet,
  runAccountShow,
  runPricesSet,
  runPricesShow,
} from './accounts-role.ts'
import { customerIdArgument } from './option-parsers.ts'

type Exit = (code: number) => void

export function addAccountCommands(program: Command, environment: Environment, exit: Exit): void {
  const accounts = program.command('accounts').description('what customers have, and have paid')
  accounts
    .command('set')
    .description('open one, so that messages cost, or change it')
    .argument('<customer>', 'its id', customerIdArgument)
    .option('--credit <amount>', 'the balance may go so far below zero')
    .option('--returns <rule>', `which messages are not paid: ${returnRules.join(', ')}`)
    .action(async (id: number, options: AccountOptions) =>
      exit(await runAccountSet(environment, id, options)),
    )
  accounts
    .command('show')
    .description('its balance')
    .argument('<customer>', 'its id', customerIdArgument)
    .action(async (id: number) => exit(await runAccountShow(environment, id)))
  accounts
    .command('enter')
    .description('enter money; the same reference only once')
    .argument('<customer>', 'its id', customerIdArgument)
    .argument('<amount>', 'such as 25.00')
    .requiredOption('--reference <text>', 'of the payment')
    .option('--note <text>', 'for people')
    .option('--adjustment', 'it may be negative, and is no payment', false)
    .action(async (id: number, amount: string, options: EntryOptions) =>
      exit(await runAccountEnter(environment, id, amount, options)),
    )
  accounts
    .command('entries')
    .description('its ledger, newest first')
    .argument('<customer>', 'its id', customerIdArgument)
    .option('--json', 'one JSON object a line', false)
    .action(async (id: number, { json }: { json: boolean }) =>
      exit(await runAccountEntries(environment, id, json)),
    )
  accounts
    .command('audit')
    .description('whether every balance is the sum of its entries; 1 if not')
    .action(async () => exit(await runAccountAudit(environment)))
  addPriceCommands(program, environment, exit)
}

function addPriceCommands(program: Command, environment: Environment, exit: Exit): void {
  const prices = program.command('prices').description('what a segment costs, by prefix')
  prices
    .command('show')
    .option('--customer <id>', 'its own list; the common one unless given', customerIdArgument)
    .description('a price list')
    .action(async ({ customer }: { customer?: number }) =>
      exit(await runPricesShow(environment, customer ?? null)),
    )
  prices
    .command('set')
    .description('a whole list anew')
    .argument('<file>', 'JSON, such as {"+49": "0.075", "+": "0.10"}')
    .option('--customer <id>', 'its own list; the common one unless given', customerIdArgument)
    .action(async (file: string, { customer }: { customer?: number }) =>
      exit(await runPricesSet(environment, file, customer ?? null)),
    )
}
