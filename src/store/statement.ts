/**
 * Named statements. Every statement of the hot path is text that never varies, prepared once a connection,
 * and starts with its name in a comment, so that it can be found in pg_stat_statements and in the server's log.
 */
import type { Row, Sql } from 'postgres'
import { answerOf } from './pool.ts'

/** Values as PostgreSQL's text form: arrays are passed as array literals (see `array-literal.ts`). */
export type Parameter = string | number | null

export interface Statement<R extends Row> {
  (sql: Sql, parameters: readonly Parameter[]): Promise<R[]>
  readonly statementName: string
}

export function defineStatement<R extends Row>(name: string, text: string): Statement<R> {
  const query = `/* ${name} */ ${text.trim()}`
  async function runStatement(sql: Sql, parameters: readonly Parameter[]): Promise<R[]> {
    return await answerOf(sql, sql.unsafe<R[]>(query, parameters as Parameter[], { prepare: true }))
  }
  return Object.assign(runStatement, { statementName: name })
}
