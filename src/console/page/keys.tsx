/** API keys: of a customer, or of staff. */
import { useState } from 'preact/hooks'
import { time } from '../format.ts'
import type { ApiKey } from './answers.ts'
import { Confirmed, Panel, Said, Table, useDoing } from './parts.tsx'
import { api } from './server.ts'

export interface KeysPanelProps {
  readonly title: string
  /** Null: keys of staff. */
  readonly customerId: number | null
  readonly keys: readonly ApiKey[]
  readonly onChanged: () => void
}

export function KeysPanel({ title, customerId, keys, onChanged }: KeysPanelProps) {
  const doing = useDoing()
  const [issued, setIssued] = useState<string | null>(null)

  function issue(): void {
    doing.run(async () => {
      const { key, prefix } = await api<{ key: string; prefix: string }>('/keys', 'POST', {
        customer_id: customerId,
      })
      setIssued(key)
      onChanged()
      return `${prefix} is made. It is shown this once.`
    })
  }

  function revoke(prefix: string): void {
    doing.run(async () => {
      await api(`/keys/${prefix}/revoke`, 'POST')
      onChanged()
      return `${prefix} is revoked, in every process within five seconds.`
    })
  }

  return (
    <Panel
      title={title}
      actions={
        <button type="button" disabled={doing.isUnderWay} onClick={issue}>
          New key
        </button>
      }
    >
      <Said doing={doing} />
      {issued === null ? null : (
        <p>
          <label class="wide">
            The new key
            <input readOnly value={issued} onFocus={(event) => event.currentTarget.select()} />
          </label>
          <button type="button" onClick={() => setIssued(null)}>
            Hide
          </button>
        </p>
      )}
      <Table
        caption={title}
        empty="There is none."
        columns={['Prefix', 'Scopes', 'Note', 'Since', 'Last used', 'State', '']}
        rows={keys.map((key) => ({
          key: key.prefix,
          cells: [
            <code key="prefix">{key.prefix}</code>,
            key.scopes.join(', '),
            key.note ?? '–',
            time(key.created_at),
            key.last_used_at === null ? '–' : time(key.last_used_at),
            stateOf(key),
            key.revoked_at === null ? (
              <Confirmed
                key="revoke"
                label={`Revoke ${key.prefix}`}
                question={`Whoever uses ${key.prefix} is refused from then on. This cannot be taken back.`}
                confirm="Revoke it"
                isDisabled={doing.isUnderWay}
                onConfirmed={() => revoke(key.prefix)}
              />
            ) : null,
          ],
        }))}
      />
    </Panel>
  )
}

function stateOf({ revoked_at, expires_at }: ApiKey): string {
  if (revoked_at !== null) return `revoked ${time(revoked_at)}`
  if (expires_at === null) return 'in force'
  const isOver = Date.parse(expires_at) < Date.now()
  return `${isOver ? 'expired' : 'until'} ${time(expires_at)}`
}
