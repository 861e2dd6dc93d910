/** The commands about what is personal, and about who did what: `privacy` and `audit`. */
import type { Command } from 'commander'
import { phoneField } from '../api/fields.ts'
import type { Environment } from '../config/config.ts'

import { checkedBy, customerIdArgument, positive } from './option-parsers.ts'
import { type AuditListOptions, runAuditList, runErasure, runErasureShow } from './privacy-role.ts'

export function addPrivacyCommands(
  program: Command,
  environment: Environment,
  exit: (code: number) => void,
): void {
  const privacy = program.command('privacy').description('texts and numbers of messages')
  privacy
    .command('erase')
    .description('redact all messages to a number; those that wait are canceled')
    .argument('<phone>', 'as an E.164 number', checkedBy(phoneField))
    .option('--customer <id>', 'only messages of this customer', customerIdArgument)
    .action(async (phone: string, { customer }: { customer?: number }) =>
      exit(await runErasure(environment, phone, customer ?? null)),
    )
  privacy
    .command('show')
    .description('how far an erasure has come')
    .argument('<id>')
    .action(async (id: string) => exit(await runErasureShow(environment, id)))
  program
    .command('audit')
    .description('who administered what')
    .command('list')
    .description('the newest first')
    .option('--actor <actor>', 'admin-token, the prefix of an API key, or cli: and a user')
    .option('--action <action>', 'such as customer.disabled')
    .option('--from <time>', 'done at this time or later (RFC 3339)')
    .option('--to <time>', 'done before this time')
    .option('--limit <n>', 'at most this many', positive, 50)
    .option('--json', 'one JSON object a line', false)
    .action(async (options: AuditListOptions) => exit(await runAuditList(environment, options)))
}
