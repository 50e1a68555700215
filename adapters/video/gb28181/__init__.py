"""GB/T 28181 on sockets: devices that register with us, and platforms that we register with (docs/gb28181.md)."""
