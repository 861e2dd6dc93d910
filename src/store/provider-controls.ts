/** The modes and weights that providers were given at run time; every processor reads them each second. */
import type { Sql } from 'postgres'
import type { ProviderMode } from '../domain/provider-mode.ts'
import { defineStatement } from './statement.ts'

export interface ProviderControl {
  readonly provider: string
  readonly mode: ProviderMode
  /** In place of the configured one; null: that. */
  readonly weight: number | null
  readonly note: string | null
  readonly changedAt: Date
}

interface ControlRow {
  [column: string]: unknown
  provider: string
  mode: ProviderMode
  weight: number | null
  note: string | null
  changed_at: Date
}

const columns = 'provider, mode, weight, note, changed_at'

const listStatement = defineStatement<ControlRow>(
  'provider_controls.list',
  `SELECT ${columns} FROM provider_controls ORDER BY provider`,
)

/** All there are, those of providers too that are configured no more: as many as were ever named in a configuration. */
export async function listProviderControls(sql: Sql): Promise<ProviderControl[]> {
  return (await listStatement(sql, [])).map(toControl)
}

const setStatement = defineStatement<ControlRow>(
  'provider_controls.set',
  `INSERT INTO provider_controls (provider, mode, note)
   VALUES ($1::text, $2::provider_mode, $3::text)
   ON CONFLICT (provider) DO UPDATE
   SET mode = excluded.mode, note = excluded.note, changed_at = excluded.changed_at
   RETURNING ${columns}`,
)

/** The newest order counts, and its note replaces the one before. */
export async function setProviderControl(
  sql: Sql,
  provider: string,
  mode: ProviderMode,
  note: string | null,
): Promise<ProviderControl> {
  const [row] = await setStatement(sql, [provider, mode, note])
  if (row === undefined) throw new Error('an upsert answered no row')
  return toControl(row)
}

const setWeightStatement = defineStatement<ControlRow>(
  'provider_controls.set_weight',
  `INSERT INTO provider_controls (provider, mode, weight)
   VALUES ($1::text, 'enabled', $2::int)
   ON CONFLICT (provider) DO UPDATE SET weight = excluded.weight, changed_at = excluded.changed_at
   RETURNING ${columns}`,
)

/** Its mode and the note of that stay. @param weight null: the configured one again */
export async function setProviderWeight(
  sql: Sql,
  provider: string,
  weight: number | null,
): Promise<ProviderControl> {
  const [row] = await setWeightStatement(sql, [provider, weight])
  if (row === undefined) throw new Error('an upsert answered no row')
  return toControl(row)
}

function toControl({ provider, mode, weight, note, changed_at }: ControlRow): ProviderControl {
  return { provider, mode, weight, note, changedAt: changed_at }
}
