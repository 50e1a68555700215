"""Wire formats and sessions without IO: bytes in, values out."""
