// Flight messages of a tasking. The site makes them from its records; here they are asked for.
import { request, type Answer } from '../wire/http'

export interface FlightMessage {
  tasking_id: string
  version: number
  kind: string
  suggested: string
  available: string[]
  text: string
  fields: { number: number; text: string }[]
  incomplete: { field: string; code: string }[]
  supplementary: string
  exercise: boolean
}

/** The message of a kind; the next one when none is named. */
export function fetchMessage(taskingId: string, kind: string): Promise<Answer<FlightMessage>> {
  const query = kind ? `?kind=${encodeURIComponent(kind)}` : ''
  return request<FlightMessage>('GET', `taskings/${encodeURIComponent(taskingId)}/flight-message${query}`)
}
