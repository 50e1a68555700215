"""GB/T 28181: video of the public-security world, as registrar of devices and as device of an upper platform. Pure.

Words come in (sip.py, manscdp.py, sdp.py), are believed or not (digest.py, registrar.py), and are said again until
they are answered (transactions.py). Sockets are adapters/video/gb28181; docs/gb28181.md is the description.
"""
