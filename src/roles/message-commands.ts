/** `sms-gateway send` on the command line. */
import type { Command } from 'commander'
import type { Environment } from '../config/config.ts'
import { customerIdArgument, httpUrl, positive } from './option-parsers.ts'
import { runSend, type SendOptions } from './send-role.ts'

export function addMessageCommands(
  program: Command,
  environment: Environment,
  exit: (code: number) => void,
): void {
  program
    .command('send')
    .description(
      'send one message through the API; SMS_GATEWAY_KEY holds the API key, where there are keys',
    )
    .argument('<phone>', 'an E.164 number')
    .argument('<text>', 'what it says')
    .option('--url <url>', 'of the API (default: the one on this machine, at APP_ADDR)', httpUrl)
    .option(
      '--customer <id>',
      'whose message it is, where the key does not tell',
      customerIdArgument,
    )
    .option('--sender <id>', 'who it comes from')
    .option('--express', 'in the express lane', false)
    .option('--wait <seconds>', 'until it is delivered, or has failed (exit 1)', positive)
    .action(async (phone: string, text: string, options: SendOptions) =>
      exit(await runSend(environment, phone, text, options)),
    )
}
