/** Values of options of the command line. */
import { InvalidArgumentError } from 'commander'

export function positive(value: string): number {
  if (!/^[1-9]\d{0,6}$/.test(value))
    throw new InvalidArgumentError('must be a whole number above 0')
  return Number(value)
}
