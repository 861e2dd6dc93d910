/** Messages that failed for good: looking at them, and sending them again. */
import { useState } from 'preact/hooks'
import { time } from '../format.ts'
import type { DeadLetter } from './answers.ts'
import { useListing } from './listing.ts'
import { Answer, Confirmed, More, Said, Table, useDoing } from './parts.tsx'
import { api } from './server.ts'

interface Page {
  readonly dead_letters: readonly DeadLetter[]
  readonly next_cursor: string | null
}

export function DeadLettersPage() {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const { asked, search, more } = useListing<Page>('/dead-letters')
  const doing = useDoing()

  function choose(id: string, isChosen: boolean): void {
    const next = new Set(chosen)
    if (isChosen) next.add(id)
    else next.delete(id)
    setChosen(next)
  }

  function filter(event: Event & { readonly currentTarget: HTMLFormElement }): void {
    event.preventDefault()
    setChosen(new Set())
    search(new FormData(event.currentTarget))
  }

  function replay(): void {
    doing.run(async () => {
      const { replayed } = await api<{ replayed: string[] }>('/dead-letters/replay', 'POST', {
        ids: [...chosen],
      })
      setChosen(new Set())
      asked.again()
      return `${replayed.length} of ${chosen.size} are sent again.`
    })
  }

  return (
    <>
      <form class="search" aria-label="Dead letters" onSubmit={filter}>
        <label>
          Provider
          <input name="provider" size={12} />
        </label>
        <label>
          Error code
          <input name="error_code" size={16} />
        </label>
        <label>
          Lane
          <select name="lane">
            <option value="">any</option>
            <option>normal</option>
            <option>express</option>
          </select>
        </label>
        <label class="check">
          <input type="checkbox" name="replayed" value="true" />
          Those replayed too
        </label>
        <button type="submit" class="primary">
          Search
        </button>
      </form>
      <Said doing={doing} />
      <Answer asked={asked}>
        {({ dead_letters, next_cursor }) => (
          <>
            <div class="actions">
              <button
                type="button"
                onClick={() =>
                  setChosen(
                    new Set(
                      dead_letters.flatMap(({ message_id, replayed_at }) =>
                        replayed_at === null ? [message_id] : [],
                      ),
                    ),
                  )
                }
              >
                Choose all shown
              </button>
              <Confirmed
                label={`Send ${chosen.size} again`}
                question={`${chosen.size} messages will be sent again, with their validity anew.`}
                confirm="Send again"
                isDisabled={chosen.size === 0 || doing.isUnderWay}
                onConfirmed={replay}
              />
            </div>
            <Table
              caption="Dead letters"
              empty="There is none."
              columns={[
                'Chosen',
                'Dead since',
                'Provider',
                'Error',
                'Lane',
                { name: 'Attempts', isNumber: true },
                'Replayed',
                'Message',
              ]}
              rows={dead_letters.map((letter) => ({
                key: letter.message_id,
                cells: [
                  <input
                    key="chosen"
                    type="checkbox"
                    aria-label={`Choose ${letter.message_id}`}
                    checked={chosen.has(letter.message_id)}
                    onChange={(event) => choose(letter.message_id, event.currentTarget.checked)}
                  />,
                  time(letter.dead_at),
                  letter.provider ?? '–',
                  <code key="error">{letter.error_code}</code>,
                  letter.lane,
                  String(letter.attempts),
                  letter.replayed_at === null ? '–' : time(letter.replayed_at),
                  <a key="id" href={`#/messages/${letter.message_id}`}>
                    <code>{letter.message_id}</code>
                  </a>,
                ],
              }))}
            />
            <More cursor={next_cursor} onMore={more} />
          </>
        )}
      </Answer>
    </>
  )
}
