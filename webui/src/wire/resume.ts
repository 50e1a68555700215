// Which numbers this client has, and what a message's range means for it. Pure: the tests walk it.
export interface NumberedRecords {
  after: bigint
  through: bigint
  whole: boolean
}

export interface NumberedTracks {
  fromTick: bigint
  toTick: bigint
  whole: boolean
}

export type Verdict = 'take' | 'old' | 'gap'

export class ResumePoint {
  after = 0n
  epoch = ''
  private serverEpoch = ''
  private tick: bigint | undefined

  welcome(epoch: string): void {
    this.serverEpoch = epoch
  }

  /** Start over from nothing: the next Hello asks for a whole snapshot. */
  forget(): void {
    this.after = 0n
    this.epoch = ''
    this.tick = undefined
  }

  records(message: NumberedRecords): Verdict {
    if (!message.whole) {
      if (this.epoch !== this.serverEpoch) return 'gap' // a delta on top of another journal
      if (message.after > this.after) return 'gap'
      if (message.through <= this.after) return 'old'
    }
    this.after = message.through
    this.epoch = this.serverEpoch
    return 'take'
  }

  /** After a new subscription or connection only a whole picture will do. */
  expectWholeTracks(): void {
    this.tick = undefined
  }

  tracks(message: NumberedTracks): Verdict {
    if (!message.whole) {
      if (this.tick === undefined) return 'old' // still under the subscription before this one
      if (message.fromTick > this.tick) return 'gap'
      if (message.toTick <= this.tick) return 'old'
    }
    this.tick = message.toTick
    return 'take'
  }
}
