/** `sms-gateway config check` and `config print` */
import { type Environment, loadConfig, type Role } from '../config/config.ts'
import { printFileProviders, printSettings } from '../config/print.ts'
import { configWarnings } from '../config/warnings.ts'
import { configFor, say } from './role-context.ts'
import { exitCodes } from './run-until-stopped.ts'

/** Warnings are no faults. @throws StartRefused listing every fault */
export function runConfigCheck(environment: Environment, role: Role): number {
  const config = configFor(environment, role)
  for (const warning of configWarnings(config)) say(`warning: ${warning}`)
  process.stdout.write('the configuration is valid\n')
  return exitCodes.ok
}

/** What is in force for `role`: settings as NAME=value, then the providers of the file. Secrets are only shown to be set. */
export function runConfigPrint(environment: Environment, role: Role): number {
  for (const { name, value, source } of printSettings(environment, role)) {
    process.stdout.write(
      value === null
        ? `# ${name} is unset\n`
        : `${name}=${value}${source === 'default' ? '  # default' : ''}\n`,
    )
  }
  for (const provider of printFileProviders(environment)) {
    process.stdout.write(`# PROVIDERS_FILE ${provider}\n`)
  }
  const result = loadConfig(environment, role)
  if (!result.ok) {
    const count = result.faults.length === 1 ? 'a fault' : `${result.faults.length} faults`
    say(`with this the role ${role} has ${count} and does not start: see "config check"`)
  }
  return exitCodes.ok
}
