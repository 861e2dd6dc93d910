/** The commands about what waits for somebody: `dlq` and `reports`. */
import type { Command } from 'commander'
import type { Environment } from '../config/config.ts'
import {
  runDeadLetterPurge,
  runDeadLetterReplay,
  type SelectionOptions,
} from './dead-letter-changes-role.ts'
import {
  type DeadLetterListOptions,
  runDeadLetterList,
  runDeadLetterShow,
} from './dead-letters-role.ts'
import { positive } from './option-parsers.ts'
import { type ParkedReportsOptions, runParkedReports } from './parked-reports-role.ts'

type Exit = (code: number) => void

export function addLetterCommands(program: Command, environment: Environment, exit: Exit): void {
  addDeadLetters(program, environment, exit)
  program
    .command('reports')
    .description("providers' delivery reports")
    .command('parked')
    .description('those that wait for their message, in the order in which they came')
    .option('--limit <n>', 'at most this many', positive, 50)
    .option('--json', 'one JSON object a line', false)
    .action(async (options: ParkedReportsOptions) =>
      exit(await runParkedReports(environment, options)),
    )
}

function addDeadLetters(program: Command, environment: Environment, exit: Exit): void {
  const dlq = program.command('dlq').description('dead letters: messages that never left')
  withFilters(dlq.command('list'))
    .description('those that wait, newest first')
    .option('--limit <n>', 'at most this many', positive, 50)
    .option('--cursor <cursor>', 'go on where a listing ended')
    .option('--replayed', 'also those replayed already', false)
    .option('--json', 'one JSON object a line', false)
    .action(async (options: DeadLetterListOptions) =>
      exit(await runDeadLetterList(environment, options)),
    )
  dlq
    .command('show')
    .description('one dead letter with its failures')
    .argument('<id>')
    .action(async (id: string) => exit(await runDeadLetterShow(environment, id)))
  withFilters(dlq.command('replay'))
    .description('send dead letters again: by their ids, by filters, or all')
    .argument('[ids...]')
    .option('--all', 'all that wait', false)
    .option('--rate <n>', 'at most this many messages a second', positive)
    .action(async (ids: string[], options: Omit<SelectionOptions, 'ids'> & { rate?: number }) =>
      exit(await runDeadLetterReplay(environment, { ...options, ids })),
    )
  withFilters(dlq.command('purge'))
    .description('forget dead letters; their messages stay failed')
    .argument('[ids...]')
    .option('--all', 'all that wait', false)
    .option('--yes', 'must be given: what is purged does not come back', false)
    .action(async (ids: string[], options: Omit<SelectionOptions, 'ids'> & { yes: boolean }) =>
      exit(await runDeadLetterPurge(environment, { ...options, ids })),
    )
}

function withFilters(command: Command): Command {
  return command
    .option('--lane <lane>', 'of this lane')
    .option('--provider <name>', 'whose last attempt was at this provider')
    .option('--error-code <code>', 'whose last attempt failed with this code')
    .option('--from <time>', 'that died at this time or later (RFC 3339)')
    .option('--to <time>', 'that died before this time')
}
