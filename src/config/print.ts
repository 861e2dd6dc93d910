/** The settings in force, for people: secrets are never shown, only whether they are set. */
import { costText } from '../domain/cost.ts'
import type { Environment } from './fault.ts'
import { fileTable, providersFile } from './keys/provider-keys.ts'
import { allSettings } from './keys.ts'
import { loadProvidersFile } from './providers-file.ts'
import { givenText } from './read-settings.ts'
import { redacted } from './redact.ts'
import type { Role } from './role.ts'
import { defaultFor } from './setting.ts'

export interface PrintedSetting {
  readonly name: string
  /** `***` for a secret that is set; null when unset. */
  readonly value: string | null
  readonly source: 'environment' | 'default' | 'unset'
  readonly description: string
}

/** Every setting with the value that `role` would use, whether it is valid or not. */
export function printSettings(environment: Environment, role: Role): PrintedSetting[] {
  return allSettings.map((setting) => {
    const { name, secret, description } = setting
    const value = givenText(environment, setting)
    if (value !== undefined) {
      const shown = secret ? '***' : redacted(value)
      return { name, value: shown, source: 'environment', description }
    }
    const fallback = defaultFor(setting, role)
    const source = fallback === null ? 'unset' : 'default'
    return { name, value: fallback, source, description }
  })
}

/**
 * The providers of the file, a line each, as they are in force, in the words of the file. Empty when no file is named, and when it is at fault:
 * `loadConfig` tells of that.
 */
export function printFileProviders(environment: Environment): string[] {
  const path = givenText(environment, providersFile)
  if (path === undefined) return []
  const file = loadProvidersFile(path)
  if (!file.ok) return []
  return file.providers.map(({ name, url, secret, ...rest }) => {
    const values: Partial<Record<keyof typeof fileTable, unknown>> = {
      url: redacted(url),
      secret: secret === null ? null : '***',
      ...rest,
      cost: rest.cost === null ? null : costText(rest.cost),
      costs: rest.costs?.map(({ prefix, value }) => `${prefix}=${costText(value)}`) ?? null,
    }
    const shown = Object.entries(fileTable).flatMap(([key, field]) => {
      const value = values[key as keyof typeof fileTable]
      return value === undefined ? [] : [`${field.name}=${value ?? 'unset'}`]
    })
    return `${name}: ${shown.join(' ')}`
  })
}
