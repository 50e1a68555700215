// The offline basemap: one file of vector tiles from our own server, read whole once and sliced in memory.
// Reading it whole needs no HTTP Range from whatever serves the page, and survives a cut link.
import { addProtocol } from 'maplibre-gl'
import { PMTiles, Protocol, type RangeResponse, type Source } from 'pmtiles'

const FILE = '/basemap/region.pmtiles'

class WholeFile implements Source {
  private bytes: Promise<ArrayBuffer> | undefined

  getKey(): string {
    return FILE
  }

  async getBytes(offset: number, length: number): Promise<RangeResponse> {
    this.bytes ??= fetch(FILE).then((answer) => {
      if (!answer.ok) throw new Error(`basemap: HTTP ${answer.status}`)
      return answer.arrayBuffer()
    })
    try {
      return { data: (await this.bytes).slice(offset, offset + length) }
    } catch (error) {
      this.bytes = undefined // asked for again with the next tile
      throw error
    }
  }
}

export const BASEMAP_URL = `pmtiles://${FILE}`
let installed = false

export function installBasemap(): void {
  if (installed) return
  installed = true
  const protocol = new Protocol()
  protocol.add(new PMTiles(new WholeFile()))
  addProtocol('pmtiles', protocol.tile)
}
