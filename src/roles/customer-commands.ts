/** The commands about who may use the API: `customers` and `keys`. */
import { type Command, InvalidArgumentError } from 'commander'
import {
  customerNameField,
  keyNoteField,
  overlapSecondsDefault,
  overlapSecondsMax,
} from '../api/customer-schemas.ts'
import type { Environment } from '../config/config.ts'
import { scopes } from '../domain/api-key.ts'
import {
  type NewKeyOptions,
  runCustomerCreate,
  runCustomerDisabled,
  runCustomerList,
  runCustomerSet,
  runCustomerShow,
  runKeyCreate,
  runKeyList,
  runKeyRevoke,
  runKeyRotate,
} from './customers-role.ts'
import { checkedBy, customerIdArgument } from './option-parsers.ts'

type Exit = (code: number) => void

export function addCustomerCommands(program: Command, environment: Environment, exit: Exit): void {
  const customers = program.command('customers').description('who may send, and has API keys')
  customers
    .command('list')
    .description('all of them, by id')
    .option('--json', 'one JSON object a line', false)
    .action(async ({ json }: { json: boolean }) => exit(await runCustomerList(environment, json)))
  customers
    .command('create')
    .description('make one')
    .argument('<name>', 'for people', checkedBy(customerNameField))
    .option('--id <n>', 'its id; the next free one unless given', customerIdArgument)
    .action(async (name: string, { id }: { id?: number }) =>
      exit(await runCustomerCreate(environment, name, id ?? null)),
    )
  customers
    .command('show')
    .description('one of them, with its settings')
    .argument('<id>', 'the customer', customerIdArgument)
    .action(async (id: number) => exit(await runCustomerShow(environment, id)))
  customers
    .command('set')
    .description('change settings: a section that is null is removed, one that is missing stays')
    .argument('<id>', 'the customer', customerIdArgument)
    .argument('<json>', `such as '{"quiet_hours":{"from":"22:00","to":"08:00","time_zone":"UTC"}}'`)
    .action(async (id: number, json: string) => exit(await runCustomerSet(environment, id, json)))
  for (const [word, description] of [
    ['disable', 'refuse all of its keys; what is accepted is sent all the same'],
    ['enable', 'take its keys again'],
  ] as const) {
    customers
      .command(word)
      .description(description)
      .argument('<id>', 'the customer', customerIdArgument)
      .action(async (id: number) =>
        exit(await runCustomerDisabled(environment, id, word === 'disable')),
      )
  }
  addKeyCommands(program, environment, exit)
}

function addKeyCommands(program: Command, environment: Environment, exit: Exit): void {
  const keys = program
    .command('keys')
    .description('API keys; from the first one on nobody is served without one')
  keys
    .command('list')
    .description('by prefix; those too that are revoked or expired')
    .option('--customer <id>', 'of this customer', customerIdArgument)
    .option('--json', 'one JSON object a line', false)
    .action(async ({ customer, json }: { customer?: number; json: boolean }) =>
      exit(await runKeyList(environment, customer ?? null, json)),
    )
  keys
    .command('create')
    .description('make one; it is shown this once, on stdout')
    .option('--customer <id>', 'for this customer', customerIdArgument)
    .option('--staff', 'for those who may act for every customer', false)
    .option('--scope <scope...>', `${scopes.join(', ')}; send and read unless given`)
    .option('--note <text>', 'what it is for', checkedBy(keyNoteField))
    .option('--expires <time>', 'refused from then on (RFC 3339)')
    .action(async (options: NewKeyOptions) => exit(await runKeyCreate(environment, options)))
  keys
    .command('rotate')
    .description('make a successor; the old one goes on for a while')
    .argument('<prefix>')
    .option('--overlap <seconds>', `for how long; ${overlapSecondsDefault} unless given`, overlap)
    .action(async (prefix: string, options: { overlap?: number }) =>
      exit(await runKeyRotate(environment, prefix, options.overlap)),
    )
  keys
    .command('revoke')
    .description('refuse one for good, everywhere within five seconds')
    .argument('<prefix>')
    .action(async (prefix: string) => exit(await runKeyRevoke(environment, prefix)))
}

function overlap(value: string): number {
  const seconds = Number(value)
  if (/^\d{1,8}$/.test(value) && seconds <= overlapSecondsMax) return seconds
  throw new InvalidArgumentError(`must be a whole number of seconds up to ${overlapSecondsMax}`)
}
