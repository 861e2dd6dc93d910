/** `sms-gateway providers …` on the command line. */
import type { Command } from 'commander'
import { noteField } from '../api/provider-schemas.ts'
import type { Environment } from '../config/config.ts'
import type { ProviderOrder } from '../domain/provider-mode.ts'
import { checkedBy } from './option-parsers.ts'
import { runProviderList, runProviderOrder } from './providers-role.ts'

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
}
