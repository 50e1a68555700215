import { create, toBinary } from '@bufbuild/protobuf'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { VideoRecordedSchema, VideoToldSchema, type VideoPicture } from '../src/gen/protocols/gen/video_pb'
import { momentOf, hashOf } from '../src/replay/address'
import { RecordedStream } from '../src/video/recorded'
import { boxOf } from '../src/video/recordings'
import { beijingInput, fromBeijingInput } from '../src/video/times'

vi.mock('../src/state/session', () => ({ session: { value: null }, forgetSession: () => undefined, updateSession: () => undefined, wipe: () => undefined }))

const NOON = Date.UTC(2026, 10, 24, 4)
const FRAME_MS = 40

interface Question {
  from_ms: number
  to_ms: number
  begin: boolean
  keys: boolean
}

/** A server that recorded 25 frames a second from NOON on, for a minute; each 25th is a key frame. */
function serve(asked: Question[]): void {
  vi.stubGlobal('fetch', (path: string) => {
    const query = new URL(path, 'http://site').searchParams
    const question = { from_ms: Date.parse(query.get('from')!), to_ms: Date.parse(query.get('to')!), begin: query.get('begin') === 'true', keys: query.get('keys') === 'true' }
    asked.push(question)
    const told: Uint8Array<ArrayBuffer>[] = []
    for (let n = 0; n < 1500; n++) {
      const at_ms = NOON + n * FRAME_MS
      const first = question.begin ? question.from_ms - (question.from_ms % 1000) : question.from_ms
      if (at_ms < first || at_ms >= question.to_ms || (question.keys && n % 25)) continue
      const value = { epoch: 1, seq: BigInt(n + 1), key: n % 25 === 0, arrivedUs: BigInt(at_ms) * 1000n }
      told.push(toBinary(VideoToldSchema, create(VideoToldSchema, { body: { case: 'picture', value: { ...value, $typeName: 'ganying.v1.VideoPicture', slot: 1, ptsUs: 0n, dtsUs: 0n, data: new Uint8Array() } } })))
    }
    const throughUs = BigInt(question.to_ms) * 1000n
    const nextUs = !told.length && question.to_ms <= NOON ? BigInt(NOON) * 1000n : undefined
    const body = toBinary(VideoRecordedSchema, create(VideoRecordedSchema, { told, fromUs: 0n, throughUs, nextUs }))
    return Promise.resolve(new Response(body))
  })
}
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: NOON + 3600_000 }))
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

function stream(): { recorded: RecordedStream; fed: VideoPicture[]; cuts: () => number } {
  const recorded = new RecordedStream('36-VID-A', { getContext: () => null } as unknown as HTMLCanvasElement, () => undefined)
  const fed: VideoPicture[] = []
  vi.spyOn(recorded.player, 'feed').mockImplementation((one) => void fed.push(one))
  const cut = vi.spyOn(recorded.player, 'cut')
  return { recorded, fed, cuts: () => cut.mock.calls.length }
}
const answered = (): Promise<void> => new Promise((go) => setTimeout(go, 5))
const last = (fed: VideoPicture[]): number => Number(fed.at(-1)!.arrivedUs) / 1000

test('a jump begins at the key frame before it and shows the moment itself', async () => {
  const asked: Question[] = []
  serve(asked)
  const { recorded, fed } = stream()
  recorded.follow(NOON + 3_500, 1)
  await answered()
  recorded.follow(NOON + 3_500, 1)
  expect(asked[0]!.begin).toBe(true)
  expect(Number(fed[0]!.arrivedUs) / 1000).toBe(NOON + 3_000)
  expect(fed[0]!.key).toBe(true)
  expect(last(fed)).toBe(NOON + 3_480)
})

test('it follows the clock, fetches on before it needs it, and misses nothing', async () => {
  const asked: Question[] = []
  serve(asked)
  const { recorded, fed } = stream()
  for (let at = 0; at <= 30_000; at += 200) {
    recorded.follow(NOON + at, 1)
    if (at % 1000 === 0) await answered()
    if (fed.length) expect(last(fed)).toBeLessThanOrEqual(NOON + at)
  }
  expect(fed.map((one) => Number(one.seq))).toEqual(Array.from({ length: fed.length }, (_, n) => n + 1))
  expect(fed.length).toBeGreaterThan(740)
  expect(asked.length).toBeLessThan(10)
  expect(asked.filter((one) => one.begin).length).toBe(1)
})

test('paused it asks for nothing more; back it begins anew; fast it takes key frames alone', async () => {
  const asked: Question[] = []
  serve(asked)
  const { recorded, fed, cuts } = stream()
  recorded.follow(NOON + 20_000, 1)
  await answered()
  recorded.follow(NOON + 20_000, 1)
  await answered()
  const before = asked.length
  for (let n = 0; n < 20; n++) recorded.follow(NOON + 20_000, 1)
  expect(asked.length).toBe(before)
  recorded.follow(NOON + 10_000, 1)
  await answered()
  expect(asked.at(-1)!.begin).toBe(true)
  fed.length = 0
  recorded.follow(NOON + 10_000, 60)
  await answered()
  recorded.follow(NOON + 13_000, 60)
  expect(asked.at(-1)!.keys).toBe(true)
  expect(fed.every((one) => one.key)).toBe(true)
  expect(cuts()).toBe(3)
})

test('before a recording begins it waits for it without asking again and again', async () => {
  const asked: Question[] = []
  serve(asked)
  const { recorded, fed } = stream()
  for (let at = -60_000; at <= 2_000; at += 500) {
    recorded.follow(NOON + at, 1)
    await answered()
  }
  expect(asked.length).toBeLessThan(6)
  expect(Number(fed[0]!.seq)).toBe(1)
  expect(last(fed)).toBe(NOON + 2_000)
})

test('the address names moment, speed and stream, and one without a stream is still read', () => {
  const moment = { at_ms: NOON, rate: 1 as const, video: '36-VID-7K3F' }
  expect(momentOf(`#${hashOf(moment)}`)).toEqual(moment)
  expect(momentOf('#replay=2026-11-24T04:00:00Z,60')).toEqual({ at_ms: NOON, rate: 60, video: '' })
  expect(momentOf('#replay=2026-11-24T04:00:00Z,60,<script>')).toBeUndefined()
})

test('a place is a box round it, and times are Beijing time', () => {
  expect(boxOf({ lon: 115.9, lat: 60, radius_km: 111.2 }).split(',').map(Number)).toEqual([113.9, 59, 117.9, 61])
  expect(beijingInput(NOON)).toBe('2026-11-24T12:00:00')
  expect(fromBeijingInput('2026-11-24T12:00')).toBe(NOON)
})
