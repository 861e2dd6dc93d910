/** `sms-gateway routes …` on the command line. */
import type { Command } from 'commander'
import { recipientField, senderIdField } from '../api/fields.ts'
import type { Environment } from '../config/config.ts'

import { checkedBy, customerIdArgument } from './option-parsers.ts'
import { runRoutePreview } from './routes-role.ts'

export function addRouteCommands(
  program: Command,
  environment: Environment,
  exit: (code: number) => void,
): void {
  program
    .command('routes')
    .description('which provider a message to this number would get, and why; nothing is sent')
    .argument('<phone>', 'an E.164 number', checkedBy(recipientField))
    .option('--customer <id>', 'whose message it would be', customerIdArgument)
    .option('--sender <id>', 'who it would come from', checkedBy(senderIdField))
    .option('--json', 'as the API answers', false)
    .action(async (phone: string, options: { customer?: number; sender?: string; json: boolean }) =>
      exit(await runRoutePreview(environment, phone, options)),
    )
}
