// What this page can ask of the server. Each is one POST or PUT with its own key; the caller keeps the key for retries.
import { newKey, request, type Answer, type Problem } from '../wire/http'
import { reactive } from 'vue'
import { serverNow } from './clock'

export interface NewIncident {
  kind: string
  level: number
  title: string
  place?: string
  position: { lon_deg: number; lat_deg: number }
  datum?: string
  life_at_risk?: boolean
  note?: string
  simulated?: boolean
}

export type Phase = 'idle' | 'sending' | 'accepted' | 'failed'

/** One act in flight, as a button shows it: pressed, sent, taken in by the server, or refused with its reason. */
export interface Flight {
  phase: Phase
  startedAt_ms: number
  endedAt_ms: number
  problem: Problem | null
  /** A second press is needed within a few seconds: the act names its object first. */
  armed: boolean
}

export function newFlight(): Flight {
  return reactive({ phase: 'idle', startedAt_ms: 0, endedAt_ms: 0, problem: null, armed: false })
}

/** A command that is remembered until answered: pressing again after silence sends the same key, so it cannot act twice. */
export class Command {
  readonly flight = newFlight()
  private key = ''
  private body = ''

  async send<T>(path: string, body: unknown, method: 'POST' | 'PUT' = 'POST'): Promise<Answer<T>> {
    const { flight } = this
    const text = method + path + JSON.stringify(body)
    if (!this.key || this.body !== text || flight.problem?.code !== 'UNREACHABLE') this.key = newKey()
    this.body = text
    flight.phase = 'sending'
    flight.problem = null
    flight.armed = false
    flight.startedAt_ms = serverNow()
    const answer = await request<T>(method, path, body, this.key)
    flight.endedAt_ms = serverNow()
    flight.phase = answer.ok ? 'accepted' : 'failed'
    flight.problem = answer.ok ? null : answer.problem
    return answer
  }
}
