"""Scale-out (横向扩展): decoding in processes of its own, on this machine or on others; the picture stays the site's.

    worker   sockets -> feeds -> collector.py -> ring.py -> uplink.py: a pipe, or a broker
    site     children.py, or broker.py -> inbox.py -> intake.py -> picture

A worker owns its feeds' sockets, decodes, gates what each receiver could not have heard, and hands sightings on; the
site merges them exactly as if it had heard them itself. Between them:

- **on one machine** the site starts `[worker] processes` children (children.py) and reads from their pipes. Nothing is
  to be installed; one that dies is started again.
- **between machines** a broker (NATS) carries the same messages. Live ones go straight through; its JetStream, where
  it has one, keeps the last minutes, from which a site that was away fills its archive (refill.py).

Sightings are newest-wins: whoever cannot keep up drops the oldest and counts them. Nothing here holds up a site: with
the broker down, it has what it hears itself, says so, and goes on when the broker is back.
"""
