/** The settings in force, for people: secrets are never shown, only whether they are set. */
import { type Environment, given } from './config.ts'
import { allSettings } from './keys.ts'

export interface PrintedSetting {
  readonly name: string
  /** `***` for a secret that is set; null when unset. */
  readonly value: string | null
  readonly source: 'environment' | 'default' | 'unset'
}

export function printSettings(environment: Environment): PrintedSetting[] {
  return allSettings.map(({ name, secret, default: fallback }) => {
    const value = given(environment, name)
    if (value !== undefined) {
      return { name, value: secret ? '***' : value, source: 'environment' }
    }
    return { name, value: fallback, source: fallback === null ? 'unset' : 'default' }
  })
}
