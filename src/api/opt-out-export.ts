/** Opt-outs as lines of text, read a page at a time, so that a list of any length needs the memory of one page. */
import type { OptOut } from '../store/opt-outs.ts'
import type { Store } from '../store/store.ts'
import type { ExportFormat, OptOutBody } from './opt-out-schemas.ts'

/** Read in one statement. */
const pageSize = 1_000

const csvHeader = 'customer_id,phone,sender_id,source,since\n'

export const exportTypes: Readonly<Record<ExportFormat, string>> = {
  ndjson: 'application/x-ndjson',
  csv: 'text/csv; charset=utf-8',
}

/** Nothing in it needs quotes: senders have letters, digits, spaces, `_`, `-` and `+` only. */
function csvLine(body: OptOutBody): string {
  const { customer_id, phone, sender_id, source, since } = body
  return `${customer_id},${phone},${sender_id ?? ''},${source},${since}\n`
}

const lineOf: Readonly<Record<ExportFormat, (body: OptOutBody) => string>> = {
  ndjson: (body) => `${JSON.stringify(body)}\n`,
  csv: csvLine,
}

export function toOptOutBody(optOut: OptOut): OptOutBody {
  return {
    customer_id: optOut.customerId,
    phone: optOut.phone,
    sender_id: optOut.senderId,
    source: optOut.source,
    since: optOut.since.toISOString(),
  }
}

/**
 * A page of lines at a time.
 *
 * @param customerId null: of all customers
 */
export async function* exportLines(
  store: Pick<Store, 'listOptOuts'>,
  customerId: number | null,
  format: ExportFormat,
): AsyncGenerator<string> {
  let after = 0
  let head = format === 'csv' ? csvHeader : ''
  for (;;) {
    const page = await store.listOptOuts(customerId, null, after, pageSize)
    const text = head + page.map((optOut) => lineOf[format](toOptOutBody(optOut))).join('')
    head = ''
    if (text !== '') yield text
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) return
    after = last.position
  }
}

/** The lines as a body that is made while it is read. What goes wrong on the way breaks it off. */
export function streamOf(lines: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await lines.next()
      if (done === true) controller.close()
      else controller.enqueue(encoder.encode(value))
    },
    async cancel() {
      await lines.return(undefined)
    },
  })
}
