/** The last step of every load test: is each accepted message final and delivered, and did it reach the operator exactly once? */

import { type ListQuery, listMessages } from './message-list.ts'
import { evidenceOf } from './operator-evidence.ts'
import type { LoadResult } from './scenarios.ts'
import { settled } from './settlement.ts'
import { printTable } from './table.ts'

export interface VerifyOptions {
  readonly query: ListQuery
  /** Null when it cannot be asked. */
  readonly operatorUrl: string | null
  readonly settleMs: number
}

export interface Verification {
  /** Every accepted message. */
  readonly ids: readonly string[]
  /** Of express messages only. */
  readonly lanes: ReadonlyMap<string, string>
  readonly faults: readonly string[]
}

/** Ids shown of those at fault. */
const shownMax = 5

interface Check {
  readonly name: string
  /** Those for which it does not hold; null when it was not checked. */
  readonly wrong: readonly string[] | null
}

/** Prints a table of what was checked. */
export async function verify(load: LoadResult, options: VerifyOptions): Promise<Verification> {
  const { query, operatorUrl, settleMs } = options
  console.log('Verifying: waiting until every message is final …')
  const listed = await Array.fromAsync(listMessages(query), ({ id }) => id)
  const ids = load.ids ?? listed
  const seen = await settled(ids, query, settleMs)
  const evidence = operatorUrl === null ? null : await evidenceOf(operatorUrl, ids, query.signal)
  const statusOf = (id: string): string => seen.get(id)?.status ?? 'unknown to the API'
  const checks: Check[] = [
    { name: 'in the API', wrong: ids.filter((id) => !seen.has(id)) },
    { name: 'delivered', wrong: ids.filter((id) => statusOf(id) !== 'delivered') },
    { name: 'id given once', wrong: repeatedIn(ids) },
    { name: 'came to the operator', wrong: evidence?.missing ?? null },
    {
      name: 'came there only once',
      wrong: evidence?.repeated.map(({ reference }) => reference) ?? null,
    },
  ]
  const rows = checks.map(({ name, wrong }) => rowOf(name, ids.length, wrong?.length))
  printTable(['of all accepted', 'checked', 'hold', 'do not'], rows)
  const faults = checks.flatMap(({ name, wrong }) => faultsOf(name, wrong ?? [], statusOf))
  faults.push(...countFaults(load, listed.length))
  const lanes = new Map([...seen.values()].map(({ id, lane }) => [id, lane]))
  return { ids, lanes, faults }
}

function rowOf(name: string, total: number, wrong: number | undefined): string[] {
  if (wrong === undefined) return [name, 'not checked', '', '']
  return [name, total, total - wrong, wrong].map(String)
}

function faultsOf(
  name: string,
  wrong: readonly string[],
  statusOf: (id: string) => string,
): string[] {
  if (wrong.length === 0) return []
  const shown = wrong.slice(0, shownMax).map((id) => `${id} (${statusOf(id)})`)
  const more = wrong.length > shownMax ? ', …' : ''
  return [`${name}: not so for ${wrong.length} of the messages: ${shown.join(', ')}${more}`]
}

/** A tool that gives no ids is checked by its count. One that was broken off may have missed answers, never invented them. */
function countFaults(load: LoadResult, listedCount: number): string[] {
  if (load.acceptedCount === 0) return ['no message was accepted']
  if (listedCount >= load.acceptedCount) return []
  return [`${load.acceptedCount} messages were accepted, but the API lists ${listedCount}`]
}

function repeatedIn(ids: readonly string[]): string[] {
  const seen = new Set<string>()
  return ids.filter((id) => seen.size === seen.add(id).size)
}
