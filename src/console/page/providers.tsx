/** Providers: how they do, and taking them out of service and back in. */
import { useState } from 'preact/hooks'
import { count, percent, time } from '../format.ts'
import type { ProviderFigures } from '../live-figures.ts'
import type { Provider } from './answers.ts'
import { useAsked } from './asked.ts'
import { circuitWord } from './circuits.ts'
import type { Live } from './live.ts'
import { three } from './overview.tsx'
import { Answer, Badge, Confirmed, type Doing, Said, State, useDoing } from './parts.tsx'
import { api } from './server.ts'

export function ProvidersPage({ live }: { readonly live: Live }) {
  const asked = useAsked('providers', () => api<{ providers: Provider[] }>('/providers'))
  const doing = useDoing()
  return (
    <>
      <p class="quiet">What is ordered here is in effect in every processor within two seconds.</p>
      <Said doing={doing} />
      <Answer asked={asked}>
        {({ providers }) => (
          <div class="cards">
            {providers.map((provider) => (
              <ProviderCard
                key={provider.name}
                provider={provider}
                figures={live.figures?.providers.find(({ name }) => name === provider.name)}
                doing={doing}
                onChanged={asked.again}
              />
            ))}
          </div>
        )}
      </Answer>
    </>
  )
}

interface CardProps {
  readonly provider: Provider
  readonly figures: ProviderFigures | undefined
  readonly doing: Doing
  readonly onChanged: () => void
}

function ProviderCard({ provider, figures, doing, onChanged }: CardProps) {
  const { name, mode, weight, weight_configured, note, changed_at } = provider
  const circuit = figures === undefined ? null : circuitWord(figures.circuits)

  function order(word: string, done: string): void {
    doing.run(async () => {
      await api(`/providers/${name}/${word}`, 'POST')
      onChanged()
      return `${name} ${done}.`
    })
  }

  return (
    <section class="panel card" aria-label={name}>
      <header class="panel-head">
        <h2>{name}</h2>
        <span>
          <State word={mode} />{' '}
          {circuit === null ? null : <Badge tone={circuit.tone}>{`circuit ${circuit.word}`}</Badge>}
        </span>
      </header>
      <dl>
        <dt>Submitted</dt>
        <dd>{count(figures?.submittedPerSecond ?? 0)}/s</dd>
        <dt>Under way</dt>
        <dd>{count(figures?.inFlight ?? 0)}</dd>
        <dt>Taken, last minute</dt>
        <dd>{ratio(figures?.takenRatio)}</dd>
        <dt>Delivered, last minute</dt>
        <dd>{ratio(figures?.deliveredRatio)}</dd>
        <dt>Submit p50 · p95 · p99</dt>
        <dd>{three(figures?.submit ?? null)}</dd>
        <dt>Ordered</dt>
        <dd>
          {changed_at === null ? 'never' : time(changed_at)}
          {note === null ? '' : `: ${note}`}
        </dd>
      </dl>
      <WeightForm
        key={`${name} ${weight}`}
        name={name}
        weight={weight}
        configured={weight_configured}
        doing={doing}
        onChanged={onChanged}
      />
      <div class="actions">
        {mode === 'enabled' ? null : (
          <button
            type="button"
            disabled={doing.isUnderWay}
            onClick={() => order('enable', 'is back in service')}
          >
            Enable
          </button>
        )}
        {mode === 'draining' ? null : (
          <button
            type="button"
            disabled={doing.isUnderWay}
            onClick={() => order('drain', 'gets no new messages')}
          >
            Drain
          </button>
        )}
        {mode === 'disabled' ? null : (
          <Confirmed
            label="Disable"
            question={`Nothing will go to ${name}: messages in doubt there wait.`}
            confirm={`Disable ${name}`}
            isDisabled={doing.isUnderWay}
            onConfirmed={() => order('disable', 'is disabled')}
          />
        )}
      </div>
    </section>
  )
}

interface WeightFormProps {
  readonly name: string
  readonly weight: number
  readonly configured: number
  readonly doing: Doing
  readonly onChanged: () => void
}

function WeightForm({ name, weight, configured, doing, onChanged }: WeightFormProps) {
  const [text, setText] = useState(String(weight))

  function weigh(wanted: number | null): void {
    doing.run(async () => {
      const { weight: now } = await api<Provider>(`/providers/${name}/weight`, 'PUT', {
        weight: wanted,
      })
      onChanged()
      return `The weight of ${name} is ${now}.`
    })
  }

  return (
    <form
      class="inline"
      onSubmit={(event) => {
        event.preventDefault()
        weigh(Number(text))
      }}
    >
      <label>
        Weight
        <input
          type="number"
          min="0"
          max="10000"
          required
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={doing.isUnderWay || text === String(weight)}>
        Set
      </button>
      {weight === configured ? (
        <span class="quiet">as configured</span>
      ) : (
        <button type="button" disabled={doing.isUnderWay} onClick={() => weigh(null)}>
          Back to {configured}
        </button>
      )}
    </form>
  )
}

const ratio = (value: number | null | undefined): string =>
  value === null || value === undefined ? '–' : percent(value)
