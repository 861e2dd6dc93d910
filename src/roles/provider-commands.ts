/** `sms-gateway providers …` on the command line. */
import { type Command, InvalidArgumentError } from 'commander'
import { noteField, weightField } from '../api/provider-schemas.ts'
import type { Environment } from '../config/config.ts'
import { type ProviderOrder, providerWeightMax } from '../domain/provider-mode.ts'
import { checkedBy } from './option-parsers.ts'
import { runProviderList, runProviderOrder, runProviderWeight } from './providers-role.ts'

export function addProviderCommands(
  program: Command,
  environment: Environment,
  exit: (code: number) => void,
): void {
  const providers = program
    .command('providers')
    .description('take providers out of service and back in, in all processes at once')
  providers
    .command('list')
    .description('those of this configuration, with the modes they are in')
    .option('--json', 'one JSON object a line', false)
    .action(async (options: { json: boolean }) =>
      exit(await runProviderList(environment, options.json)),
    )
  const order = (word: ProviderOrder, description: string) =>
    providers
      .command(word)
      .description(description)
      .argument('<name>')
      .action(async (name: string, { note }: { note?: string }) =>
        exit(await runProviderOrder(environment, word, name, note ?? null)),
      )
  const noted = (command: Command) =>
    command.option('--note <text>', 'why, for those who look at the list', checkedBy(noteField))
  noted(order('drain', 'no new messages; those in doubt there may still be asked there'))
  noted(order('disable', 'nothing at all goes there'))
  order('enable', 'back into service')
  providers
    .command('weight')
    .description('its share of the messages, relative to the others')
    .argument('<name>')
    .argument(
      '<weight>',
      'a whole number, or "configured" for the one in the configuration',
      weight,
    )
    .action(async (name: string, given: number | null) =>
      exit(await runProviderWeight(environment, name, given)),
    )
}

function weight(value: string): number | null {
  if (value === 'configured') return null
  const parsed = weightField.safeParse(/^\d+$/.test(value) ? Number(value) : Number.NaN)
  if (parsed.success) return parsed.data
  throw new InvalidArgumentError(
    `must be a whole number from 0 to ${providerWeightMax}, or "configured"`,
  )
}
