/** `sms-gateway config check` and `config print` */
import type { Environment, Role } from '../config/config.ts'
import { printSettings } from '../config/print.ts'
import { configFor } from './role-context.ts'
import { exitCodes } from './run-until-stopped.ts'

/** @throws StartRefused listing every fault */
export function runConfigCheck(environment: Environment, role: Role): number {
  configFor(environment, role)
  process.stdout.write('the configuration is valid\n')
  return exitCodes.ok
}

/** The settings in force, as NAME=value; secrets are only shown to be set. */
export function runConfigPrint(environment: Environment): number {
  for (const { name, value, source } of printSettings(environment)) {
    process.stdout.write(
      value === null
        ? `# ${name} is unset\n`
        : `${name}=${value}${source === 'default' ? '  # default' : ''}\n`,
    )
  }
  return exitCodes.ok
}
