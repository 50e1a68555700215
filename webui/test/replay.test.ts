import { create } from '@bufbuild/protobuf'
import { expect, test } from 'vitest'
import { HistoryColumnsSchema } from '../src/gen/protocols/gen/history_pb'
import { Rows, type Ask, type Asked, type Question } from '../src/replay/columns'
import { HOUR_MS, Player } from '../src/replay/player'

const NOON = Date.UTC(2026, 10, 24, 4)

interface Report {
  id?: string
  at_ms: number
  lon?: number
  callsign?: string
  speed?: number
}

function bytes(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer)
}

/** Rows as the server writes them. */
function page(reports: Report[], next = ''): Asked {
  const words = (list: string[]) => {
    const known = [...new Set(list.filter(Boolean))]
    return { words: known, width: 1, numbers: Uint8Array.from(list, (word) => known.indexOf(word) + 1) }
  }
  const n = reports.length
  const nothing = bytes(new Float32Array(n).fill(NaN))
  const told = create(HistoryColumnsSchema, {
    rows: n,
    trackId: words(reports.map((one) => one.id ?? 'icao24:780abc')),
    source: words(reports.map(() => 'hill')),
    sourceKind: words(reports.map(() => 'adsb')),
    callsign: words(reports.map((one) => one.callsign ?? '')),
    altitudeDatum: words(reports.map(() => '')),
    emergency: words(reports.map(() => '')),
    category: words(reports.map(() => '')),
    thingKind: words(reports.map(() => 'helicopter')),
    atMs: bytes(Float64Array.from(reports, (one) => one.at_ms)),
    lonE7: bytes(Int32Array.from(reports, (one) => (one.lon === undefined ? -(2 ** 31) : Math.round(one.lon * 1e7)))),
    latE7: bytes(new Int32Array(n).fill(285_000_000)),
    accuracyM: nothing,
    altitudeM: nothing,
    groundSpeedMps: bytes(Float32Array.from(reports, (one) => one.speed ?? NaN)),
    trackDeg: nothing,
    verticalRateMps: nothing,
    address: bytes(new Uint32Array(n).fill(0x780abc)),
    squawk: bytes(new Int16Array(n).fill(-1)),
    onGround: bytes(new Int8Array(n).fill(-1)),
    simulated: new Uint8Array(n),
  })
  return { ok: true, page: { rows: new Rows(told), next } }
}

/** An archive that holds these reports, two rows to a page, and notes what it was asked. */
function archive(reports: Report[], rows = 1000): { ask: Ask; asked: Question[] } {
  const asked: Question[] = []
  const ask: Ask = async (question) => {
    asked.push(question)
    const begin = question.cursor ? Number(question.cursor.split('~')[1]) : 0
    const found = reports.filter((one) => one.at_ms >= question.from_ms && one.at_ms < question.to_ms)
    const shown = found.slice(begin, begin + rows)
    const more = found[begin + rows]
    return page(shown, more ? `${more.at_ms * 1000}~${begin + rows}` : '')
  }
  return { ask, asked }
}

async function settled(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve()
}

function everySecond(count: number, from_ms = NOON): Report[] {
  return Array.from({ length: count }, (_, i) => ({ at_ms: from_ms + i * 1000, lon: 115 + i / 1000 }))
}

function playerOf(ask: Ask, now_ms = NOON + 2 * HOUR_MS): Player {
  return new Player(ask, () => now_ms, () => undefined)
}

test('a jump shows the picture of that moment before anything plays', async () => {
  const { ask } = archive([
    { at_ms: NOON - 5_000, lon: 115.1, callsign: 'RESCUE1' },
    { at_ms: NOON - 2_000, lon: 115.2 },
    { at_ms: NOON + 2_000, lon: 115.3 },
  ])
  const player = playerOf(ask)
  player.open(NOON)
  expect(player.condition).toBe('loading')
  player.tick(1000)
  await settled()
  expect(player.condition).toBe('ready')
  const seen = player.store.view('780abc', player.position_ms)!
  expect(seen.reportedLon).toBeCloseTo(115.2, 6)
  expect(seen.callsign).toBe('RESCUE1')
  expect(seen.age_ms).toBe(2000)
})

test('it plays at its rate, tells what was heard meanwhile, and asks ahead in time', async () => {
  const { ask, asked } = archive(everySecond(3600))
  const player = playerOf(ask)
  player.open(NOON)
  await settled()
  player.setRate(60)
  player.play(true)
  for (let i = 0; i < 50; i++) {
    player.tick(100)
    await settled()
  }
  expect(player.position_ms).toBe(NOON + 300_000)
  expect(player.store.view('780abc', player.position_ms)!.reportedLon).toBeCloseTo(115.3, 6)
  expect(asked.length).toBeLessThan(8)
  expect(player.loadedTo_ms).toBeGreaterThan(player.position_ms)
})

test('what a thing said earlier stays said', async () => {
  const { ask } = archive([
    { at_ms: NOON + 1000, lon: 115, speed: 60 },
    { at_ms: NOON + 2000, callsign: 'CES1' },
    { at_ms: NOON + 3000, lon: 115.1 },
  ])
  const player = playerOf(ask)
  player.open(NOON)
  await settled()
  player.play(true)
  player.tick(500)
  await settled()
  const seen = player.store.view('780abc', player.position_ms)!
  expect([seen.callsign, seen.groundSpeed_mps]).toEqual(['CES1', 60])
  expect(seen.reportedLon).toBeCloseTo(115.1, 6)
})

test('it waits for an archive that does not keep up, and goes on by itself', async () => {
  const { ask } = archive(everySecond(3600))
  const held: (() => void)[] = []
  let holding = false
  const slow: Ask = async (question, signal) => {
    if (holding) await new Promise<void>((go) => held.push(go))
    return ask(question, signal)
  }
  const player = playerOf(slow)
  player.open(NOON)
  await settled()
  holding = true
  player.play(true)
  for (let i = 0; i < 200; i++) {
    player.tick(100)
    await settled()
  }
  expect(player.condition).toBe('waiting')
  expect(player.position_ms).toBe(player.loadedTo_ms)
  const stood = player.position_ms
  holding = false
  held.splice(0).forEach((go) => go())
  await settled()
  player.tick(100)
  expect(player.condition).toBe('ready')
  expect(player.position_ms).toBe(stood + 1000)
})

test('a chunk of many pages is shown as far as its pages have come', async () => {
  const { ask, asked } = archive(everySecond(60), 7)
  const player = playerOf(ask)
  player.open(NOON)
  await settled()
  player.play(true)
  for (let i = 0; i < 70; i++) {
    player.tick(100)
    await settled()
  }
  expect(player.store.view('780abc', player.position_ms)!.reportedLon).toBeCloseTo(115.059, 6)
  expect(asked.filter((one) => one.cursor).length).toBeGreaterThan(5)
})

test('it ends with its hour, and playing again begins anew', async () => {
  const { ask } = archive(everySecond(10, NOON + HOUR_MS - 10_000))
  const player = playerOf(ask)
  player.open(NOON, NOON + HOUR_MS - 10_000)
  await settled()
  player.play(true)
  for (let i = 0; i < 20; i++) {
    player.tick(100)
    await settled()
  }
  expect([player.condition, player.playing]).toEqual(['ended', false])
  player.play(true)
  await settled()
  expect(player.position_ms).toBe(NOON)
})

test('it never runs into the present', async () => {
  const { ask } = archive(everySecond(3600))
  const player = playerOf(ask, NOON + 60_000)
  player.open(NOON, NOON + 55_000)
  await settled()
  player.play(true)
  for (let i = 0; i < 20; i++) {
    player.tick(100)
    await settled()
  }
  expect(player.position_ms).toBe(NOON + 59_000)
  expect(player.condition).toBe('waiting')
})

test('an hour without reports is empty, an archive that refuses says why, and may be asked again', async () => {
  const empty = playerOf(archive([]).ask)
  empty.open(NOON)
  await settled()
  expect(empty.condition).toBe('empty')
  let well = false
  const { ask } = archive(everySecond(10))
  const player = playerOf(async (question, signal) =>
    well ? ask(question, signal) : { ok: false, problem: { code: 'NO_ARCHIVE', detail: 'off', status: 409 } },
  )
  player.open(NOON)
  await settled()
  expect([player.condition, player.problem?.code]).toEqual(['failed', 'NO_ARCHIVE'])
  well = true
  player.retry()
  await settled()
  expect([player.condition, player.problem]).toEqual(['ready', undefined])
})

test('a jump leaves nothing of where it was, and an answer that comes too late is not shown', async () => {
  const { ask } = archive([
    { id: 'jt808:1', at_ms: NOON + 1000, lon: 115 },
    { id: 'jt808:2', at_ms: NOON + 1800_000, lon: 116 },
  ])
  const held: (() => void)[] = []
  const slow: Ask = async (question, signal) => {
    await new Promise<void>((go) => held.push(go))
    return ask(question, signal)
  }
  const player = playerOf(slow)
  player.open(NOON, NOON + 2000)
  player.seek(NOON + 1801_000)
  held.splice(0).forEach((go) => go())
  await settled()
  expect(player.store.all(player.position_ms).map((one) => one.id)).toEqual(['jt808:2'])
  player.seek(NOON)
  expect(player.store.count).toBe(0)
})

test('columns that do not fit together are refused', () => {
  expect(() => new Rows(create(HistoryColumnsSchema, { rows: 3, atMs: new Uint8Array(8) }))).toThrow(RangeError)
})
