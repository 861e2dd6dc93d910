/** One table of settings, read from text; every fault is listed, none stops the reading. */
import type { Environment, Fault } from './fault.ts'
import { redacted } from './redact.ts'
import type { Role } from './role.ts'
import { defaultFor, type Setting, type SettingTable, type Values } from './setting.ts'

/** A variable's text, or undefined when it is unset or empty. */
export function given(environment: Environment, name: string): string | undefined {
  const value = environment[name]?.trim()
  return value === '' ? undefined : value
}

/** The same for a setting. A secret is taken exactly as it is: a space may belong to it. */
export function givenText(environment: Environment, setting: Setting<unknown>): string | undefined {
  if (!setting.secret) return given(environment, setting.name)
  return environment[setting.name] === '' ? undefined : environment[setting.name]
}

/**
 * The values of a table. One that is at fault is reported in `faults` and has its default, so that the rules between
 * the others can be checked all the same.
 *
 * @param place what stands before a setting's name in a fault
 */
export function readSettings<G extends SettingTable>(
  table: G,
  environment: Environment,
  role: Role,
  faults: Fault[],
  place = '',
): Values<G> {
  const values: Record<string, unknown> = {}
  for (const [key, setting] of Object.entries(table)) {
    const fallback = defaultFor(setting, role)
    const defaultValue = fallback === null ? null : setting.parser.schema.parse(fallback)
    const value = givenText(environment, setting)
    if (value === undefined) {
      values[key] = defaultValue
      continue
    }
    const parsed = setting.parser.schema.safeParse(value)
    values[key] = parsed.success ? parsed.data : defaultValue
    if (!parsed.success) {
      const shown = setting.parser.faulty?.(value) ?? value
      faults.push(valueFault(setting, JSON.stringify(redacted(shown)), place))
    }
  }
  return values as Values<G>
}

/** What is allowed and, unless it is a secret, what was given (`shown`). */
export function valueFault(setting: Setting<unknown>, shown: string, place = ''): Fault {
  const not = setting.secret ? '' : `, not ${shown}`
  return { name: `${place}${setting.name}`, detail: `must be ${setting.parser.allowed}${not}` }
}
