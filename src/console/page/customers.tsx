/** Who sends. */
import { useState } from 'preact/hooks'
import { time } from '../format.ts'
import type { ApiKey, Customer } from './answers.ts'
import { useAsked } from './asked.ts'
import { KeysPanel } from './keys.tsx'
import { useListing } from './listing.ts'
import { Answer, More, Said, State, Table, useDoing } from './parts.tsx'
import { api } from './server.ts'

interface Page {
  readonly customers: readonly Customer[]
  readonly next_cursor: string | null
}

export function CustomersPage() {
  const [name, setName] = useState('')
  const { asked, more } = useListing<Page>('/customers')
  const keys = useAsked('staff', () => api<{ keys: ApiKey[] }>('/keys?limit=1000'))
  const doing = useDoing()

  function create(event: Event): void {
    event.preventDefault()
    doing.run(async () => {
      const { id } = await api<Customer>('/customers', 'POST', { name })
      setName('')
      asked.again()
      return `${name} is customer ${id}.`
    })
  }

  return (
    <>
      <form class="search" aria-label="New customer" onSubmit={create}>
        <label class="wide">
          Name of a new customer
          <input required value={name} onInput={(event) => setName(event.currentTarget.value)} />
        </label>
        <button type="submit" class="primary" disabled={doing.isUnderWay}>
          Create
        </button>
      </form>
      <Said doing={doing} />
      <Answer asked={asked}>
        {({ customers, next_cursor }) => (
          <>
            <Table
              caption="Customers"
              empty="There is none: whoever is on this machine sends, until there is a first key."
              columns={[{ name: 'Id', isNumber: true }, 'Name', 'State', 'Since', 'Settings']}
              rows={customers.map((customer) => ({
                key: String(customer.id),
                cells: [
                  String(customer.id),
                  <a key="name" href={`#/customers/${customer.id}`}>
                    {customer.name}
                  </a>,
                  <State
                    key="state"
                    word={customer.disabled_at === null ? 'enabled' : 'disabled'}
                  />,
                  time(customer.created_at),
                  Object.keys(customer.settings).join(', ') || '–',
                ],
              }))}
            />
            <More cursor={next_cursor} onMore={more} />
          </>
        )}
      </Answer>
      <Answer asked={keys}>
        {(all) => (
          <KeysPanel
            title="Keys of staff"
            customerId={null}
            keys={all.keys.filter(({ customer_id }) => customer_id === null)}
            onChanged={keys.again}
          />
        )}
      </Answer>
    </>
  )
}
