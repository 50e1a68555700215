// Access units in Annex B form to fragmented MP4 (ISO/IEC 14496-12, -15), for Media Source Extensions. Pure.
//
//   setsOf(key unit) -> Sets | undefined      initial(sets, …) -> ftyp + moov      fragment(units) -> moof + mdat each
//
// Own and small: libraries that make MP4 in a page bring demuxers, files and other codecs along (a hundred kilobytes and
// more), and this needs one track of one codec, a fragment for each unit, and times that the player chooses.

export const TICKS = 1_000 // a second

/** Parameter sets of a key unit, in the order of their kinds. */
export interface Sets {
  hevc: boolean
  vps: Uint8Array[]
  sps: Uint8Array[]
  pps: Uint8Array[]
}

/** Begin of each unit between start codes, and its end. */
function* nalUnits(data: Uint8Array): Generator<Uint8Array> {
  let begin = -1
  for (let at = data.indexOf(1); at >= 0; at = data.indexOf(1, at + 1)) {
    if (at < 2 || data[at - 1] !== 0 || data[at - 2] !== 0) continue
    if (begin >= 0) yield trimmed(data, begin, at - 2)
    begin = at + 1
  }
  if (begin >= 0) yield trimmed(data, begin, data.length)
}
function trimmed(data: Uint8Array, begin: number, end: number): Uint8Array {
  while (end > begin && data[end - 1] === 0) end -= 1
  return data.subarray(begin, end)
}

// ITU-T H.264 table 7-1, H.265 table 7-1
type Kind = 'vps' | 'sps' | 'pps' | 'delimiter' | 'other'
const H264: Record<number, Kind> = { 7: 'sps', 8: 'pps', 9: 'delimiter' }
const H265: Record<number, Kind> = { 32: 'vps', 33: 'sps', 34: 'pps', 35: 'delimiter' }
function kindOf(unit: Uint8Array, hevc: boolean): Kind {
  const first = unit[0] ?? 0
  return (hevc ? H265[(first >> 1) & 0x3f] : H264[first & 0x1f]) ?? 'other'
}

/** Undefined: not all that a decoder needs. */
export function setsOf(key: Uint8Array, hevc: boolean): Sets | undefined {
  const sets: Sets = { hevc, vps: [], sps: [], pps: [] }
  for (const unit of nalUnits(key)) {
    const kind = kindOf(unit, hevc)
    if (kind === 'vps' || kind === 'sps' || kind === 'pps') sets[kind].push(unit.slice())
  }
  return (sets.sps[0]?.length ?? 0) > (hevc ? 16 : 4) && sets.pps.length && (!hevc || sets.vps.length) ? sets : undefined
}

export function sameSets(one: Sets | undefined, other: Sets): boolean {
  return one !== undefined && one.hevc === other.hevc && same([...one.vps, ...one.sps, ...one.pps], [...other.vps, ...other.sps, ...other.pps])
}
function same(one: Uint8Array[], other: Uint8Array[]): boolean {
  return one.length === other.length && one.every((each, n) => each.length === other[n]!.length && each.every((byte, at) => byte === other[n]![at]))
}

/** With lengths instead of start codes, without parameter sets and delimiters. */
function sample(data: Uint8Array, hevc: boolean): Uint8Array {
  const units = [...nalUnits(data)].filter((unit) => unit.length > 1 && kindOf(unit, hevc) === 'other')
  return joined(units.flatMap((unit) => [u32(unit.length), unit]))
}

function joined(parts: Uint8Array[]): Uint8Array {
  const made = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    made.set(part, at)
    at += part.length
  }
  return made
}
const u8 = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes)
const u16 = (value: number): Uint8Array => u8(value >> 8, value)
const u32 = (value: number): Uint8Array => u8(value >>> 24, value >>> 16, value >>> 8, value)
const u64 = (value: number): Uint8Array => joined([u32(Math.floor(value / 2 ** 32)), u32(value >>> 0)])
const zeros = (count: number): Uint8Array => new Uint8Array(count)
function box(name: string, ...parts: Uint8Array[]): Uint8Array {
  const body = joined(parts)
  return joined([u32(8 + body.length), Uint8Array.from(name, (letter) => letter.charCodeAt(0)), body])
}
const full = (name: string, version: number, flags: number, ...parts: Uint8Array[]): Uint8Array => box(name, u32((version << 24) | flags), ...parts)
const MATRIX = joined([0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000].map(u32))

/** AVCDecoderConfigurationRecord, ISO/IEC 14496-15 §5.3.3.1. */
function avcC(sets: Sets): Uint8Array {
  const sps = sets.sps[0]!
  const list = (units: Uint8Array[]): Uint8Array[] => units.flatMap((unit) => [u16(unit.length), unit])
  return box('avcC', u8(1, sps[1]!, sps[2]!, sps[3]!, 0xff, 0xe0 | sets.sps.length), ...list(sets.sps), u8(sets.pps.length), ...list(sets.pps))
}

/** HEVCDecoderConfigurationRecord, §8.3.3.1: profile, tier and level stand behind the first three bytes of the SPS. */
function hvcC(sets: Sets): Uint8Array {
  const plain = Array.from(sets.sps[0]!.subarray(0, 24)).filter((byte, at, all) => !(byte === 3 && all[at - 1] === 0 && all[at - 2] === 0))
  const deep = (plain[3]! & 0x1f) === 2 ? 2 : 0 // Main 10
  const list = (kind: number, units: Uint8Array[]): Uint8Array[] => [u8(0x80 | kind), u16(units.length), ...units.flatMap((unit) => [u16(unit.length), unit])]
  return box('hvcC', u8(1, ...plain.slice(3, 15)), u16(0xf000), u8(0xfc, 0xfd, 0xf8 | deep, 0xf8 | deep), u16(0), u8(0x0f, 3), ...list(32, sets.vps), ...list(33, sets.sps), ...list(34, sets.pps))
}

/** The initialization segment. No duration: a live stream. */
export function initial(sets: Sets, width: number, height: number): Uint8Array {
  const entry = box(sets.hevc ? 'hvc1' : 'avc1', zeros(6), u16(1), zeros(16), u16(width), u16(height), u32(0x480000), u32(0x480000), u32(0), u16(1), zeros(32), u16(24), u16(0xffff), sets.hevc ? hvcC(sets) : avcC(sets))
  const table = box('stbl', full('stsd', 0, 0, u32(1), entry), full('stts', 0, 0, u32(0)), full('stsc', 0, 0, u32(0)), full('stsz', 0, 0, zeros(8)), full('stco', 0, 0, u32(0)))
  const media = box('minf', full('vmhd', 0, 1, zeros(8)), box('dinf', full('dref', 0, 0, u32(1), full('url ', 0, 1))), table)
  const named = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0))
  const track = box(
    'trak',
    full('tkhd', 0, 3, zeros(8), u32(1), zeros(24), MATRIX, u32(width << 16), u32(height << 16)),
    box('mdia', full('mdhd', 0, 0, zeros(8), u32(TICKS), u32(0), u16(0x55c4), u16(0)), full('hdlr', 0, 0, u32(0), named('vide'), zeros(12), u8(0)), media),
  )
  const head = full('mvhd', 0, 0, zeros(8), u32(TICKS), u32(0), u32(0x10000), u16(0x100), zeros(10), MATRIX, zeros(24), u32(2))
  return joined([box('ftyp', named('isom'), u32(512), named('isomiso6')), box('moov', head, track, box('mvex', full('trex', 0, 0, u32(1), u32(1), zeros(12))))])
}

/** One unit as a fragment of its own. Times in ticks: decoded at `at`, shown `later`. */
export function fragment(number: number, unit: { data: Uint8Array; key: boolean }, hevc: boolean, at: number, later: number, lasts: number): Uint8Array {
  const data = sample(unit.data, hevc)
  const flags = unit.key ? 0x02000000 : 0x01010000 // ISO/IEC 14496-12 §8.8.3.1: depends on no other; on others, and no place to begin
  const made = (offset: number): Uint8Array =>
    box(
      'moof',
      full('mfhd', 0, 0, u32(number)),
      box('traf', full('tfhd', 0, 0x020000, u32(1)), full('tfdt', 1, 0, u64(at)), full('trun', 1, 0xf01, u32(1), u32(offset), u32(lasts), u32(data.length), u32(flags), u32(later))),
    )
  return joined([made(made(0).length + 8), box('mdat', data)])
}
