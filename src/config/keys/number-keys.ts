/** Which recipients are taken, of customers that have no rules of their own. */
import { isPlace, numberValidities, placesMax } from '../../domain/number-rules.ts'
import { isRegion, type LineType, lineTypes } from '../../domain/numbering-plan.ts'
import { choice, listOf, oneFor } from '../parsers.ts'
import { optional, setting } from '../setting.ts'

const places = listOf(
  `at most ${placesMax} countries in two letters (DE) and beginnings of numbers (+4917), with commas between them`,
  placesMax,
  (text) => (isPlace(text) ? text : undefined),
)

export const numbers = {
  defaultRegion: optional(
    'DEFAULT_REGION',
    oneFor('a country in two letters, such as DE', (text) => (isRegion(text) ? text : undefined)),
    'Where numbers without a country code are dialled. Unset: a recipient is an E.164 number, without spaces.',
  ),
  validity: setting(
    'NUMBER_VALIDITY',
    choice(numberValidities),
    'off',
    '`off`: every E.164 number is taken; `possible`: one with a country code that there is, and as long as its numbers may be; `valid`: one in a range that is given out.',
  ),
  allow: optional('NUMBER_ALLOW', places, 'Only recipients of these are taken. Unset: all.'),
  deny: optional(
    'NUMBER_DENY',
    places,
    'Recipients of these are refused, also when they are allowed.',
  ),
  lineTypesDenied: optional(
    'NUMBER_LINE_TYPES_DENIED',
    listOf(`some of ${lineTypes.join(', ')}, with commas between them`, lineTypes.length, (text) =>
      lineTypes.find((type): type is LineType => type === text),
    ),
    'Recipients of these line types are refused, where the number tells its type.',
  ),
}
