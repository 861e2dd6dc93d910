/** A provider's settings, once for the short form in the environment and once for a table of the file. */
import { providerWeightMax } from '../../domain/provider-mode.ts'
import { inDoubtPolicies } from '../../domain/submit-outcome.ts'
import { cost, costTable, networkList, prefixList } from '../destination-parsers.ts'
import { bearerToken, choice, httpUrl, matching, text, wholeNumber } from '../parsers.ts'
import { optional, secret, setting } from '../setting.ts'

const fileNameSetting = 'PROVIDERS_FILE'

/** What both forms have. `nameOf` makes a setting's name of a field's. */
function fields(nameOf: (field: string) => string, weight: number) {
  return {
    weight: setting(
      nameOf('weight'),
      wholeNumber(0, providerWeightMax),
      String(weight),
      'Its share of the traffic, relative to the others; 0 takes none.',
    ),
    secret: secret(
      nameOf('secret'),
      'Authenticates its delivery reports, as a bearer token. Unset: they are refused.',
      bearerToken,
    ),
    inDoubt: setting(
      nameOf('in_doubt'),
      choice(inDoubtPolicies),
      'resend',
      'What happens to a message that it may or may not have taken.',
    ),
    timeoutMs: setting(
      nameOf('timeout_ms'),
      wholeNumber(10, 600_000),
      '10000',
      "A submit's time limit.",
      { unit: 'ms' },
    ),
    concurrencyMax: setting(
      nameOf('concurrency_max'),
      wholeNumber(1, 10_000),
      '256',
      'Submits under way at once, per process.',
      { unit: 'submits' },
    ),
    ratePerSecondMax: optional(
      nameOf('rate_per_second_max'),
      wholeNumber(1, 1_000_000),
      'Submits a second, per process. Unset: unlimited.',
      { unit: 'submits/s' },
    ),
    prefixes: optional(
      nameOf('prefixes'),
      prefixList,
      'Beginnings of the numbers it takes. Unset: all; see docs/routing.md.',
    ),
    prefixesDenied: optional(
      nameOf('prefixes_denied'),
      prefixList,
      'Beginnings of the numbers it does not take. Of two that fit, the longer one counts.',
    ),
    cost: optional(
      nameOf('cost'),
      cost,
      'What a segment costs there, for the strategy least_cost. Unset: more than anywhere else.',
    ),
    costs: optional(
      nameOf('costs'),
      costTable,
      'What a segment costs to numbers that begin so, instead; the longest beginning counts.',
    ),
    priority: setting(
      nameOf('priority'),
      wholeNumber(1, 1_000),
      '1',
      'For the strategy priority: the lowest number is asked first.',
    ),
  }
}

function shortForm(name: string, weight: number) {
  const nameOf = (field: string): string => `PROVIDER_${name}_${field}`.toUpperCase()
  return {
    url: optional(
      nameOf('url'),
      httpUrl,
      `Where messages are submitted to the ${name} provider. Unset: there is none.`,
    ),
    ...fields(nameOf, weight),
  }
}

/** The short form; its keys are the providers' names. */
export const providers = {
  primary: shortForm('primary', 100),
  secondary: shortForm('secondary', 80),
  backup: shortForm('backup', 60),
}

export const providersFile = optional(
  fileNameSetting,
  text,
  'A TOML file with further providers; see below.',
)

/** One `[[providers]]` table of the file. `name` and `url` must be there. */
export const fileTable = {
  name: optional(
    'name',
    matching('1 to 32 of a-z, 0-9, _ and -', /^[a-z0-9_-]{1,32}$/),
    'Appears in metrics, in the path of its reports and in the API.',
  ),
  url: optional('url', httpUrl, 'Where messages are submitted.'),
  ...fields((field) => field, 100),
  networks: optional(
    'networks',
    networkList,
    'Networks it takes, by MCC-MNC; each needs a `[[networks]]` table. Their prefixes are added to `prefixes`.',
  ),
  secretFile: optional(
    'secret_file',
    text,
    'A file that holds the secret, instead of `secret`; a relative path starts at the folder of this file.',
  ),
}
