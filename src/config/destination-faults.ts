/** What must fit together in the rules of one provider. */
import type { DestinationRules } from '../domain/routing.ts'
import type { Fault } from './fault.ts'
import type { Setting } from './setting.ts'

/**
 * @param names of the settings
 * @param place what stands before them in a fault
 */
export function destinationFaults(
  { prefixes, prefixesDenied }: Pick<DestinationRules, 'prefixes' | 'prefixesDenied'>,
  names: Readonly<Record<'prefixes' | 'prefixesDenied', Pick<Setting<unknown>, 'name'>>>,
  place = '',
): Fault[] {
  const both = (prefixesDenied ?? []).filter((prefix) => prefixes?.includes(prefix))
  if (both.length === 0) return []
  const detail = `must not have what ${names.prefixes.name} has: ${both.join(', ')}`
  return [{ name: `${place}${names.prefixesDenied.name}`, detail }]
}
