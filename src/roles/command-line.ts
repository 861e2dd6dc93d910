/** The command line: what there is, in words, and which role it starts. */
import { Command, CommanderError, Option } from 'commander'
import { type Environment, type Role, roles } from '../config/config.ts'
import { addAccountCommands } from './account-commands.ts'
import { runApi } from './api-role.ts'
import { commit, version } from './build-info.ts'
import { runConfigCheck, runConfigPrint } from './config-role.ts'
import { addCustomerCommands } from './customer-commands.ts'
import { runDoctor } from './doctor-role.ts'
import { runHealthcheck } from './healthcheck-role.ts'
import { addHelpCommands, addWatchCommands } from './help-commands.ts'
import { helpTopics } from './help-topics.ts'
import { addLetterCommands } from './letter-commands.ts'
import { addMessageCommands } from './message-commands.ts'
import { runMigrate } from './migrate-role.ts'
import { runOperator } from './operator-role.ts'
import { addOptOutCommands } from './opt-out-commands.ts'
import { positive } from './option-parsers.ts'
import { liftOutboundLimit } from './outbound-connections.ts'
import { addPrivacyCommands } from './privacy-commands.ts'
import { runProcessor } from './processor-role.ts'
import { addProviderCommands } from './provider-commands.ts'
import { configFor, StartRefused, say } from './role-context.ts'
import { addRouteCommands } from './route-commands.ts'
import { exitCodes } from './run-until-stopped.ts'
import { runStandalone } from './standalone-role.ts'
import { type MultiProcessRole, processesWanted, runSupervised } from './supervised-role.ts'

/** Runs what the arguments ask for; answers the exit code. Never throws. */
export async function runCommandLine(
  args: readonly string[],
  environment: Environment,
): Promise<number> {
  let exitCode: number = exitCodes.ok
  const program = createProgram(environment, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(asCommand(args), { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof StartRefused) {
      say(error.message)
      return error.exitCode
    }
    // It has printed its message itself; help and version are no failures.
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? exitCodes.ok : exitCodes.configuration
    }
    say(error instanceof Error ? (error.stack ?? error.message) : String(error))
    return exitCodes.failure
  }
}

/** `--role=api` is another way to say `api`. */
function asCommand(args: readonly string[]): string[] {
  const index = args.findIndex((arg) => arg === '--role' || arg.startsWith('--role='))
  if (index === -1) return [...args]
  const joined = args[index]?.startsWith('--role=') === true
  const role = joined ? args[index]?.slice('--role='.length) : args[index + 1]
  return [role ?? '', ...args.slice(0, index), ...args.slice(index + (joined ? 1 : 2))]
}

function createProgram(environment: Environment, exit: (code: number) => void): Command {
  const program = new Command('sms-gateway')
    .description(
      'Takes short messages over HTTP, keeps them safe, routes them over several providers.',
    )
    .version(`sms-gateway ${version} (${commit}, bun ${Bun.version})`, '-V, --version')
    .helpOption('-h, --help')
    .showHelpAfterError('(sms-gateway --help lists the commands)')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'after',
      `
Settings are environment variables: "sms-gateway config print" lists them with their values.
--role=<command> may be used instead of the command.

Exit codes: 0 done or stopped; 1 failure; 2 wrong use or configuration; 3 migrations are pending.
More: "sms-gateway help <topic>", of ${helpTopics.map(({ name }) => name).join(', ')}.`,
    )
    .exitOverride()

  addServices(program, environment, exit)
  addAdministration(program, environment, exit)
  addHelpCommands(program)
  return program
}

function addServices(
  program: Command,
  environment: Environment,
  exit: (code: number) => void,
): void {
  const processes = () =>
    new Option('--processes <n>', 'processes of this role on this machine').argParser(positive)

  const several =
    (role: MultiProcessRole, run: (environment: Environment) => Promise<number>) =>
    async (options: { processes?: number }) => {
      const wanted =
        options.processes === undefined
          ? environment
          : { ...environment, PROCESSES: String(options.processes) }
      // Before there are children: they inherit it, and would lose their tie to the parent by replacing themselves.
      if (role === 'processor') liftOutboundLimit(environment)
      // A child has the parent's command line, and PROCESSES=1 from it: see the supervisor.
      const count = process.send === undefined ? processesWanted(wanted, role) : 1
      if (count > 1) {
        exit(await runSupervised(wanted, configFor(wanted, role), role))
        return
      }
      exit(await run(environment))
    }

  program
    .command('api')
    .description('accept messages, answer queries, take delivery reports (APP_ADDR, :8080)')
    .addOption(processes())
    .action(several('api', runApi))
  program
    .command('processor')
    .description('submit messages to providers; retries, recovery, upkeep (METRICS_ADDR, :9100)')
    .addOption(processes())
    .action(several('processor', runProcessor))
  program
    .command('operator')
    .description('the mock SMS provider, for development and load tests (OPERATOR_ADDR, :8081)')
    .action(async () => exit(await runOperator(environment)))
  program
    .command('standalone')
    .description('everything in one process, with nothing else installed (127.0.0.1:8080)')
    .action(async () => {
      liftOutboundLimit(environment)
      exit(await runStandalone(environment))
    })
}

function addAdministration(
  program: Command,
  environment: Environment,
  exit: (code: number) => void,
): void {
  program
    .command('migrate')
    .description('bring the database to the schema of this build')
    .option('--status', 'only list what is applied and what is pending (exit 3)', false)
    .option('--dry-run', 'only print the SQL that would run', false)
    .action(async (options: { status: boolean; dryRun: boolean }) =>
      exit(await runMigrate(environment, options)),
    )
  program
    .command('healthcheck')
    .description('exit 0 when the API on this machine, or the given address, is ready')
    .argument('[url]', 'what to ask instead')
    .action(async (url?: string) => exit(await runHealthcheck(environment, url)))

  program
    .command('doctor')
    .description('look at everything a gateway needs: what is not well, and what to do (exit 1)')
    .addOption(
      new Option('--for <role>', 'as this role needs it (default: api and processor)').choices(
        roles,
      ),
    )
    .option('--json', 'one JSON object a line', false)
    .action(async (options: { for?: Role; json: boolean }) =>
      exit(await runDoctor(environment, options)),
    )

  const config = program.command('config').description('look at the configuration')
  const forRole = () =>
    new Option('--for <role>', 'as this role reads it').choices(roles).default('processor')
  config
    .command('check')
    .description('list every fault of the configuration (exit 2), or none')
    .addOption(forRole())
    .action((options: { for: Role }) => exit(runConfigCheck(environment, options.for)))
  config
    .command('print')
    .description('the settings in force; secrets are not shown')
    .addOption(forRole())
    .action((options: { for: Role }) => exit(runConfigPrint(environment, options.for)))

  addWatchCommands(program, environment, exit)
  addMessageCommands(program, environment, exit)
  addLetterCommands(program, environment, exit)
  addProviderCommands(program, environment, exit)
  addRouteCommands(program, environment, exit)
  addCustomerCommands(program, environment, exit)
  addAccountCommands(program, environment, exit)
  addOptOutCommands(program, environment, exit)
  addPrivacyCommands(program, environment, exit)
}
