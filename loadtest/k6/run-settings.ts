/** What the runner hands to a script, as `k6 run -e NAME=value`. */

function given(name: string): string {
  const value = __ENV[name]
  if (value === undefined) throw new Error(`${name} is not set: start this with npm run loadtest`)
  return value
}

export const apiUrl = given('API_URL')
/** Recipient of every message of this run, and of no other's. */
export const phone = given('PHONE')
/** Messages a second. */
export const rate = Number(given('RATE'))
export const seconds = Number(given('SECONDS'))
